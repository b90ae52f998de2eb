"""`tierline connection` by key and by browser, reconnecting, and what it says before anything is written."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from typer.testing import CliRunner, Result

from admin import browser_login
from admin.cli.main import app
from admin.cli.output import Stop
from connectors.access import Token
from connectors.errors import AuthRevoked, ConnectorError
from connectors.sandbox.background import Served, serving
from connectors.sandbox.org.org import Org
from connectors.sandbox.org.permission_sets import ObjectPermission, PermissionSet
from connectors.sandbox.org.rules import ValidationRule
from sync import crms, vault
from sync.models import Connection, Portfolio

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two keys with their certificates, one key with a passphrase, and one of another kind."""
    folder = tmp_path_factory.mktemp("keys")
    make = "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=x -days 1 -keyout {0}.pem -out {0}.crt"
    for name in ("ours", "other"):
        subprocess.run(make.format(name).split(), cwd=folder, check=True, capture_output=True)
    for command in (
        "openssl pkey -in ours.pem -aes128 -passout pass:x -out locked.pem",
        "openssl genpkey -algorithm ED25519 -out ed.pem",
    ):
        subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def crm(tmp_path: Path, settings: Any, keys: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """An org whose app takes our key, and has its one user approved."""
    settings.HOME = tmp_path
    with Org.open(tmp_path / "org") as org, serving(org) as served:
        org.sessions.register_certificate(served.facts["client_id"], (keys / "ours.crt").read_text())
        policy = {"permitted_users": "admin_approved", "approved_users": [served.facts["username"]]}
        org.set_setting("client_policy", policy)
        monkeypatch.setenv("TIERLINE_CLIENT_SECRET", served.facts["client_secret"])
        yield served


def invoke(*words: str) -> Result:
    return CliRunner().invoke(app, [*words], env={"COLUMNS": "300"})


def tierline(*words: str, code: int = 0) -> str:
    result = invoke(*words)
    assert result.exit_code == code, result.output
    return str(result.output)


def add(crm: Served, *words: str, code: int = 0, **changed: str) -> str:
    given = {"url": crm.url, "client-id": crm.facts["client_id"], **changed}
    options = [part for name, value in given.items() for part in (f"--{name}", value)]
    return tierline("connection", "add", "production", *options, *words, code=code)


def by_key(crm: Served, keys: Path, name: str = "ours.pem", *, code: int = 0, **changed: str) -> str:
    return add(crm, **{"jwt-key": str(keys / name), "username": crm.facts["username"], **changed}, code=code)


def test_a_key_connects_and_reconnects_without_a_secret(
    crm: Served, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TIERLINE_CLIENT_SECRET")
    assert "Connected to" in by_key(crm, keys)
    connection = Connection.objects.get()
    assert set(vault.unseal(connection.credentials)) == {"private_key", "held_token", "held_address", "held_login"}
    assert "PRIVATE KEY" not in str(Connection.objects.values().get())
    crm.org.sessions.revoke_all()
    assert crms.open_crm(connection).kinds()
    assert "Connected to" in tierline("connection", "reconnect", "production")
    crm.org.sessions.register_certificate(crm.facts["client_id"], (keys / "other.crt").read_text())
    assert "certificate that belongs to this private key" in tierline("connection", "reconnect", "production", code=1)
    assert "Connected to" in tierline("connection", "reconnect", "production", "--jwt-key", str(keys / "other.pem"))


@pytest.mark.parametrize(
    ("key", "changed", "said", "code"),
    [
        ("other.pem", {}, "certificate that belongs to this private key", 1),
        ("ours.pem", {"username": "rob@example.com"}, "pre-authorized", 1),
        ("ours.pem", {"client-id": "nobody"}, "Copy the consumer key", 1),
        ("locked.pem", {}, "protected by a passphrase", 1),
        ("ed.pem", {}, "RSA keys only", 1),
        ("ours.crt", {}, "not a private key in PEM form", 1),
        ("none.pem", {}, "cannot be read: No such file", 2),
        ("ours.pem", {"username": ""}, "Give --username", 2),
        ("ours.pem", {"url": "http://crm.example.com"}, "not an address credentials may be sent to", 1),
    ],
)
def test_what_is_wrong_with_a_key_is_said_and_nothing_is_stored(
    crm: Served, keys: Path, key: str, changed: dict[str, str], said: str, code: int
) -> None:
    assert said in by_key(crm, keys, key, **changed, code=code)
    assert not Connection.objects.exists()
    assert not Portfolio.objects.exists()


def test_a_wrong_secret_and_a_missing_address_are_said(crm: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Give --url" in add(crm, url="", code=2)
    assert "gives no token for a client secret" in add(crm, url="https://login.salesforce.com", code=1)
    monkeypatch.setenv("TIERLINE_CLIENT_SECRET", "wrong")
    assert "consumer secret of the app again" in add(crm, code=1)
    assert not Connection.objects.exists()


def test_a_sandbox_is_asked_as_a_sandbox(crm: Served, keys: Path) -> None:
    options = ["--jwt-key", str(keys / "ours.pem"), "--username", crm.facts["username"], "--sandbox"]
    add(crm, *options)
    assert Connection.objects.get().settings["audience"] == "https://test.salesforce.com"


# --- the browser -------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def allow(page: str, crm: Served, decision: str = "yes") -> str:
    """Log in and decide on the page, as a browser would; returns where the browser is sent."""
    form = dict(parse_qsl(urlsplit(page).query))
    login = {"username": crm.facts["username"], "password": crm.facts["password"], "approve": decision}
    sent = requests.post(page.partition("?")[0], data={**form, **login}, allow_redirects=False, timeout=10)
    assert sent.status_code == 302, sent.text
    return sent.headers["Location"]


@dataclass
class Home:
    """An installation of its own, worked by commands in processes of their own."""

    crm: Served
    folder: Path

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "admin", "connection", *words],
            env={**os.environ, "TIERLINE_HOME": str(self.folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, code: int = 0) -> str:
        command = self.start(*words)
        said = "".join(command.communicate(timeout=60))
        assert command.returncode == code, said
        return said

    def log_in(self, *words: str) -> str:
        """A command that opens a login in the browser, with somebody there who allows it."""
        port = free_port()
        command = self.start(*words, "--port", str(port))
        assert command.stderr
        page = next((found[0] for line in command.stderr if (found := re.search(r"http\S+/authorize\?\S+", line))), "")
        assert page
        assert requests.get(f"http://127.0.0.1:{port}/favicon.ico", timeout=10).status_code == 404
        assert "Go back to the terminal" in requests.get(allow(page, self.crm), timeout=10).text
        said, wrong = command.communicate(timeout=60)
        assert command.returncode == 0, said + wrong
        return said


def test_a_login_in_the_browser_connects_reconnects_and_goes_on(crm: Served, tmp_path: Path) -> None:
    crm.org.set_setting("client_policy", {"require_pkce": True})
    home = Home(crm, tmp_path / "home")
    url = ["--url", crm.url, "--client-id", crm.facts["client_id"]]
    assert "Connected to" in home.log_in("add", "production", *url, "--browser")
    crm.org.sessions.revoke_all()
    before = refresh_tokens(crm)
    home.run("test", "production")
    assert refresh_tokens(crm).isdisjoint(before)
    for token in refresh_tokens(crm):
        crm.org.sessions.revoke(token)
    crm.org.sessions.revoke_all()
    assert "Log in again in the browser" in home.run("test", "production", code=1)
    assert "Connected to" in home.log_in("reconnect", "production")


def refresh_tokens(crm: Served) -> set[str]:
    rows = crm.org.store.reader().execute("SELECT token FROM tokens WHERE kind = 'refresh'")
    return {str(row[0]) for row in rows}


def played(crm: Served, port: int, *, decision: str = "yes", change: tuple[str, str] = ("", "")) -> Token:
    """A login whose person decides so, and whose way back is changed by replacing a pattern in the address."""
    settings = {"login_url": crm.url, **{name: crm.facts[name] for name in ("client_id", "client_secret")}}
    playing: list[Thread] = []

    def person(page: str) -> None:
        target = re.sub(*change, allow(page, crm, decision)) if change[0] else allow(page, crm, decision)
        playing.append(Thread(target=requests.get, args=(target,), kwargs={"timeout": 10}))
        playing[0].start()

    try:
        return browser_login.log_in("salesforce", settings, port=port, show=person)
    finally:
        playing[0].join()


def test_what_goes_wrong_in_the_browser_is_said(crm: Served) -> None:
    crm.org.set_setting("client_policy", None)
    assert played(crm, free_port()).refresh
    for options, said in (
        ({"change": ("state=[^&]+", "state=x")}, "not for the login that was begun here"),
        ({"change": ("code=[^&]+", "code=x")}, "expired authorization code"),
        ({"decision": "no"}, "denied in the browser"),
    ):
        with pytest.raises(ConnectorError, match=said) as caught:
            played(crm, free_port(), **options)
        assert caught.value.next_step
    crm.org.set_setting("client_policy", {"permitted_users": "admin_approved"})
    with pytest.raises(AuthRevoked, match="not admin approved") as refused:
        played(crm, free_port())
    assert "pre-authorized" in refused.value.next_step


def test_a_person_who_does_not_come_back_and_a_port_in_use_are_said(crm: Served) -> None:
    settings = {"login_url": crm.url, "client_id": crm.facts["client_id"]}
    with pytest.raises(Stop, match="Nobody came back"):
        browser_login.log_in("salesforce", settings, port=free_port(), show=lambda page: None, patience=0.05)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = add(crm, "--browser", "--port", port, code=2)
    assert f"Port {port} of this machine cannot be used" in said
    assert not Connection.objects.exists()


# --- what our writes will meet ------------------------------------------------------------------------


def test_missing_permissions_and_what_our_writes_meet_are_named(crm: Served) -> None:
    add(crm)
    assert "No permission is missing" in tierline("connection", "test", "production")
    fill(crm.org)
    crm.org.set_setting("client_user", integration_user(crm.org, "Tia Line", grants=("Account", "Opportunity")))
    crm.org.sessions.revoke_all()
    said = tierline("connection", "test", "production", code=3)
    assert "Developer Edition, sandbox" in said
    for line in (
        "✗ 'Edit on Account' is missing, needed for writing our values.",
        "✗ 'Read on Order' is missing, needed for reading order records.",
        "✗ 'Modify Metadata Through Metadata API Functions' is missing",
        "flow Rate energy on Account: before save, on create and update",
        "trigger AccountTrigger on Account: before update",
        "validation rule Vat on Account: VAT number needed",
        "integration user Mule Soft: may use the API only",
    ):
        assert line in said
    for unwanted in ("Read on Account", "Sleeping", "Ours", "Tia Line: ", "Retired", "View Setup"):
        assert unwanted not in said
    found = json.loads(tierline("connection", "test", "production", "--json", code=3).splitlines()[-1])["preflight"]
    assert {each["kind"] for each in found["met"]} == {"flow", "trigger", "validation rule", "integration user"}
    assert "Edit on Account" in [each["permission"] for each in found["missing"]]
    assert found["unread"] == []


def fill(org: Org) -> None:
    """Automation, rules and users; of each also one that our writes do not meet."""
    flow = {"name": "Rate", "label": "Rate energy", "object": "Account", "when": "FALSE", "set": {}}
    org.set_setting(
        "automations",
        [
            flow,
            {**flow, "name": "Sleeping", "label": "Sleeping", "active": False},
            {**flow, "name": "AccountTrigger", "kind": "trigger"},
            {**flow, "name": "CaseTrigger", "kind": "trigger", "object": "Case"},
        ],
    )
    for name, message, active in (("Vat", "VAT number needed", True), ("Sleeping", "x", False), ("Ours", "x", True)):
        org.rules.save(ValidationRule("Account", name, active, "FALSE", message))
    Connection.objects.update(installed=["ValidationRule Account.Ours"])
    integration_user(org, "Mule Soft")
    integration_user(org, "Retired", active=False)


def integration_user(org: Org, name: str, *, grants: tuple[str, ...] = (), active: bool = True) -> str:
    """A user of the API-only profile with Read on some objects and the right to look at the set-up."""
    first, _, last = name.rpartition(" ")
    username = f"{last.lower()}@acme.example"
    profile = org.find_ids("Profile", "Name", "Salesforce API Only System Integrations")[0]
    row = {"FirstName": first, "LastName": last, "Username": username, "Email": username, "Alias": last[:8]}
    (made,) = org.insert("User", [{**row, "ProfileId": profile, "IsActive": active}])
    objects = tuple(ObjectPermission(each, frozenset({"allowRead"})) for each in grants)
    org.access.sets.save(PermissionSet(last, last, objects=objects, user_permissions=("ViewSetup", "ViewAllUsers")))
    held = org.find_ids("PermissionSet", "Name", last)[0]
    org.insert("PermissionSetAssignment", [{"AssigneeId": made.id, "PermissionSetId": held}])
    return username
