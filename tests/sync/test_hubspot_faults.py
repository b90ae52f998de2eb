"""Faults on the line to HubSpot, in each sort of request: the run ends as a quiet one, every row accounted for."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest

from connectors.hubspot import Hubspot
from connectors.patience import Patience
from sync import jobs
from sync.models import Change, Delivery, Run, Todo
from tests.sync.hubspot_stage import HubspotStage

pytestmark = pytest.mark.faults

OBJECTS = ("companies", "deals")
FAULTS: dict[str, dict[str, Any]] = {
    "nothing happens": {"action": "stall", "seconds": 0},
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


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pauses between two tries are short, and as many: how long they are is not what this is about."""
    whole = Patience()
    monkeypatch.setattr(Patience.__init__, "__defaults__", (whole.tries, 0.01, whole.longest_pause, whole.budget))


def send_what_waits(hub: HubspotStage) -> None:
    """What the scheduler does later, as often as it takes: a task is not created twice by one attempt."""
    waiting = [kind.objects.filter(state=kind.State.PENDING) for kind in (Delivery, Todo)]
    for _ in range(8):
        if not any(rows.update(not_before=None) for rows in waiting):
            return
        jobs.deliver(hub.portfolio.pk)
    raise AssertionError("a message is not sent however often it is tried")


def prove(hub: HubspotStage, quiet: dict[str, Any]) -> None:
    """Run to the end: the state is that of a quiet run, every row has an outcome, nothing foreign was touched."""
    theirs = {name: hub.records(name, ours=False) for name in OBJECTS}
    run = hub.run()
    assert run.state == Run.State.DONE, run.error
    assert not run.changes.exclude(state=Change.State.VERIFIED).exists()
    send_what_waits(hub)
    found = {**{name: hub.records(name, ours=True) for name in OBJECTS}, "tasks": hub.tasks()}
    assert found == quiet.setdefault("state", found)
    assert {name: hub.records(name, ours=False) for name in OBJECTS} == theirs


@pytest.mark.parametrize("cells", CELLS)
def test_the_end_is_that_of_a_quiet_run(
    hub: HubspotStage, quiet: dict[str, Any], cells: Sequence[tuple[str, str]]
) -> None:
    for where, fault in cells:
        hub.fault(**{**TARGETS[where], **FAULTS[fault]})
    prove(hub, quiet)
    told = hub.crm.request("GET", "/__sandbox__/faults").json()
    assert all(rule["hits"] for rule in told), "a fault was never met"


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1, 201))
def test_random_faults_end_as_a_quiet_run(
    hub: HubspotStage, quiet: dict[str, Any], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One to four cells of the matrix at once, each at a request of its own; half of them read page by page."""
    chance = random.Random(seed)
    if chance.random() < 0.5:
        monkeypatch.setattr(Hubspot, "bulk_from", 10)
    for where, fault in chance.sample([(where, fault) for where in TARGETS for fault in FAULTS], chance.randint(1, 4)):
        hub.fault(**{**TARGETS[where], **FAULTS[fault], "nth": chance.randint(1, 4)})
    prove(hub, quiet)
