"""The first rows of a large write, and what the org does with them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from sync.models import Change, Run
from sync.writing import canary, holding
from tests.sync import playing
from tests.sync.crm_stage import CrmStage


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 60 accounts, the first eight are the canary."""
    monkeypatch.setattr(canary, "ROWS", 8)
    monkeypatch.setattr(canary, "LARGE", 16)


@pytest.fixture
def planned(planned_of_each: CrmStage) -> CrmStage:
    return planned_of_each


def interfere(stage: CrmStage, accounts: Sequence[str]) -> None:
    """What a flow or another integration does to these accounts."""
    for account in accounts:
        stage.edit(account, **{stage.foreign: "Hot"})


def until_sent(planned: CrmStage) -> Run:
    """A run whose first rows have arrived and are not judged yet."""
    run = Run.objects.get()
    while not run.changes.filter(state=Change.State.SENT).exists():
        planned.unit(run)
    return run


def first_rows(run: Run) -> list[str]:
    return list(run.changes.filter(state=Change.State.SENT).values_list("record_id", flat=True))


def test_a_foreign_field_that_changes_with_ours_holds_the_run_after_the_first_rows(planned: CrmStage) -> None:
    run = until_sent(planned)
    rows = first_rows(run)
    interfere(planned, rows)
    run = planned.work(run)
    assert run.state == Run.State.HELD
    (reason,) = run.held
    assert reason["code"] == "AUTOMATION"
    assert f"{planned.foreign} changed too, on 8 of 8 records" in reason["message"]
    states = list(run.changes.filter(kind="account").values_list("state", flat=True))
    assert states.count(Change.State.VERIFIED) == 8
    assert states.count(Change.State.PLANNED) == len(states) - 8


def test_a_flow_of_the_org_that_answers_our_write_is_found(ready: Path, home: Path) -> None:
    """Salesforce runs a flow within the write; HubSpot runs its workflows some time afterwards."""
    flow = {
        "name": "Rate_by_tier",
        "object": "Account",
        "when": "ISCHANGED(Tierline_Tier__c)",
        "set": {"Rating": 'IF(ISPICKVAL(Tierline_Tier__c, "platinum"), "Hot", "Cold")'},
    }
    with playing.opened(ready, home) as stage:
        stage.org.set_setting("automations", [flow])
        before = stage.foreign_values()
        run = stage.work(Run.objects.get())
        assert run.state == Run.State.HELD
        assert run.held[0]["code"] == "AUTOMATION"
        assert "Rating changed too" in run.held[0]["message"]
        touched = [record for record, values in stage.foreign_values().items() if values != before[record]]
        assert 0 < len(touched) <= 8, "nothing beyond the first rows was written"


def test_approved_it_sends_the_rest(planned: CrmStage) -> None:
    run = until_sent(planned)
    interfere(planned, first_rows(run))
    run = planned.work(run)
    holding.approve(run, "Anna")
    run = planned.work(run)
    assert run.state == Run.State.DONE
    assert not run.changes.exclude(state=Change.State.VERIFIED).exists()


def test_one_edit_by_a_person_meanwhile_does_not_hold_it(planned: CrmStage) -> None:
    run = until_sent(planned)
    interfere(planned, first_rows(run)[:1])
    run = planned.work(run)
    assert run.state == Run.State.DONE, run.held


def test_a_worker_that_dies_in_the_canary_changes_nothing(planned: CrmStage) -> None:
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


def test_many_refusals_hold_it(planned: CrmStage) -> None:
    run = Run.objects.get()
    planned.unit(run)
    planned.refuse_next(8)
    run = planned.work(run)
    assert run.state == Run.State.HELD
    assert run.held[0]["code"] == "REFUSALS"
    assert "refused 8 of the first 8 records" in run.held[0]["message"]
