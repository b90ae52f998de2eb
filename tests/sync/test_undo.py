"""Taking a run back: the CRM is as it was, but for what people edited since; and it stays so."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sync.models import Change, Run
from sync.writing import undoing
from tests.sync.stage import Stage

TIER = "Tierline_Tier__c"
LINE = "Tierline_Data_Quality__c"


def undo(stage: Stage, run: Run, **scope: list[str]) -> Run:
    return stage.work(undoing.create(run, "Anna", **scope))


@pytest.fixture
def stage(after_run: Stage) -> Stage:
    return after_run


@pytest.fixture
def run(after_run: Stage) -> Run:
    """The run that is taken back."""
    return Run.objects.get()


Values = dict[str, dict[str, Any]]


def test_an_undone_run_leaves_the_crm_as_it_was_before(stage: Stage, run: Run, before_run: Values) -> None:
    assert stage.own_values() != before_run
    back = undo(stage, run)
    assert back.state == Run.State.DONE
    assert back.counts["records_verified"] == run.counts["records_verified"]
    assert stage.own_values() == before_run


def test_a_persons_edit_since_is_spared_and_listed(stage: Stage, run: Run, before_run: Values) -> None:
    row = run.changes.filter(after__has_key=TIER).first()
    assert row is not None
    other = "gold" if row.after[TIER] != "gold" else "silver"
    stage.org.update("Account", [{"Id": row.record_id, TIER: other}])
    held = stage.own_values()[row.record_id]
    back = undo(stage, run)
    after = stage.own_values()
    assert after.pop(row.record_id) == held
    before_run.pop(row.record_id)
    assert after == before_run
    spared = back.changes.get(state=Change.State.SUPERSEDED)
    assert spared.record_id == row.record_id
    assert "Tier is now" in spared.message
    assert "after we had written it" in spared.message


def test_the_next_runs_do_not_bring_undone_values_back(stage: Stage, run: Run, before_run: Values) -> None:
    undo(stage, run)
    again = stage.run()
    assert {tuple(row.after) for row in again.changes.all()} == {(LINE,)}, "only that these values are missing now"
    assert again.counts["values_kept_undone"] > 0
    told = stage.own_values()
    assert {record: {**values, LINE: before_run[record][LINE]} for record, values in told.items()} == before_run
    next_period = stage.run(date(2026, 12, 1))
    after = stage.own_values()
    unchanged = [row for row in told if after[row] == told[row]]
    assert len(unchanged) + next_period.counts["records_written"] >= len(told)


def test_a_new_model_writes_again_what_was_undone(stage: Stage, run: Run, tmp_path: Path) -> None:
    undo(stage, run)
    stage.publish(("name: Engineering customers", "name: Engineering customers 2"), folder=tmp_path)
    again = stage.run()
    assert again.counts["records_verified"] == run.counts["records_verified"]


def test_an_undo_can_be_undone(stage: Stage, run: Run) -> None:
    published = stage.own_values()
    undo(stage, undo(stage, run))
    assert stage.own_values() == published
    assert stage.run().counts["records_planned"] == 0


def test_accounts_and_fields_can_be_chosen(stage: Stage, run: Run, before_run: Values) -> None:
    published = stage.own_values()
    rows = [row.record_id for row in run.changes.filter(after__has_key=TIER)[:2]]
    back = undo(stage, run, accounts=rows, fields=undoing.field_names(run, ["tier"]))
    after = stage.own_values()
    assert back.changes.count() == 2
    for record in rows:
        assert after[record] == published[record] | {
            name: before_run[record][name] for name in (TIER, "Tierline_Tier_Since__c", "Tierline_Tier_Reason__c")
        }
    assert {record for record in after if after[record] != published[record]} == set(rows)


def test_a_run_that_wrote_nothing_cannot_be_undone(stage: Stage) -> None:
    second = stage.run()
    with pytest.raises(undoing.CannotUndo, match="has written nothing"):
        undoing.create(second, "Anna")
    with pytest.raises(undoing.CannotUndo, match="no field of ours"):
        undoing.field_names(second, ["colour"])
