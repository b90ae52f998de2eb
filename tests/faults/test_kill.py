"""Exactly-once effect: the worker is killed at every step of the job, and the end state is that of a quiet run.

The product runs as it does for a user: `tierline demo --once`, with its own Redis, workers and scheduler. The test only
watches the database and kills worker processes; nothing in the product knows about it.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from connectors.sandbox.org.org import Org
from tests.once import made_once

ACCOUNTS, SEED, TODAY = 240, 5, "2026-11-23"
COMMAND = [sys.executable, "-m", "admin", "demo", "--once", "--json"]
OPTIONS = ["--accounts", str(ACCOUNTS), "--seed", str(SEED), "--today", TODAY]
PUSH = {"method": "PATCH", "path": "/composite/sobjects"}
READ = {"method": "GET", "path": "/query"}
READ_BACK = {"method": "POST", "path": "/composite/sobjects/Account"}

pytestmark = pytest.mark.faults


@dataclass
class Product:
    """A demo at work in a home folder of its own."""

    home: Path
    popen: psutil.Popen

    @classmethod
    def start(cls, home: Path, workers: int = 2, options: Sequence[str] = OPTIONS) -> Product:
        popen = psutil.Popen(
            [*COMMAND, *options, "--workers", str(workers)],
            env={**os.environ, "TIERLINE_HOME": str(home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        return cls(home, popen)

    def select(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of the state database, read only; none before it exists."""
        try:
            with sqlite3.connect(f"file:{self.home / 'state.sqlite3'}?mode=ro", uri=True, timeout=5) as database:
                return database.execute(sql).fetchall()
        except sqlite3.OperationalError:
            return []

    def wait_for(self, what: str, sql: str, *, pause: float = 0.02) -> list[tuple[Any, ...]]:
        deadline = time.monotonic() + 120  # for a machine that has other things to do
        while time.monotonic() < deadline:
            rows = self.select(sql)
            if rows:
                return rows
            assert self.popen.poll() is None, f"ended before {what}: {self.popen.stderr.read()[-800:]}"
            time.sleep(pause)
        raise AssertionError(f"no sign of {what}")

    def crm(self, before: str = "") -> str:
        """Address of the CRM once the demo has connected it, which is before it goes on with the run.

        `before`: where the CRM was when the demo was started earlier.
        """
        elsewhere = f"SELECT settings FROM sync_connection WHERE json_extract(settings, '$.login_url') != '{before}'"
        return str(json.loads(self.wait_for("the connection", elsewhere)[0][0])["login_url"])

    def fault(self, rule: dict[str, Any], before: str = "") -> None:
        requests.post(f"{self.crm(before)}/__sandbox__/faults", json=[rule], timeout=10).raise_for_status()

    def hit(self) -> bool:
        """Whether a request has met the fault that was set last."""
        return bool(requests.get(f"{self.crm()}/__sandbox__/faults", timeout=10).json()[-1]["hits"])

    def wait_for_hit(self) -> None:
        """Until a request is held up by the fault that was set last."""
        deadline = time.monotonic() + 60
        while not self.hit():
            assert time.monotonic() < deadline
            assert self.popen.poll() is None, "the run ended before the request that was to be held up"
            time.sleep(0.02)  # between looks; how long it takes is the product's affair

    def wait_for_step(self, step: str) -> None:
        self.wait_for("the run", "SELECT 1 FROM sync_run")
        now = f"SELECT 1 FROM sync_run WHERE step = '{step}' AND state = 'active'"
        self.wait_for(f"step {step}", now, pause=0.002)  # which may be over in no time

    def kill(self, what: str) -> int:
        """SIGKILL every child that is this program or runs this command; returns how many there were."""
        killed = 0
        for process in self.popen.children(recursive=True):
            try:
                if what in [Path(part.split(" ")[0]).name for part in process.cmdline()]:
                    os.kill(process.pid, signal.SIGKILL)
                    killed += 1
            except (psutil.NoSuchProcess, ProcessLookupError):
                continue
        return killed

    def finish(self) -> dict[str, Any]:
        out, err = self.popen.communicate(timeout=120)
        assert self.popen.returncode == 0, err[-1500:]
        figures: dict[str, Any] = json.loads(out.strip().splitlines()[-1])
        return figures


def crm_state(home: Path) -> dict[str, Any]:
    """Every field of ours on every account, and the tasks people got, without ids and time stamps of the system."""
    with Org.open(home / "org") as org:
        names = sorted(name for name in org.object("Account").fields if name.endswith("__c"))
        accounts = org.query(f"SELECT Id, OwnerId, {', '.join(names)} FROM Account ORDER BY Id").records
        tasks = org.query("SELECT Subject, OwnerId FROM Task WHERE Subject LIKE '%[TL-%'").records
    return {
        "accounts": [{name: row[name] for name in ("Id", "OwnerId", *names)} for row in accounts],
        "tasks": sorted([row["OwnerId"], row["Subject"].split(" [TL-")[0]] for row in tasks),
    }


def mails(home: Path) -> list[str]:
    return sorted({path.read_text(errors="replace").partition("Message-ID:")[2][:80] for path in home.rglob("*.eml")})


#: The demo up to its first run; our own rows are forgotten, so that the connection is made by the demo that is killed.
PREPARE = f"""
from datetime import date
from admin import home
from admin.cli.django_setup import ready
from admin.demo.run import Demo
from connectors.sandbox.background import serving
from connectors.sandbox.org.org import Org

demo = Demo(None, False, {ACCOUNTS}, {SEED}, date.fromisoformat("{TODAY}"), 1, 0)
demo._fill_org(home.prepare())
ready(migrate=True)
from django.core.management import call_command
from admin.demo import job
with Org.open(home.home() / "org") as org, serving(org) as crm:
    job.connect(dict(crm.facts, url=crm.url), demo._model(), other=dict())
call_command("flush", verbosity=0, interactive=False)
"""


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose org is filled and has our fields; nothing has run in it."""

    def make(home: Path) -> None:
        environment = {**os.environ, "TIERLINE_HOME": str(home)}
        subprocess.run([sys.executable, "-c", PREPARE], env=environment, check=True, timeout=120)

    return made_once(tmp_path_factory, "template", make)


@pytest.fixture(scope="session")
def quiet(template: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Figures and end state of an undisturbed run."""

    def make(folder: Path) -> None:
        shutil.copytree(template, folder / "home")
        figures = Product.start(folder / "home").finish()
        found = {"figures": figures, "state": crm_state(folder / "home"), "mails": len(mails(folder / "home"))}
        (folder / "found.json").write_text(json.dumps(found))

    found: dict[str, Any] = json.loads((made_once(tmp_path_factory, "quiet", make) / "found.json").read_text())
    return found


@pytest.fixture
def start(template: Path, tmp_path: Path) -> Iterator[Callable[..., Product]]:
    """Starts the product in one and the same home, each time it is called."""
    shutil.copytree(template, tmp_path / "home")
    started: list[Product] = []

    def once_more(workers: int = 2) -> Product:
        started.append(Product.start(tmp_path / "home", workers))
        return started[-1]

    yield once_more
    for product in started:
        end(product)


def end(product: Product) -> None:
    """Kill what is left of it when a test failed half-way."""
    if product.popen.poll() is None:
        for process in [*product.popen.children(recursive=True), product.popen]:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        product.popen.communicate(timeout=10)


def strike(product: Product, step: str, seed: int) -> None:
    """Kill the workers in this step: while a request is held up, before or after it is applied, or at any time."""
    chance = random.Random(f"{step}-{seed}")
    target = {"pull": READ, "send": PUSH, "verify": READ_BACK}.get(step)
    moment = seed % 3
    if target is None or moment == 2:
        product.wait_for_step(step)
        time.sleep(chance.uniform(0, 0.05))
        assert product.kill("worker")
        return
    if step == "pull":  # only a run sends and reads back, but setting up reads too
        product.wait_for_step(step)
    # Both batches are read again before they are sent; the third such request verifies all of them.
    nth = 3 if step == "verify" else 1 + moment
    product.fault({**target, "action": "stall", "seconds": 3, "when": ("before", "after")[moment], "nth": nth})
    product.wait_for_hit()
    time.sleep(chance.uniform(0.05, 0.3))
    assert product.kill("worker")


def killed_in(steps: str, seed: int, *, soak: bool = True) -> Any:
    return pytest.param(steps.split(), seed, id=f"{steps}-{seed}", marks=[pytest.mark.soak] if soak else [])


#: Three seeds in every test run, several steps in one run of the product, which takes most of the time; in `make soak`
#: each step alone, and more seeds.
KILLS = [
    *(killed_in(steps, seed, soak=False) for steps in ("pull plan verify", "score send") for seed in range(3)),
    *(killed_in(step, seed) for step in ("pull", "score", "plan", "send", "verify") for seed in range(12)),
]


@pytest.mark.parametrize(("steps", "seed"), KILLS)
def test_killed_workers_change_nothing(
    start: Callable[..., Product], quiet: dict[str, Any], steps: list[str], seed: int
) -> None:
    product = start(workers=2 if seed % 3 == 0 else 1)  # two come back at once and want the same run
    for step in steps:
        strike(product, step, seed)
    figures = product.finish()
    assert crm_state(product.home) == quiet["state"]
    compared = ("accounts_read", "accounts_scored", "records_written", "records_verified", "findings", "alerts")
    assert {name: figures[name] for name in compared} == {name: quiet["figures"][name] for name in compared}
    settled = "('verified', 'drifted', 'rejected', 'superseded', 'unprocessed')"
    assert product.select(f"SELECT count(*) FROM sync_change WHERE state NOT IN {settled}") == [(0,)]
    assert len(mails(product.home)) == quiet["mails"]


def test_a_killed_queue_comes_back_and_the_run_goes_on(start: Callable[..., Product], quiet: dict[str, Any]) -> None:
    product = start()
    for step in ("pull", "send"):
        product.wait_for_step(step)
        assert product.kill("redis-server") == 1
    figures = product.finish()
    assert crm_state(product.home) == quiet["state"]
    assert figures["records_verified"] == quiet["figures"]["records_verified"]
    assert len(mails(product.home)) == quiet["mails"]


def kill_all(product: Product) -> None:
    children = product.popen.children(recursive=True)
    product.popen.kill()
    product.popen.communicate(timeout=10)
    psutil.wait_procs(children, timeout=20)  # they end with their parent
    assert not [child for child in children if child.is_running()]


def test_a_killed_installation_goes_on_when_it_is_started_again(
    start: Callable[..., Product], quiet: dict[str, Any]
) -> None:
    first = start()
    first.wait_for_step("plan")
    kill_all(first)
    address = first.crm()
    second = start()
    # Sending is over in no time; held up, it is killed in the middle of it.
    second.fault({**PUSH, "action": "stall", "seconds": 5}, before=address)
    second.wait_for_hit()
    kill_all(second)
    figures = start().finish()
    assert figures["run"] == quiet["figures"]["run"]
    assert crm_state(second.home) == quiet["state"]
    assert len(mails(second.home)) == quiet["mails"]


#: HubSpot is being written.
SENDING = (
    "SELECT 1 FROM sync_change c JOIN sync_connection k ON k.id = c.connection_id "
    "WHERE c.state = 'sending' AND c.kind = 'account' AND k.kind = 'hubspot'"
)
BOTH = ("--crm", "both", "--accounts", "40", "--seed", "5", "--today", TODAY)


@pytest.mark.soak  # tests/sync/test_two_crms_faults.py has the same without processes in every run of the tests
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_worker_killed_between_the_writes_to_two_crms_leaves_neither_behind(tmp_path: Path, moment: str) -> None:
    """Salesforce is written; HubSpot has not got its batch, or has it and nobody heard."""
    product = Product.start(tmp_path, 1, BOTH)
    try:
        portal = "SELECT json_extract(settings, '$.api_url') FROM sync_connection WHERE kind = 'hubspot'"
        ((address,),) = product.wait_for("the portal", portal)
        rule = {"path": "/companies/batch/update", "action": "stall", "seconds": 4, "when": moment}
        requests.post(f"{address}/__sandbox__/faults", json=[rule], timeout=10).raise_for_status()
        product.wait_for("the write to HubSpot", SENDING)
        time.sleep(0.5)  # intent is recorded before the request is on its way; by then it is held up
        assert product.select("SELECT 1 FROM sync_change WHERE state = 'sent'"), "the other is written first"
        assert product.kill("worker")
        assert product.finish()["records_failed"] == 0
        assert product.select("SELECT DISTINCT state FROM sync_change") == [("verified",)]
        product = Product.start(tmp_path, 1, BOTH)
        assert product.finish()["records_written"] == 0
    finally:
        end(product)
