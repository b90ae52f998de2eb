"""The first rows of a large write, and what the org does with them."""

from __future__ import annotations

from typing import Any

import pytest

from sync.models import Change, Run
from sync.writing import canary, holding
from tests.sync.stage import Stage


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 60 accounts, the first eight are the canary."""
    monkeypatch.setattr(canary, "ROWS", 8)
    monkeypatch.setattr(canary, "LARGE", 16)


def until_sent(planned: Stage) -> Run:
    """A run whose first rows have arrived and are not judged yet."""
    run = Run.objects.get()
    while not run.changes.filter(state=Change.State.SENT).exists():
        planned.unit(run)
    return run


def first_rows(run: Run) -> list[str]:
    return list(run.changes.filter(state=Change.State.SENT).values_list("record_id", flat=True))


def test_a_foreign_field_that_changes_with_ours_holds_the_run_after_the_first_rows(planned: Stage) -> None:
    run = until_sent(planned)
    rows = first_rows(run)
    planned.org.update("Account", [{"Id": record, "Rating": "Hot"} for record in rows])
    run = planned.work(run)
    assert run.state == Run.State.HELD
    (reason,) = run.held
    assert reason["code"] == "AUTOMATION"
    assert "Rating changed too, on 8 of 8 records" in reason["message"]
    states = list(run.changes.values_list("state", flat=True))
    assert states.count(Change.State.VERIFIED) == 8
    assert states.count(Change.State.PLANNED) == len(states) - 8


def test_a_flow_of_the_org_that_answers_our_write_is_found(planned: Stage) -> None:
    flow = {
        "name": "Rate_by_tier",
        "object": "Account",
        "when": "ISCHANGED(Tierline_Tier__c)",
        "set": {"Rating": 'IF(ISPICKVAL(Tierline_Tier__c, "platinum"), "Hot", "Cold")'},
    }
    planned.org.set_setting("automations", [flow])
    before = planned.foreign_values()
    run = planned.work(Run.objects.get())
    assert run.state == Run.State.HELD
    assert run.held[0]["code"] == "AUTOMATION"
    assert "Rating changed too" in run.held[0]["message"]
    touched = [record for record, values in planned.foreign_values().items() if values != before[record]]
    assert 0 < len(touched) <= 8, "nothing beyond the first rows was written"


def test_approved_it_sends_the_rest(planned: Stage) -> None:
    run = until_sent(planned)
    planned.org.update("Account", [{"Id": record, "Rating": "Hot"} for record in first_rows(run)])
    run = planned.work(run)
    holding.approve(run, "Anna")
    run = planned.work(run)
    assert run.state == Run.State.DONE
    assert run.counts["records_verified"] == run.changes.count()


def test_one_edit_by_a_person_meanwhile_does_not_hold_it(planned: Stage) -> None:
    run = until_sent(planned)
    planned.org.update("Account", [{"Id": first_rows(run)[0], "Rating": "Hot"}])
    assert planned.work(run).state == Run.State.DONE


def test_a_worker_that_dies_in_the_canary_changes_nothing(planned: Stage) -> None:
    run = Run.objects.get()
    for _ in range(20):
        planned.unit(run)
        run.refresh_from_db()
        if run.step != Run.Step.CANARY:
            break
        sent = run.changes.filter(state__in=(Change.State.SENT, Change.State.SENDING))
        sent.update(state=Change.State.SENDING)  # as a worker leaves it that dies before it recorded the answer
    run = planned.work(run)
    assert (run.state, run.counts["records_superseded"]) == (Run.State.DONE, 0)


def test_many_refusals_hold_it(planned: Stage) -> None:
    run = Run.objects.get()
    planned.unit(run)
    reply: list[dict[str, Any]] = [
        {
            "success": False,
            "errors": [{"statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "No", "fields": []}],
        }
    ] * 8
    planned.fault(method="PATCH", path="/composite/sobjects", nth=1, action="status", status=200, reply=reply)
    run = planned.work(run)
    assert run.state == Run.State.HELD
    assert run.held[0]["code"] == "REFUSALS"
    assert "refused 8 of the first 8 records" in run.held[0]["message"]
