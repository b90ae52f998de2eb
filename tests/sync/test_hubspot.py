"""The whole job on HubSpot: read, score, write, verify; details on the company, people's edits kept, undo exact."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from connectors.hubspot import Hubspot
from sync import jobs
from sync.alerts import due
from sync.models import Change, Delivery, Override, Run, Todo
from sync.writing import undoing
from tests.sync.hubspot_stage import COMPANIES, HubspotStage


def test_the_job_on_hubspot_from_reading_to_undo(hub: HubspotStage) -> None:
    theirs = {name: hub.records(name, ours=False) for name in ("companies", "deals")}
    run = hub.run()
    assert run.state == Run.State.DONE, run.error
    assert run.changes.count() == run.changes.filter(state=Change.State.VERIFIED).count() > 2 * COMPANIES
    written = hub.records("companies", ours=True)
    assert len(written) == COMPANIES
    one = next(iter(written.values()))
    assert one["tierline_tier"]
    assert one["tierline_value_score"]
    assert "%" in one["tierline_reasons"]
    assert run.counts["details_written"] == COMPANIES
    assert any(row["tierline_tier"] for row in hub.records("deals", ours=True).values())
    assert hub.tasks(), "findings become tasks of the owners"
    assert {name: hub.records(name, ours=False) for name in theirs} == theirs
    again = hub.run()
    assert (again.state, again.counts["records_planned"]) == (Run.State.DONE, 0)

    company, held = next((each, row) for each, row in written.items() if row["tierline_tier"] != "gold")
    hub.edit(company, tierline_tier="gold", tierline_reasons="Because I say so")
    assert hub.run(date(2018, 2, 1)).state == Run.State.DONE
    assert hub.records("companies", ours=True)[company]["tierline_tier"] == "gold"
    assert hub.records("companies", ours=True)[company]["tierline_reasons"] == "Because I say so"
    assert set(Override.objects.values_list("field", flat=True)) == {"tier", "detail_reasons"}

    hub.edit(company, tierline_tier=held["tierline_tier"], tierline_reasons=held["tierline_reasons"])
    undo = hub.work(undoing.create(run, "test"))
    assert undo.state == Run.State.DONE, undo.error
    left = hub.records("companies", ours=True)
    assert all(value is None for record, row in left.items() if record != company for value in row.values())


def test_many_records_are_read_page_by_page_and_those_that_are_gone_leave_the_mirror(
    hub: HubspotStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Hubspot, "bulk_from", 10)
    run = hub.run()
    assert run.state == Run.State.DONE, run.error
    assert run.counts["accounts_read"] == COMPANIES
    assert not run.changes.exclude(state=Change.State.VERIFIED).exists()
    assert hub.run().counts["records_planned"] == 0
    late = hub.changed_while_the_index_lags()
    assert hub.run().counts["records_planned"] == 0
    hub.portal.set_setting("search_lag", 0)
    assert hub.run().changes.filter(record_id=late).exists()
    kind = hub.portal.kinds()["companies"]
    first, second, third, *_ = sorted(hub.records("companies", ours=True))
    hub.portal.archive(kind, [first])
    merged = str(hub.portal.merge(kind, second, third))
    run = hub.run()
    assert run.state == Run.State.DONE, run.error
    assert run.counts["accounts_read"] == COMPANIES - 2
    assert hub.records("companies", ours=True)[merged]["tierline_tier"]


FAULTS: dict[str, dict[str, Any]] = {
    "the answer is slow": {"action": "stall", "seconds": 0.2},
    "the server is busy three times": {"action": "status", "status": 503, "times": 3},
    "the answer is cut in half": {"action": "corrupt", "when": "after"},
    "the line is cut before it is applied": {"action": "drop"},
    "the line is cut after it is applied": {"action": "drop", "when": "after"},
    "it is too fast": {"action": "limit"},
    "the daily limit is reached": {
        "action": "status", "status": 429,
        "reply": {"status": "error", "errorType": "RATE_LIMIT", "policyName": "DAILY", "message": "daily limit"},
    },
    "the service stumbles": {"action": "status", "status": 500, "reply": {"message": "internal error"}},
}  # fmt: skip
TARGETS = {
    "properties": {"method": "GET", "path": "/properties/companies"},
    "list": {"method": "GET", "path": "/objects/companies"},
    "search": {"method": "POST", "path": "/objects/deals/search"},
    "associations": {"method": "POST", "path": "/associations/deals/companies"},
    "pipelines": {"method": "GET", "path": "/pipelines/deals"},
    "owners": {"method": "GET", "path": "/owners"},
    "read again": {"method": "POST", "path": "/objects/companies/batch/read"},
    "send": {"method": "POST", "path": "/objects/companies/batch/update"},
    "task": {"method": "POST", "path": "/objects/tasks$"},
}
#: Twelve cells of the matrix in every test run, the dearest mistakes, three at a time; the others by `make soak`.
QUICK = {
    "one": (
        ("list", "the server is busy three times"),
        ("send", "the line is cut before it is applied"),
        ("task", "the line is cut after it is applied"),
    ),
    "two": (
        ("list", "the answer is cut in half"),
        ("send", "the line is cut after it is applied"),
        ("owners", "the service stumbles"),
    ),
    "three": (
        ("associations", "the line is cut before it is applied"),
        ("send", "the answer is cut in half"),
        ("task", "it is too fast"),
    ),
    "four": (
        ("properties", "it is too fast"),
        ("read again", "the line is cut before it is applied"),
        ("send", "the daily limit is reached"),
    ),
}
CELLS = [
    *(pytest.param(cells, id=name) for name, cells in QUICK.items()),
    *(
        pytest.param(((where, fault),), id=f"{where}: {fault}", marks=pytest.mark.soak)
        for where in TARGETS
        for fault in FAULTS
    ),
]


@pytest.fixture(scope="module")
def quiet() -> dict[str, Any]:
    """End state of the first run, which nothing disturbs."""
    return {}


@pytest.mark.faults
@pytest.mark.parametrize("cells", CELLS)
def test_the_end_is_that_of_a_quiet_run(
    hub: HubspotStage, quiet: dict[str, Any], cells: Sequence[tuple[str, str]]
) -> None:
    for where, fault in cells:
        hub.fault(**{**TARGETS[where], **FAULTS[fault]})
    theirs = hub.records("companies", ours=False)
    run = hub.run()
    assert run.state == Run.State.DONE, run.error
    told = hub.crm.request("GET", "/__sandbox__/faults").json()
    assert all(rule["hits"] for rule in told), "a fault was never met"
    assert not run.changes.exclude(state=Change.State.VERIFIED).exists()
    for kind in (Delivery, Todo):
        kind.objects.filter(state=kind.State.PENDING).update(not_before=None)
    while due.waiting(hub.portfolio):
        jobs.deliver(hub.portfolio.pk)
    found = {"companies": hub.records("companies", ours=True), "tasks": hub.tasks()}
    assert found == quiet.setdefault("state", found)
    assert hub.records("companies", ours=False) == theirs
