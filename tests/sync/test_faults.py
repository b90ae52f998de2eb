"""Faults on the line to the CRM, in each step: the run ends as a quiet one does, with every row accounted for."""

from __future__ import annotations

import random
from typing import Any

import pytest

from connectors.salesforce import Salesforce
from sync import jobs
from sync.alerts import due
from sync.models import AccountState, Alert, Change, Delivery, Run, Todo
from sync.writing import loading
from tests.sync.stage import Stage

pytestmark = pytest.mark.faults

LIMIT = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]
LOCATOR = [{"errorCode": "INVALID_QUERY_LOCATOR", "message": "invalid query locator"}]
EXPIRED = [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}]
UNKNOWN = [{"errorCode": "UNKNOWN_EXCEPTION", "message": "An unexpected error occurred."}]

FAULTS: dict[str, dict[str, Any]] = {
    "nothing happens": {"action": "stall", "seconds": 0},
    "the answer is slow": {"action": "stall", "seconds": 0.5},
    "the server is busy three times": {"action": "status", "status": 503, "times": 3},
    "the answer is cut in half": {"action": "corrupt", "when": "after"},
    "the line is cut before it is applied": {"action": "drop", "when": "before"},
    "the line is cut after it is applied": {"action": "drop", "when": "after"},
    "the session has expired": {"action": "status", "status": 401, "reply": EXPIRED},
    "the daily limit is reached": {"action": "status", "status": 403, "reply": LIMIT},
    "the service stumbles": {"action": "status", "status": 500, "reply": UNKNOWN},
    "it asks to wait": {"action": "status", "status": 429, "headers": {"Retry-After": "1"}},
}
#: Every sort of request the connector sends in a run.
TARGETS = {
    "login": {"method": "POST", "path": "/services/oauth2/token"},
    "list of objects": {"method": "GET", "path": "/sobjects/?$"},
    "describe": {"method": "GET", "path": "/describe"},
    "read": {"method": "GET", "path": "/query"},
    "read deletions": {"method": "GET", "path": "/queryAll"},
    "read again": {"method": "POST", "path": r"/composite/sobjects/Account"},
    "send": {"method": "PATCH", "path": "/composite/sobjects"},
    "task": {"method": "POST", "path": "/sobjects/Task"},
    "bulk read begun": {"method": "POST", "path": r"/jobs/query/?$"},
    "bulk read watched": {"method": "GET", "path": r"/jobs/query/\w+$"},
    "bulk page": {"method": "GET", "path": r"/jobs/query/\w+/results"},
    "load begun": {"method": "POST", "path": r"/jobs/ingest/?$"},
    "load uploaded": {"method": "PUT", "path": "/batches"},
    "load closed": {"method": "PATCH", "path": "/jobs/ingest"},
    "load watched": {"method": "GET", "path": r"/jobs/ingest/\w+$"},
    "load outcomes": {"method": "GET", "path": r"/jobs/ingest/\w+/\w+Results"},
}
#: What is asked of the CRM only when everything is planned.
SENDING = {where for where in TARGETS if where.startswith("load")} | {"read again", "send", "task"}
BULK = {where for where in TARGETS if where.startswith(("bulk", "load"))}
#: The session and the daily limit are not known yet while logging in; the first read has no deletions to ask for.
LEFT_OUT = {("login", fault) for fault in ("the session has expired", "the daily limit is reached")} | {
    ("read deletions", fault) for fault in FAULTS
}


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
    for kind in (Delivery, Todo):
        kind.objects.filter(state=kind.State.PENDING).update(not_before=None)
    while due.waiting(stage.portfolio):
        jobs.deliver(stage.portfolio.pk)
    for kind in (Delivery, Todo):
        assert not kind.objects.exclude(state=kind.State.SENT).exists()


@pytest.fixture(scope="module")
def quiet() -> dict[str, Any]:
    """End state of the first run, which nothing disturbs."""
    return {}


#: Cells of the matrix in every test run, the dearest mistakes first; the others are proven by `make soak`.
QUICK = {
    ("send", "the line is cut before it is applied"),
    ("send", "the line is cut after it is applied"),
    ("send", "the answer is cut in half"),
    ("send", "the session has expired"),
    ("send", "the daily limit is reached"),
    ("read", "the server is busy three times"),
    ("read", "the answer is cut in half"),
    ("read again", "it asks to wait"),
    ("task", "the line is cut after it is applied"),
    ("load uploaded", "the line is cut after it is applied"),
    ("load closed", "the service stumbles"),
    ("load outcomes", "the answer is cut in half"),
}
CELLS = [
    pytest.param(where, fault, marks=[] if (where, fault) in QUICK else [pytest.mark.soak])
    for where in TARGETS
    for fault in FAULTS
    if (where, fault) not in LEFT_OUT
]


@pytest.fixture
def in_bulk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty accounts count as many."""
    monkeypatch.setattr(Salesforce, "bulk_from", 10)
    monkeypatch.setattr(loading, "LARGE", 10)
    monkeypatch.setattr(loading, "SIZE", 40)


def prove(stage: Stage, quiet: dict[str, Any]) -> None:
    """Run to the end: the state is that of a quiet run, every row has an outcome, nothing foreign was touched."""
    foreign = stage.foreign_values()
    run = stage.work(stage.portfolio.runs.first() or stage.start())
    assert run.state == Run.State.DONE, run.error
    planned = run.changes.count()
    assert planned == run.changes.filter(state__in=Change.OUTCOMES).count()
    assert run.counts["records_verified"] == planned
    assert not run.changes.exclude(state=Change.State.VERIFIED).exists()
    send_what_waits(stage)
    found = end_state(stage)
    assert found == quiet.setdefault("state", found)
    assert stage.foreign_values() == foreign


@pytest.mark.parametrize(("where", "fault"), CELLS)
def test_the_end_is_that_of_a_quiet_run(
    quiet: dict[str, Any], where: str, fault: str, request: pytest.FixtureRequest
) -> None:
    stage: Stage = request.getfixturevalue("planned" if where in SENDING else "stage")
    if where in BULK:
        request.getfixturevalue("in_bulk")
    if where == "login":
        stage.fault(path="/services/data", action="expire")  # workers share a login and keep it
    stage.fault(**{**TARGETS[where], **FAULTS[fault]})
    prove(stage, quiet)
    assert stage.crm.request("GET", "/__sandbox__/faults").json()[-1]["hits"], "the fault was never met"
    assert stage.run().counts["records_planned"] == 0


@pytest.mark.parametrize("seed", [pytest.param(seed, marks=pytest.mark.soak) for seed in range(1, 201)])
def test_random_faults_end_as_a_quiet_run(
    stage: Stage, quiet: dict[str, Any], seed: int, request: pytest.FixtureRequest
) -> None:
    """One to four cells of the matrix at once, each at a request of its own."""
    chance = random.Random(seed)
    if chance.random() < 0.5:
        request.getfixturevalue("in_bulk")
    for where, fault in chance.sample([(where, fault) for where in TARGETS for fault in FAULTS], chance.randint(1, 4)):
        rule = {**TARGETS[where], **FAULTS[fault], "nth": chance.randint(1, 4)}
        if (where, fault) not in LEFT_OUT:
            stage.fault(**rule)
    prove(stage, quiet)


@pytest.mark.parametrize(
    ("way", "seed"),
    [
        pytest.param(way, seed, marks=[] if seed == 1 else [pytest.mark.soak])
        for way in ("singly", "in bulk")
        for seed in range(1, 6)
    ],
)
def test_a_storm_of_row_locks_ends_as_a_quiet_run(
    planned: Stage, quiet: dict[str, Any], way: str, seed: int, request: pytest.FixtureRequest
) -> None:
    """Every fourth row of any write is refused because somebody else holds it; only those rows are sent again."""
    if way == "in bulk":
        request.getfixturevalue("in_bulk")
    planned.org.set_setting("lock_storm", {"probability": 0.25, "seed": seed, "objects": ["Account"]})
    prove(planned, quiet)
    assert Change.objects.filter(attempts__gt=1).exists(), "no row was ever locked"
    assert Change.objects.filter(attempts=1).exists(), "rows that were saved are not sent again"


@pytest.mark.soak  # tests/sync/test_main_job.py has a run that gives up in every run of the tests
@pytest.mark.parametrize("step", [Run.Step.PULL, Run.Step.VERIFY])
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
