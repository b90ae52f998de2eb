"""What the wire costs: our whole job beside a bare client that moves the same records, on one org of any size.

    python -m tests.bench.wire ACCOUNTS | ORG_FOLDER

A number makes an org of so many accounts, with ten orders each (`tests.bench.wire_org`). `ORG_FOLDER` is a sandbox org
without our fields (`tierline sandbox load`, or the `org` folder of a demo after `tierline schema remove demo
--delete-data`); it is copied first. The bare client is `simple-salesforce`: it downloads
the same objects and fields by Bulk query, reads the CSV into dictionaries, and uploads the same values by Bulk update.
Compared are CPU seconds of the client process alone, so it does not matter how fast the org is.
"""

from __future__ import annotations

import csv
import gc
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil


def cpu() -> float:
    """CPU seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@contextmanager
def org(folder: Path) -> Iterator[dict[str, Any]]:
    """The org, served by a process of its own; yields where it is and how to log in."""
    command = [sys.executable, "-m", "admin", "sandbox", "serve", "--home", str(folder), "--port", "0", "--json"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield json.loads(server.stdout.readline())
    finally:
        server.terminate()
        server.wait(30)


class Peak:
    """Largest PSS of this process, in MB, watched from a thread."""

    def __init__(self) -> None:
        self.megabytes = 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        process = psutil.Process()
        while not self._done.wait(0.5):
            self.megabytes = max(self.megabytes, process.memory_full_info().pss / 1e6)


def our_job(crm: dict[str, Any], plan: Path) -> dict[str, Any]:
    """Connect, install, and work a run unit by unit in this process; CPU per step, then a run with nothing changed."""
    import django

    django.setup()
    from sync.models import Run

    portfolio = _set_up(crm)
    gc.freeze()  # as a worker does
    started = time.monotonic()
    with Peak() as peak:
        run, steps, longest = _work(portfolio)
    wall = time.monotonic() - started
    written = run.changes.order_by("pk").values_list("record_id", "after")
    plan.write_text(json.dumps([[record, after] for record, after in written.iterator()]))
    result = {
        "accounts": run.counts["accounts_read"],
        "records": run.counts["records"],
        "written": run.changes.filter(state="verified").count(),
        "planned": run.changes.count(),
        "api_calls": run.api_calls,
        "wall": round(wall, 1),
        "cpu": round(sum(steps.values()), 1),
        "cpu_by_step": steps,
        "longest_unit_by_step": longest,
        "peak_pss_mb": round(peak.megabytes),
    }
    Run.objects.filter(pk=run.pk).update(state=Run.State.DONE)
    started = time.monotonic()
    again, *_ = _work(portfolio)
    return result | {
        "second_written": again.changes.count(),
        "second_calls": again.api_calls,
        "second_wall": round(time.monotonic() - started, 1),
    }


def _set_up(crm: dict[str, Any]) -> Any:
    """A portfolio connected to the org, with the fields of the default model installed."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from admin import portfolios, schema
    from scoring import presets
    from sync.models import Portfolio

    portfolio = Portfolio.objects.create(name="bench")
    keys = {"login_url": crm["url"], "client_id": crm["client_id"]}
    secret = {"client_secret": crm["client_secret"]}
    connection = portfolios.add_connection(portfolio, "bench", "salesforce", keys, secret)
    portfolios.publish(portfolio, presets.path("default"))
    schema.apply(connection, schema.plan(connection))
    return portfolio


def _work(portfolio: Any) -> tuple[Any, dict[str, float], dict[str, float]]:
    """A run up to its messages, CPU seconds per step, and those of its longest unit: a worker stops one after 60 s."""
    from sync import jobs, starting
    from sync.models import Run

    steps: dict[str, float] = {}
    longest: dict[str, float] = {}
    run = starting.create(portfolio, "bench")
    while run.state == Run.State.ACTIVE and run.step != Run.Step.ALERTS:
        Run.objects.filter(pk=run.pk).update(not_before=None)
        step, started = run.step, cpu()
        if run.progress.get("pull", {}).get("bulk") or run.loads.exists():
            time.sleep(0.2)
        jobs.work(run.pk)
        used = cpu() - started
        steps[step] = steps.get(step, 0.0) + used
        longest[step] = max(longest.get(step, 0.0), used)
        run.refresh_from_db()
    assert run.state == Run.State.ACTIVE, run.error
    return run, _rounded(steps), _rounded(longest)


def _rounded(seconds: Mapping[str, float]) -> dict[str, float]:
    return {step: round(value, 1) for step, value in seconds.items()}


def bare_client(crm: dict[str, Any], plan: Path) -> dict[str, Any]:
    """The same records down and the same values up, by simple-salesforce and nothing else."""
    import requests
    from simple_salesforce.api import Salesforce

    from connectors.salesforce.kinds import DEFAULTS, DETAIL, SOURCES

    class Plain(requests.Session):
        def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
            where = str(url).replace("https://", "http://")
            return super().request(method, where, *args, **kwargs)

    client = Salesforce(instance_url=crm["url"], session_id=crm["access_token"], version="63.0", session=Plain())
    handler: Any = client.bulk2
    described: Any = client.describe()
    there = {entry["name"] for entry in described["sobjects"]}
    started, read = cpu(), 0
    with tempfile.TemporaryDirectory() as folder:
        for kind, sources in SOURCES.items():
            for source in [source for source in sources if source.name != DETAIL and source.name in there]:
                fields = [name for name in DEFAULTS[kind].values() if name not in ("ActivityDate",)]
                if source.name == "Event":
                    fields = [name for name in fields if name != "TaskSubtype"]
                bulk = getattr(handler, source.name)
                for part in bulk.download(f"SELECT {', '.join(fields)} FROM {source.name}", path=folder):
                    with Path(part["file"]).open(newline="", encoding="utf-8") as lines:
                        read += sum(1 for _ in csv.DictReader(lines))
        rows = [{"Id": record, **_cells(after)} for record, after in json.loads(plan.read_text())]
        handler.Account.update(records=rows)
    return {"cpu": round(cpu() - started, 1), "read": read, "written": len(rows)}


def _cells(after: dict[str, Any]) -> dict[str, Any]:
    names = ("Segment", "Sub_Segment", "Value_Profile", "Tier")
    fields = [f"Tierline_{name}__c" for name in names]
    fields += [f"Tierline_{name}_{part}__c" for name in names[:3] for part in ("Source", "Date")]
    fields += ["Tierline_Tier_Since__c", "Tierline_Tier_Reason__c"]
    return {name: after.get(name, "") or "" for name in fields}


def formula(result: Mapping[str, Any]) -> int:
    """Calls the job needs on paper.

    Login and describe of 10 objects, 3 questions per kind (newest, count or rows, deletions), per bulk read a job,
    looks and a page per 50,000 rows, reading again and verifying 2,000 records a call, per load of 10,000 records
    five calls, and the canary's two reads.
    """
    kinds: Mapping[str, int] = result["records"]
    pages = sum(-(-count // 50_000) + 8 for count in kinds.values() if count >= 20_000)
    pages += sum(-(-count // 2_000) for count in kinds.values() if count < 20_000)
    written = int(result["planned"])
    return 12 + 3 * len(kinds) + pages + 2 * -(-written // 2_000) + 12 * -(-written // 10_000) + 10


def main(given: str) -> None:
    with tempfile.TemporaryDirectory(prefix="tierline-wire-") as home:
        copy = Path(home) / "org"
        if given.replace("_", "").isdigit():
            subprocess.run([sys.executable, "-m", "tests.bench.wire_org", str(copy), given], check=True)
        else:
            shutil.copytree(given, copy)
        plan = Path(home) / "plan.json"
        load = os.getloadavg()[0]
        with org(copy) as crm:
            ours = _apart("ours", crm, plan, home)
            bare = _apart("bare", crm, plan, home)
        paper = formula(ours)
        figures = {
            "ours": ours,
            "bare": bare,
            "cpu_ratio": round(ours["cpu"] / bare["cpu"], 2),
            "calls_on_paper": paper,
            "calls_ratio": round(ours["api_calls"] / paper, 2),
            "load_before": round(load, 2),
        }
        sys.stdout.write(json.dumps(figures, indent=1) + "\n")


def _apart(what: str, crm: dict[str, Any], plan: Path, home: str) -> dict[str, Any]:
    """Measure in a process of its own: `ours` or `bare`."""
    facts = Path(home) / "org.json"
    facts.write_text(json.dumps(crm))
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.wire", "--part", what, str(facts), str(plan)],
        env={**os.environ, "TIERLINE_HOME": home, "DJANGO_SETTINGS_MODULE": "admin.settings", "REDIS_URL": ""},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    sys.stderr.write(f"{what}: {json.dumps(result)}\n")
    return result


if __name__ == "__main__":
    if sys.argv[1] == "--part":
        measured = {"ours": our_job, "bare": bare_client}[sys.argv[2]](
            json.loads(Path(sys.argv[3]).read_text()), Path(sys.argv[4])
        )
        sys.stdout.write(json.dumps(measured) + "\n")
    else:
        main(sys.argv[1])
