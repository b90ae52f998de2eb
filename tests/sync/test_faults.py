"""Faults on the line to the CRM, in each step: the run ends as a quiet one does, with every row accounted for."""

from __future__ import annotations

from typing import Any

import pytest

from sync import jobs
from sync.alerts import delivery
from sync.models import AccountState, Alert, Change, Delivery, Run
from tests.sync.stage import Stage

pytestmark = pytest.mark.faults

PUSH = {"method": "PATCH", "path": "/composite/sobjects"}
READ = {"method": "GET", "path": "/query"}
TASK = {"method": "POST", "path": "/composite/sobjects|/sobjects/Task"}
LIMIT = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]
LOCATOR = [{"errorCode": "INVALID_QUERY_LOCATOR", "message": "invalid query locator"}]
EXPIRED = [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}]
UNKNOWN = [{"errorCode": "UNKNOWN_EXCEPTION", "message": "An unexpected error occurred."}]

FAULTS: dict[str, dict[str, Any]] = {
    "nothing happens": {"action": "stall", "seconds": 0},
    "the server is busy three times": {"action": "status", "status": 503, "times": 3},
    "the answer is cut in half": {"action": "corrupt", "when": "after"},
    "the line is cut before it is applied": {"action": "drop", "when": "before"},
    "the line is cut after it is applied": {"action": "drop", "when": "after"},
    "the session has expired": {"action": "status", "status": 401, "reply": EXPIRED},
    "the daily limit is reached": {"action": "status", "status": 403, "reply": LIMIT},
    "the service stumbles": {"action": "status", "status": 500, "reply": UNKNOWN},
    "it asks to wait": {"action": "status", "status": 429, "headers": {"Retry-After": "1"}},
}
TARGETS = {"read": READ, "send": PUSH, "task": TASK}


def end_state(stage: Stage) -> dict[str, Any]:
    """What people see in the CRM afterwards."""
    return {
        "accounts": stage.own_values(),
        "tasks": sorted(row["OwnerId"] for row in stage.query("SELECT OwnerId FROM Task WHERE Subject LIKE '%[TL-%'")),
        "alerts": sorted(Alert.objects.values_list("owner__name", "rule")),
        "tiers": sorted(AccountState.objects.values_list("record_id", "tier")),
    }


def send_what_waits(stage: Stage) -> None:
    """What the scheduler does later: messages that could not be sent are tried again."""
    Delivery.objects.filter(state=Delivery.State.PENDING).update(not_before=None)
    while delivery.due(stage.portfolio).exists():
        jobs.deliver(stage.portfolio.pk)
    assert not Delivery.objects.exclude(state=Delivery.State.SENT).exists()


@pytest.fixture(scope="module")
def quiet() -> dict[str, Any]:
    """End state of the first run, which nothing disturbs."""
    return {}


#: Cells of the matrix in every test run; the others are proven by `make soak`.
QUICK = {
    "send": set(FAULTS),
    "read": {"the server is busy three times", "the answer is cut in half", "the session has expired"},
    "task": {"the line is cut after it is applied", "the service stumbles"},
}
CELLS = [
    pytest.param(where, fault, marks=[] if fault in QUICK[where] else [pytest.mark.soak])
    for where in TARGETS
    for fault in FAULTS
]


@pytest.mark.parametrize(("where", "fault"), CELLS)
def test_the_end_is_that_of_a_quiet_run(stage: Stage, quiet: dict[str, Any], where: str, fault: str) -> None:
    stage.fault(**{**TARGETS[where], **FAULTS[fault]})
    run = stage.run()
    assert run.state == Run.State.DONE, run.error
    assert stage.crm.request("GET", "/__sandbox__/faults").json()[0]["hits"], "the fault was never met"
    counts = run.counts
    planned = run.changes.count()
    assert planned == run.changes.filter(state__in=Change.OUTCOMES).count()
    assert counts["records_verified"] == planned
    assert not run.changes.exclude(state=Change.State.VERIFIED).exists()
    send_what_waits(stage)
    found = end_state(stage)
    assert found == quiet.setdefault("state", found)
    assert stage.run().counts["records_planned"] == 0


@pytest.mark.parametrize("step", [pytest.param(Run.Step.PULL, marks=pytest.mark.soak), Run.Step.VERIFY])
def test_a_crm_that_stays_away_ends_the_run_with_a_sentence_and_the_next_run_mends_it(stage: Stage, step: str) -> None:
    run = stage.work(stage.start(), until=step)
    stage.fault(path="/services/data", action="status", status=503, times=0)
    run = stage.work(run)
    assert run.state == Run.State.FAILED
    assert run.error
    assert run.next_step
    assert not run.changes.exclude(state__in=Change.OUTCOMES).exists()
    stage.crm.request("DELETE", "/__sandbox__/faults").raise_for_status()
    mended = stage.run()
    assert mended.state == Run.State.DONE, mended.error
    assert stage.run().counts["records_planned"] == 0


def test_a_lost_page_is_read_again_from_where_reading_stood(stage: Stage) -> None:
    stage.fault(method="GET", path=r"/query/\w+-\d+", action="status", status=400, reply=LOCATOR)
    run = stage.run()
    assert run.state == Run.State.DONE, run.error
    assert run.counts["accounts_read"] == len(stage.query("SELECT Id FROM Account"))
