"""Faults on the lines to both CRMs of a portfolio at once: both end as after a quiet run, each record written once."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from connectors.hubspot import Hubspot
from connectors.patience import Patience
from connectors.salesforce import Salesforce
from sync import jobs, lease
from sync.models import Change, Delivery, Run, Todo
from tests.sync import both_stage, test_faults, test_hubspot_faults
from tests.sync.both_stage import BothStage
from tests.sync.crm_stage import Values
from tests.sync.hubspot_stage import HubspotStage

pytestmark = pytest.mark.faults

#: Kind of CRM, sort of request, fault.
Cell = tuple[str, str, str]
TARGETS = {"salesforce": test_faults.TARGETS, "hubspot": test_hubspot_faults.TARGETS}
FAULTS = {"salesforce": test_faults.FAULTS, "hubspot": test_hubspot_faults.FAULTS}
#: What a run over both sends; large reads and writes have their own matrix. Logging in comes before any run.
CELLS: dict[str, list[Cell]] = {
    "salesforce": [
        ("salesforce", where, fault)
        for where in TARGETS["salesforce"].keys() - test_faults.BULK - {"login", "read deletions"}
        for fault in FAULTS["salesforce"]
    ],
    "hubspot": [("hubspot", where, fault) for where in TARGETS["hubspot"] for fault in FAULTS["hubspot"]],
}
#: The dearest mistakes, on both lines in one run.
QUICK: dict[str, tuple[Cell, ...]] = {
    "nothing happens": (),
    "heard by neither": (
        ("salesforce", "send", "the line is cut after it is applied"),
        ("hubspot", "send", "the line is cut after it is applied"),
        ("hubspot", "task", "the line is cut after it is applied"),
    ),
    "one is left out": (
        ("salesforce", "send", "the daily limit is reached"),
        ("salesforce", "task", "the line is cut after it is applied"),
        ("hubspot", "send", "the daily limit is reached"),
    ),
}


@pytest.fixture(scope="module")
def quiet() -> dict[str, Any]:
    """End state of a run, which has to be the same whatever disturbs it."""
    return {}


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pauses between two tries are short, and as many."""
    whole = Patience()
    monkeypatch.setattr(Patience.__init__, "__defaults__", (whole.tries, 0.01, whole.longest_pause, whole.budget))


def disturb(both: BothStage, cell: Cell, **rule: Any) -> None:
    kind, where, fault = cell
    crm = both.org_crm if kind == "salesforce" else both.portal_crm
    rule |= {**TARGETS[kind][where], **FAULTS[kind][fault]}
    crm.request("POST", "/__sandbox__/faults", json=[rule]).raise_for_status()


def end_state(both: BothStage) -> dict[str, Values]:
    """Our fields in both CRMs, by record."""
    names = [name for name in both.org.object("Account").fields if name.startswith("Tierline_")]
    accounts = both.org.query(f"SELECT Id, {', '.join(sorted(names))} FROM Account").records
    portal = HubspotStage(both.portfolio, both.portal_crm)
    return {
        "accounts": {row["Id"]: {name: row[name] for name in names} for row in accounts},
        "companies": portal.records("companies", ours=True),
    }


def without_sources(state: dict[str, Values]) -> dict[str, Values]:
    """What was written to one CRM first has come to the other from there, and its source says so."""
    return {
        name: {key: {field: held for field, held in row.items() if "source" not in field.lower()} for key, row in rows}
        for name, rows in ((name, values.items()) for name, values in state.items())
    }


def deliver(both: BothStage) -> None:
    """What the scheduler does later; then every message has gone out, and no task stands in a CRM twice."""
    for _ in range(8):
        waiting = [kind.objects.filter(state=kind.State.PENDING).update(not_before=None) for kind in (Delivery, Todo)]
        if not any(waiting):
            break
        jobs.deliver(both.portfolio.pk)
    assert not any(kind.objects.filter(state=kind.State.PENDING).exists() for kind in (Delivery, Todo))
    subjects = [
        row["Subject"] for row in both.org.query("SELECT Subject FROM Task WHERE Subject LIKE '%[TL-%'").records
    ]
    tasks = both.portal.records.page(
        both.portal.kinds()["tasks"], ["hs_task_subject"], after=0, limit=1000, archived=False
    )
    theirs = [str(row.values["hs_task_subject"]) for row in tasks]
    assert len(set(subjects)) == len(subjects)
    assert len(set(theirs)) == len(theirs)


def prove(both: BothStage, quiet: dict[str, Any]) -> None:
    """Run to the end, and once more over what is left of a CRM that took no calls: then all is as after a quiet run."""
    run = both.work(Run.objects.first() or both.start())
    assert run.state == Run.State.DONE, run.error
    assert not run.changes.filter(state__in=Change.OPEN).exists()
    left_out = "left out" in run.notice
    if left_out:
        assert both.run(Run.Kind.INCREMENTAL).notice == ""
    else:
        assert not run.changes.exclude(state=Change.State.VERIFIED).exists()
    deliver(both)
    found = end_state(both)
    alike = without_sources if left_out else dict
    assert alike(found) == alike(quiet.setdefault("state", found))
    assert both.run(Run.Kind.INCREMENTAL).counts["records_planned"] == 0


@pytest.mark.parametrize("cells", [pytest.param(cells, id=name) for name, cells in QUICK.items()])
def test_faults_while_both_are_written_end_as_a_quiet_run(
    planned_both: BothStage, quiet: dict[str, Any], cells: Sequence[Cell]
) -> None:
    for cell in cells:
        disturb(planned_both, cell)
    prove(planned_both, quiet)
    for crm in (planned_both.org_crm, planned_both.portal_crm):
        assert all(rule["hits"] for rule in crm.request("GET", "/__sandbox__/faults").json()), "a fault was never met"


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1, 61))
def test_random_faults_on_both_lines_end_as_a_quiet_run(
    filled_both: Path, home: Path, quiet: dict[str, Any], seed: int
) -> None:
    """From reading on: one to three cells of each CRM, each at a request of its own."""
    chance = random.Random(seed)
    with both_stage.opened(home, filled_both) as both:
        for cells in CELLS.values():
            for cell in chance.sample(sorted(cells), chance.randint(1, 3)):
                disturb(both, cell, nth=chance.randint(1, 4))
        prove(both, quiet)


class Killed(BaseException):
    """The process is gone: nothing that it would have done afterwards is done."""


def killed_before(push: Callable[..., Any], *_: Any) -> Any:
    raise Killed


def killed_after(push: Callable[..., Any], *sent: Any) -> Any:
    push(*sent)
    raise Killed


@pytest.mark.parametrize(
    "moments",
    [("after", "before"), *(pytest.param((one, "after"), marks=pytest.mark.soak) for one in ("before", "after"))],
    ids="-".join,
)
def test_a_kill_at_the_write_to_one_and_at_the_write_to_the_other_changes_nothing(
    planned_both: BothStage, quiet: dict[str, Any], moments: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a kill leaves is the state as it was last recorded, and a lease; `tests/faults` kills real workers."""
    run = Run.objects.get()
    ways = {"before": killed_before, "after": killed_after}
    connectors: tuple[type[Any], ...] = (Salesforce, Hubspot)
    for connector, moment in zip(connectors, moments, strict=True):
        whole, way = connector.push, ways[moment]
        with monkeypatch.context() as patch:
            patch.setattr(connector, "push", lambda *sent, whole=whole, way=way: way(whole, *sent))
            patch.setattr(lease, "release", lambda *_: None)
            with pytest.raises(Killed):
                planned_both.work(run)
        run.refresh_from_db()
        assert run.lease
        assert run.changes.filter(state=Change.State.SENDING).exists()
        assert lease.claim(run.pk) is None, "until its lease ends, it may still be alive"
        Run.objects.filter(pk=run.pk).update(leased_until=timezone.now() - timedelta(seconds=1))
    prove(planned_both, quiet)
