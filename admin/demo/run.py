"""The demo: a CRM with a company in it, and the product doing its whole job there, with real processes.

Everything lives under TIERLINE_HOME; run again with the same home it goes on with the same org.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from admin import home
from admin.cli.output import WRONG_INPUT, Stop, err, out, print_json
from admin.demo import datasets, two_crms
from admin.supervisor import CannotStart, Supervisor, private_redis

MARKER = "demo.json"
#: What a demo leaves in the home folder; `--fresh` removes it.
LEFT = ("org", two_crms.PORTAL, "mailbox", "mirror", "runs", "logs", two_crms.SHARED, two_crms.MODEL, MARKER)


@dataclass
class Demo:
    """One demo in one home folder."""

    data: Path | None
    orders_in_files: bool
    accounts: int | None
    seed: int | None
    today: date | None
    workers: int
    port: int
    kind: Literal["salesforce", "hubspot", "both"] = "salesforce"
    supervisor: Supervisor = field(default_factory=Supervisor)
    crm: dict[str, Any] = field(default_factory=dict)
    other: dict[str, Any] = field(default_factory=dict)
    mailbox: dict[str, Any] = field(default_factory=dict)

    def main(self, *, once: bool, as_json: bool, fresh: bool) -> None:
        """Do the job; then print the figures, or serve until interrupted."""
        root = home.prepare()
        if fresh:
            self._forget(root)
        self._choose_source(root)
        with ExitStack() as stack:
            stack.callback(self.supervisor.stop)
            self._fill_org(root)
            self._start_outside_world(root, once=once)
            self._start_queue(stack)
            from admin.cli.django_setup import ready

            ready(migrate=True)
            from admin import report
            from admin.demo import job

            portfolio = job.connect(self.crm, self._model(), other=self.other)
            if self.orders_in_files and (dataset := self._dataset()):
                job.add_erp(portfolio, dataset)
            if self.kind != "hubspot":
                job.let_people_answer(root)
            if self.data is None:
                job.enter_existing_values(root, portfolio, self._source()["seed"])
            self._start_workers()
            finished = job.run(portfolio, self.today, quiet=as_json, meanwhile=self.supervisor.tend)
            if self.kind == "both" and not finished.error and two_crms.decide_matches(root, portfolio):
                finished = job.run(portfolio, self.today, quiet=as_json, meanwhile=self.supervisor.tend)
            if as_json:
                print_json(report.figures(finished) | (two_crms.figures(portfolio) if self.kind == "both" else {}))
            else:
                report.summary(finished)
                if self.kind == "both":
                    two_crms.show(portfolio)
            if finished.error:
                raise Stop(finished.error, finished.next_step)
            if not once:
                self._serve(job.password())

    def _source(self) -> dict[str, Any]:
        if self.data is not None:
            crm = {"crm": self.kind} if self.kind != "salesforce" else {}
            return {"data": str(self.data.resolve()), "orders in files": self.orders_in_files, **crm}
        both = self.kind == "both"
        size = self.accounts or (two_crms.ACCOUNTS if both else 1000)
        return {"seed": 1 if self.seed is None else self.seed, "accounts": size, **({"crm": "both"} if both else {})}

    def _choose_source(self, root: Path) -> None:
        """Go on with the company this home holds; asked for another one, refuse: two would mix in one CRM."""
        marker = root / MARKER
        if marker.exists():
            held = json.loads(marker.read_text())
            self._fill_in(held)
            if held != self._source():
                raise Stop(
                    f"{root} holds another demo company ({_words(held)}).",
                    "Start over with --fresh, or set TIERLINE_HOME to another folder.",
                    code=WRONG_INPUT,
                )
        elif (root / "state.sqlite3").exists():
            raise Stop(
                f"{root} holds an installation that is not a demo.",
                "Give the demo a folder of its own: TIERLINE_HOME=/path/to/folder tierline demo",
                code=WRONG_INPUT,
            )
        if self.orders_in_files and self.data is None:
            raise Stop(
                "The generated company keeps its orders in the CRM.",
                "Give --orders-in-files together with --data.",
                code=WRONG_INPUT,
            )
        if self.kind == "both" and self.data is not None:
            raise Stop(
                "Both CRMs are filled with the generated company, which has records in each.",
                "Leave out --data.",
                code=WRONG_INPUT,
            )
        if self.kind == "hubspot" and (self.data is None or self.orders_in_files):
            raise Stop(
                "A HubSpot account is filled from a folder of data, with everything that is in it.",
                "Give --data FOLDER, without --orders-in-files.",
                code=WRONG_INPUT,
            )
        if self.data is not None and not self.data.is_dir():
            raise Stop(f"{self.data} is not a folder.", "Name the folder that holds the data.", code=WRONG_INPUT)

    def _fill_in(self, held: Mapping[str, Any]) -> None:
        """What was not asked for is as it was."""
        asked = any((self.data, self.orders_in_files, self.accounts, self.seed))
        if "data" in held and not asked:
            self.data, self.orders_in_files = Path(held["data"]), held["orders in files"]
            self.kind = held.get("crm", "salesforce")
        elif "accounts" in held and self.data is None:
            if not asked and self.kind == "salesforce":
                self.kind = held.get("crm", "salesforce")
            self.accounts = self.accounts or held["accounts"]
            self.seed = held["seed"] if self.seed is None else self.seed

    def _forget(self, root: Path) -> None:
        """Remove what an earlier demo left; nothing of an installation that is not a demo."""
        if not (root / MARKER).exists():
            return
        for name in LEFT:
            path = root / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        for path in root.glob("state.sqlite3*"):
            path.unlink()
        home.prepare()

    def _dataset(self) -> datasets.Dataset | None:
        return None if self.data is None else datasets.find(self.data)

    def _model(self) -> Path:
        """The model file that goes with the company."""
        dataset = self._dataset()
        if dataset is not None and dataset.model is not None:
            return dataset.model
        if self.kind == "both":
            return two_crms.model(home.home())
        from scoring import presets

        return presets.path("default")

    def _fill_org(self, root: Path) -> None:
        """Fill a new org. The marker is written last, so an org that is not complete is made anew."""
        marker, org = root / MARKER, root / "org"
        if marker.exists():
            return
        shutil.rmtree(org, ignore_errors=True)
        started = time.monotonic()
        err.print(f"Filling a CRM with {_words(self._source())} …")
        from connectors.sandbox.org.org import Org

        dataset = self._dataset()
        if self.kind == "hubspot" and dataset is not None:
            from connectors.sandbox import mapping, portal_load
            from connectors.sandbox.portal.portal import Portal

            path = datasets.find_mapping(dataset.directory, datasets.HUBSPOT_MAPPING)
            with Portal.open(org) as portal:
                portal_load.load(portal, dataset.directory, mapping.read(path))
        elif dataset is None:
            from admin.demo import company

            source = self._source()
            company.generate(Org.open(org), source["seed"], source["accounts"], self.today or _today())
            if self.kind == "both":
                two_crms.fill(root, source["seed"], self.today or _today())
        else:
            from connectors.sandbox import load, mapping

            path = dataset.with_orders_in_files()[0] if self.orders_in_files else dataset.mapping
            load.load(Org.open(org), dataset.directory, mapping.read(path))
        marker.write_text(json.dumps(self._source()))
        err.print(f"  done in {time.monotonic() - started:.0f} s")

    def _start_outside_world(self, root: Path, *, once: bool) -> None:
        """The CRM and a mailbox, as servers of their own."""
        crm_port, web_port = ("0", "0") if once else (_free(8001), _free(8025))
        self.crm = self._announced("crm", crm_port, "sandbox", "serve", "--home", str(root / "org"), "--json")
        if self.kind == "both":
            place, port = str(root / two_crms.PORTAL), "0" if once else _free(8002)
            self.other = self._announced("crm-2", port, "sandbox", "serve", "--home", place, "--json")
        self.mailbox = self._announced("mailbox", web_port, "sandbox", "mailbox", "--home", str(root / "mailbox"))
        os.environ["TIERLINE_SMTP_HOST"] = "127.0.0.1"
        os.environ["TIERLINE_SMTP_PORT"] = str(self.mailbox["smtp_port"])

    def _announced(self, name: str, port: str, *arguments: str) -> dict[str, Any]:
        """Start a server and read the line in which it says where it is.

        Where another program took the port since we looked, it gets any free one.
        """
        words = ""
        for place in dict.fromkeys((port, "0")):
            process = self.supervisor.add(name, *arguments, "--port", place, restart=False, stdout=subprocess.PIPE)
            stream = process.popen.stdout if process.popen else None
            line = stream.readline() if stream else ""
            if line:
                said: dict[str, Any] = json.loads(line)
                return said
            words = process.last_words()
        raise CannotStart(f"The demo's {name} did not start: {words}")

    def _start_queue(self, stack: ExitStack) -> None:
        if not os.environ.get("REDIS_URL"):
            os.environ["REDIS_URL"] = stack.enter_context(private_redis(self.supervisor))
        os.environ.setdefault("TIERLINE_URL", f"http://localhost:{self.port}")

    def _start_workers(self) -> None:
        for number in range(1, self.workers + 1):
            self.supervisor.add(f"worker-{number}", "worker")
        self.supervisor.add("scheduler", "scheduler")

    def _serve(self, password: str) -> None:
        """Start the console, say where everything is, and keep it running."""
        from admin.cli.processes import StopSignal, tend

        port = _free(self.port)
        self.supervisor.add("web", "web", "--port", port)
        crms = " and ".join(each["url"] for each in (self.crm, self.other) if each)
        stopped = StopSignal()  # before anybody is told that it may be ended
        out.print(
            f"\nLook around: [bold]http://localhost:{port}[/]  (log in as admin with {password})\n"
            f"  mailbox {self.mailbox['url']} · CRM {crms} · Ctrl-C ends everything"
        )
        tend(self.supervisor, stopped)


def _words(source: Mapping[str, Any]) -> str:
    if "data" in source:
        return f"the data in {source['data']}"
    if source.get("crm") == "both":
        return f"a generated company of {source['accounts']:,} accounts in two CRMs, seed {source['seed']}"
    return f"a generated company of {source['accounts']:,} accounts, seed {source['seed']}"


def _free(port: int) -> str:
    """This port if nobody listens on it, else any free one."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return "0"
    return str(port)


def _today() -> date:
    return datetime.now().astimezone().date()
