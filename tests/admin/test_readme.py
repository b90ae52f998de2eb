"""Every command of the README is run, in the README's order, against a CRM that is a sandbox."""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from redis import Redis

from admin.demo import company
from connectors.sandbox.background import Served, serving, serving_portal
from connectors.sandbox.org.org import Org
from connectors.sandbox.portal.portal import Portal
from tests.admin.serving import ROOT, started

README = (ROOT / "README.md").read_text()
BIN = Path(sys.executable).parent
DATA = ROOT.parent / "shared" / "data"
#: Commands that serve until they are stopped, and what they say once they do.
SERVING = {"make run": "Look around", "tierline up": "Tierline is up", "tierline sandbox serve": "url"}

ERP = """
sources:
  - kind: order
    path: orders.csv
    columns: {id: number, number: number, ordered_on: day, amount: amount}
    account: {external_id: customer}
"""


def commands(*, after: str, before: str) -> list[str]:
    """The commands between two headings."""
    part = README.split(f"## {after}\n")[1].split(f"## {before}\n")[0]
    blocks = re.findall(r"```sh\n(.*?)```", part, re.DOTALL)
    return [line.strip() for block in blocks for line in block.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def crm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Org.open(tmp_path_factory.mktemp("crm")) as org:
        company.generate(org, 3, 40, date(2026, 11, 23))
        with serving(org) as served:
            yield served


def environment(home: Path, **more: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in ("REDIS_URL", "DATABASE_URL")}
    return {**inherited, "TIERLINE_HOME": str(home), "PATH": f"{BIN}:{os.environ['PATH']}", "COLUMNS": "200", **more}


def run(command: str, env: dict[str, str]) -> str:
    done = subprocess.run(
        shlex.split(command), env=env, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_demo_can_be_seen_and_interrupted(tmp_path: Path) -> None:
    run_it, on_own_data = commands(after="See it at work", before="Set it up for your company")
    with started(shlex.split(run_it), environment(tmp_path / "run"), SERVING[run_it]):
        assert (tmp_path / "run" / "state.sqlite3").exists()
    if not DATA.is_dir():
        pytest.skip("the folder ../shared/data is not here")
    assert "verified" in run(on_own_data, environment(tmp_path / "data"))


def test_setting_up_a_company(tmp_path: Path, crm: Served) -> None:
    erp = tmp_path / "erp.yaml"
    erp.write_text(ERP)
    numbers = [row["AccountNumber"] for row in crm.org.query("SELECT AccountNumber FROM Account LIMIT 5").records]
    rows = [f"E{n},2026-05-0{n + 1},{100 * n + 50}.00,{number}" for n, number in enumerate(numbers)]
    (tmp_path / "orders.csv").write_text("\n".join(["number,day,amount,customer", *rows]) + "\n")
    env = environment(
        tmp_path / "home", TIERLINE_CLIENT_SECRET=crm.facts["client_secret"], TIERLINE_PASSWORD="long enough for us"
    )
    ours = {
        "https://acme.my.salesforce.com": crm.url,
        "KEY": crm.facts["client_id"],
        "erp.yaml": str(erp),
        "tierline up": f"tierline up --port {free_port()}",
    }
    said: dict[str, str] = {}
    todo = commands(after="Set it up for your company", before="If your CRM is HubSpot")
    up = todo.index("tierline up")
    for command in todo[:up]:
        said[command] = run(_with(command, ours), env)
    with started(shlex.split(_with(todo[up], ours)), env, SERVING["tierline up"]):
        _wait_for_workers(tmp_path / "home")
        for command in todo[up + 1 :]:
            said[command] = run(_with(command, ours), env)
    assert "verified" in said["tierline run"]
    assert "matched by id" in said["tierline connection report erp"]
    assert said["tierline alerts"].strip()


def test_setting_up_hubspot(tmp_path: Path) -> None:
    with Portal.open(tmp_path / "portal") as portal, serving_portal(portal) as served:
        secrets = {"TIERLINE_ACCESS_TOKEN": served.facts["access_token"], "TIERLINE_CLIENT_SECRET": "of our app"}
        env = environment(tmp_path / "home", TIERLINE_URL="https://tierline.acme.example", **secrets)
        ours = {"connection add portal": f"connection add portal --url {served.url}"}
        todo = commands(after="If your CRM is HubSpot", before="If you have both CRMs")
        folder = tmp_path / "card"
        ours["schema package card"] = f"schema package {folder}"
        said = {command: run(_with(command, ours), env) for command in todo[:2]}
        run("tierline model publish scoring/presets/default.yaml", env)  # "the same as above"
        said |= {command: run(_with(command, ours), env) for command in todo[2:]}
    assert (folder / "hsproject.json").is_file()
    assert "https://tierline.acme.example" in said["tierline connection webhooks portal"]


def test_one_model_in_both_crms_ends_in_parity(tmp_path: Path) -> None:
    env = environment(tmp_path / "home")
    said = {
        command: run(command, env) for command in commands(after="If you have both CRMs", before="What you can rely on")
    }
    agreed = "60 companies are in salesforce and hubspot, and both CRMs say the same of them."
    assert agreed in said["tierline demo --crm both --once"]
    assert agreed in said["tierline parity"]
    assert "60 companies are in both CRMs, 0 proposals wait, 0 were rejected." in said["tierline matches list --all"]


def test_what_is_wrong_is_named_with_what_mends_it(tmp_path: Path) -> None:
    (command,) = commands(after="When something is wrong", before="Settings")
    env = environment(tmp_path / "home")
    run("tierline runs", env)  # which makes the database
    done = subprocess.run(shlex.split(command), env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    for part in ("\u2713 database", "\u2717 job queue", "tierline up", "tierline connection add"):
        assert part in done.stdout


def _with(command: str, replacements: dict[str, str]) -> str:
    for text, ours in replacements.items():
        command = command.replace(text, ours)
    return command


def _wait_for_workers(home: Path) -> None:
    """A person types the next command once the workers are there."""
    address = home / "queue.address"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if address.exists() and Redis.from_url(address.read_text().strip()).scard("rq:workers"):
            return
        time.sleep(0.1)
    raise AssertionError("no worker came up")


@pytest.mark.skipif(not DATA.is_dir(), reason="the folder ../shared/data is not here")
def test_a_crm_to_try_things_out(tmp_path: Path) -> None:
    load, serve = commands(after="A CRM to try things out", before="Working on Tierline")
    ours = {"--home org": f"--home {tmp_path / 'org'}", "--port 8001": "--port 0"}
    assert "Account" in run(_with(load, ours), environment(tmp_path / "home"))
    with started(shlex.split(_with(serve, ours)), environment(tmp_path / "home"), "http"):
        pass


def test_every_setting_is_in_the_readme() -> None:
    code = "".join(path.read_text() for folder in ("admin", "sync") for path in (ROOT / folder).rglob("*.py"))
    used = set(re.findall(r'environ(?:\.get\(|\[)"([A-Z_]+)"', code))
    used -= {"TIERLINE_CLIENT_SECRET", "TIERLINE_PASSWORD", "DJANGO_SETTINGS_MODULE"}
    shown = README.replace("`_", "`TIERLINE_SMTP_")
    assert {name for name in used if f"`{name}`" not in shown} == set()
