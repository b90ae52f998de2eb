"""One login per org: refused everywhere at once it is renewed once, stored first, and asks for a person when lost."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from redis import Redis

from admin import portfolios
from admin.cli.output import Stop
from admin.supervisor import private_redis
from connectors.access import Token
from connectors.errors import AuthRevoked, Unavailable
from connectors.sandbox.background import Served, serving
from connectors.sandbox.org.org import Org
from scoring import presets
from sync import crms, jobs, starting, tokens, vault
from sync.models import Connection, Notice, Portfolio, Run

pytestmark = pytest.mark.django_db(transaction=True)
TOKEN = {"path": "/services/oauth2/token"}


@pytest.fixture(scope="module")
def queue() -> Iterator[str]:
    with private_redis() as url:
        yield url


@pytest.fixture
def crm(tmp_path: Path, settings: Any, queue: str) -> Iterator[Served]:
    settings.HOME = tmp_path
    settings.REDIS_URL = queue
    with Org.open(tmp_path / "org") as org, serving(org) as served:
        yield served


@pytest.fixture
def connection(crm: Served) -> Connection:
    """Logged in with client credentials."""
    portfolio = Portfolio.objects.create(name="test", administrator_email="ops@acme.example")
    portfolios.publish(portfolio, presets.path("default"))
    settings, secret = app(crm)
    return portfolios.add_connection(portfolio, "production", "salesforce", settings, secret)


@pytest.fixture
def rotating(crm: Served, connection: Connection) -> Connection:
    """Logged in by a browser, with refresh tokens that are good once."""
    user = crm.org.admin_user_id
    token = Token(crm.org.sessions.issue(user), crm.url, crm.org.sessions.issue_refresh(user))
    portfolios.reconnect(connection, *app(crm), token)
    return connection


def app(crm: Served) -> tuple[dict[str, str], dict[str, str]]:
    return {"login_url": crm.url, "client_id": crm.facts["client_id"]}, {"client_secret": crm.facts["client_secret"]}


def count_logins(crm: Served, seconds: float = 0.05) -> None:
    """From now on logins take so long, and are counted."""
    rule = {**TOKEN, "action": "stall", "seconds": seconds, "times": 0}
    crm.request("POST", "/__sandbox__/faults", json=[rule]).raise_for_status()


def logins(crm: Served) -> int:
    return sum(int(rule["hits"]) for rule in crm.request("GET", "/__sandbox__/faults").json())


def holders(connection: Connection, count: int) -> list[Any]:
    """Connectors as separate workers would have them, each with the token of now."""
    opened = []
    for _ in range(count):
        crms.forget(connection)
        opened.append(crms.open_crm(connection))
        opened[-1].kinds()
    return opened


def ask(crm: Any) -> int:
    try:
        return len(crm.kinds())
    finally:
        connections.close_all()


@pytest.mark.parametrize("shared", ["redis", "file"])
def test_eight_workers_refused_at_once_log_in_once(
    crm: Served, rotating: Connection, settings: Any, shared: str
) -> None:
    if shared == "file":
        settings.REDIS_URL = ""
    workers = holders(rotating, 8)
    crm.org.sessions.revoke_all()
    count_logins(crm)
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, workers))
    assert logins(crm) == 1


def test_connections_to_one_org_log_in_in_turn(crm: Served, connection: Connection) -> None:
    settings, secret = app(crm)
    elsewhere = Portfolio.objects.create(name="other")
    other = portfolios.add_connection(elsewhere, "second", "salesforce", settings, secret)
    steps: list[str] = []

    def renew(each: Connection) -> None:
        def ask(_: str) -> Token:
            steps.append(f"{each} in")
            time.sleep(0.2)  # time for the other to step in, if nothing kept it out
            steps.append(f"{each} out")
            return Token(f"new {each}", crm.url)

        tokens.SealedTokens(each.pk, "login").renew("refused", ask)
        connections.close_all()

    with ThreadPoolExecutor(2) as workers:
        list(workers.map(renew, [connection, other]))
    first, second = steps[0][:-3], steps[2][:-3]
    assert steps == [f"{first} in", f"{first} out", f"{second} in", f"{second} out"]
    assert {first, second} == {"production", "second"}


def test_processes_refused_at_once_log_in_once(crm: Served, queue: str, tmp_path: Path) -> None:
    settings, secret = app(crm)
    environment = {
        **os.environ,
        "TIERLINE_HOME": str(tmp_path / "home"),
        "TIERLINE_CLIENT_SECRET": secret["client_secret"],
        "REDIS_URL": queue,
    }
    connect = [sys.executable, "-m", "admin", "connection"]
    added = [*connect, "add", "production", "--url", crm.url, "--client-id", settings["client_id"]]
    subprocess.run(added, env=environment, check=True, capture_output=True)
    crm.org.sessions.revoke_all()
    count_logins(crm, seconds=1)
    tests = [
        subprocess.Popen([*connect, "test", "production"], env=environment, stdout=subprocess.DEVNULL) for _ in range(3)
    ]
    assert [test.wait(60) for test in tests] == [0, 0, 0]
    assert logins(crm) == 1


def test_a_rotated_refresh_token_is_stored_and_used_the_next_time(crm: Served, rotating: Connection) -> None:
    first = vault.unseal(rotating.credentials)["refresh_token"]
    for _ in range(2):
        crm.org.sessions.revoke_all()
        assert crms.open_crm(rotating).kinds()
    rotating.refresh_from_db()
    kept = vault.unseal(rotating.credentials)
    assert kept["refresh_token"] != first
    assert crm.org.sessions.user_of(kept["held_token"])
    assert kept["held_token"].encode() not in bytes(rotating.credentials)
    assert crm.org.sessions.user_of_refresh(first) is None


def test_tokens_are_nowhere_but_in_the_vault(crm: Served, rotating: Connection, settings: Any) -> None:
    redis = Redis.from_url(settings.REDIS_URL)
    crm.org.sessions.revoke_all()
    crms.open_crm(rotating).kinds()
    rotating.refresh_from_db()
    token = vault.unseal(rotating.credentials)["held_token"]
    values = [redis.get(key) or b"" for key in redis.keys("tierline:login:*")]
    assert not any(token.encode() in value for value in values)
    row = Connection.objects.values().get()
    assert token not in str(row) + repr(crms.open_crm(rotating))


def test_a_new_token_does_not_open_the_connector_anew(crm: Served, connection: Connection) -> None:
    opened = crms.open_crm(connection)
    crm.org.sessions.revoke_all()
    opened.kinds()
    connection.refresh_from_db()
    assert crms.open_crm(connection) is opened


def test_a_token_that_somebody_else_renewed_long_ago_is_renewed_too(crm: Served, connection: Connection) -> None:
    idle, busy = holders(connection, 2)
    crm.org.sessions.revoke_all()
    busy.kinds()
    crm.org.sessions.revoke_all()
    assert idle.kinds()
    connection.refresh_from_db()
    assert connection.state == Connection.State.READY


def test_a_lost_login_is_told_once_and_reconnecting_mends_it(crm: Served, rotating: Connection) -> None:
    crm.org.sessions.revoke_all()
    crm.org.sessions.revoke(vault.unseal(rotating.credentials)["refresh_token"])
    started = starting.create(rotating.portfolio, "test")
    for _ in range(2):
        jobs.work(started.pk)
        with pytest.raises(AuthRevoked):
            crms.open_crm(rotating).kinds()
    started.refresh_from_db()
    assert started.state == Run.State.FAILED
    assert "expired access/refresh token" in started.error
    assert "tierline connection reconnect production" in started.next_step
    (notice,) = Notice.objects.all()
    assert notice.subject == "production has to be reconnected"
    assert "tierline connection reconnect production" in notice.body
    with pytest.raises(starting.NothingToRun, match="tierline connection reconnect production"):
        starting.create(rotating.portfolio, "test", kind=Run.Kind.INCREMENTAL)
    rotating.refresh_from_db()
    assert rotating.state == Connection.State.RECONNECT
    portfolios.reconnect(rotating, *app(crm))
    assert Connection.objects.get().state == Connection.State.READY
    assert crms.open_crm(rotating).kinds()


def test_a_token_refused_right_after_it_was_given_asks_for_a_person(crm: Served, connection: Connection) -> None:
    opened = crms.open_crm(connection)
    gone = [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}]
    rule = {"path": "/services/data", "action": "status", "status": 401, "times": 0, "reply": gone}
    crm.request("POST", "/__sandbox__/faults", json=[rule]).raise_for_status()
    with pytest.raises(AuthRevoked, match="does not accept our credentials"):
        opened.kinds()
    assert sum(rule["hits"] for rule in crm.request("GET", "/__sandbox__/faults").json()) == 2
    assert Connection.objects.get().state == Connection.State.RECONNECT


def test_a_worker_with_the_old_secret_does_not_spoil_a_new_login(crm: Served, connection: Connection) -> None:
    (old,) = holders(connection, 1)
    crm.org.sessions.register_client(crm.facts["client_id"], "changed")
    portfolios.reconnect(connection, app(crm)[0], {"client_secret": "changed"})
    crm.org.sessions.revoke_all()
    with pytest.raises(AuthRevoked):
        old.kinds()
    assert Connection.objects.get().state == Connection.State.READY
    assert not Notice.objects.exists()
    assert crms.open_crm(connection).kinds()


def test_another_org_is_not_taken_for_this_one(crm: Served, connection: Connection, tmp_path: Path) -> None:
    before = Connection.objects.values().get()
    with Org.open(tmp_path / "other") as org, serving(org) as other, pytest.raises(Stop) as stop:
        portfolios.reconnect(connection, *app(other))
    assert "another org" in stop.value.message
    assert Connection.objects.values().get() == before


def test_a_login_made_meanwhile_is_not_overwritten(crm: Served, rotating: Connection) -> None:
    login = tokens.login_of(rotating.kind, rotating.settings, vault.unseal(rotating.credentials))
    store = tokens.SealedTokens(rotating.pk, login)
    newer = Token("00D!newer", crm.url, "newer")

    def ask(refresh: str) -> Token:
        kept = tokens.with_token(vault.unseal(rotating.credentials), newer, login)
        Connection.objects.filter(pk=rotating.pk).update(credentials=vault.seal(kept))
        return Token("00D!mine", crm.url, "mine")

    held = store.current()
    assert held
    assert store.renew(held.access, ask) == newer
    assert store.current() == newer


def test_without_redis_a_worker_says_what_is_wrong(connection: Connection, settings: Any) -> None:
    login = tokens.login_of(connection.kind, connection.settings, vault.unseal(connection.credentials))
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    with pytest.raises(Unavailable, match="Redis does not answer"):
        tokens.SealedTokens(connection.pk, login).renew("refused", lambda refresh: Token("", ""))
