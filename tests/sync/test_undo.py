"""Taking a run back: the CRM is as it was, but for what people edited since; and it stays so."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from sync.models import Change, Run
from sync.writing import undoing
from tests.sync import playing
from tests.sync.crm_stage import CrmStage, Values


def undo(stage: CrmStage, run: Run, **scope: list[str]) -> Run:
    return stage.work(undoing.create(run, "Anna", **scope))


@pytest.fixture
def stage(after_run_of_each: CrmStage) -> CrmStage:
    return after_run_of_each


@pytest.fixture
def run(stage: CrmStage) -> Run:
    """The run that is taken back."""
    return Run.objects.get()


@pytest.fixture
def before_run(settled_crm: Path) -> Values:
    """Our fields of every account as they were before that run, by id."""
    values: Values = json.loads((settled_crm / playing.BEFORE).read_text())
    return values


def test_an_undone_run_leaves_the_crm_as_it_was_before(stage: CrmStage, run: Run, before_run: Values) -> None:
    assert stage.own_values() != before_run
    back = undo(stage, run)
    assert back.state == Run.State.DONE
    assert back.counts["records_verified"] == run.counts["records_verified"]
    assert stage.own_values() == before_run


def test_a_persons_edit_since_is_spared_and_listed(stage: CrmStage, run: Run, before_run: Values) -> None:
    tier = stage.field("tier")
    row = run.changes.filter(after__has_key=tier, kind="account").first()
    assert row is not None
    other = "gold" if row.after[tier] != "gold" else "silver"
    stage.edit(row.record_id, **{tier: other})
    held = stage.own_values()[row.record_id]
    back = undo(stage, run)
    after = stage.own_values()
    left = after.pop(row.record_id)
    account = stage.layout.names.values()  # what HubSpot has on the company besides is a change of its own
    assert [left[name] for name in account] == [held[name] for name in account]
    before_run.pop(row.record_id)
    assert after == before_run
    spared = back.changes.get(state=Change.State.SUPERSEDED)
    assert spared.record_id == row.record_id
    assert "Tier is now" in spared.message
    assert "after we had written it" in spared.message


def test_the_next_runs_do_not_bring_undone_values_back(stage: CrmStage, run: Run, before_run: Values) -> None:
    undo(stage, run)
    again = stage.run()
    line = stage.field("data_quality")
    assert {tuple(row.after) for row in again.changes.all()} == {(line,)}, "only that these values are missing now"
    assert again.counts["values_kept_undone"] > 0
    told = stage.own_values()
    assert {record: {**values, line: before_run[record][line]} for record, values in told.items()} == before_run
    next_period = stage.run(stage.today + timedelta(days=20))
    after = stage.own_values()
    unchanged = [row for row in told if after[row] == told[row]]
    assert len(unchanged) + next_period.counts["records_written"] >= len(told)


def test_a_new_model_writes_again_what_was_undone(stage: CrmStage, run: Run, tmp_path: Path) -> None:
    undo(stage, run)
    stage.rename_model(tmp_path)
    again = stage.run()
    assert again.counts["records_verified"] == run.counts["records_verified"]


def test_an_undo_can_be_undone(stage: CrmStage, run: Run) -> None:
    published = stage.own_values()
    undo(stage, undo(stage, run))
    assert stage.own_values() == published
    assert stage.run().counts["records_planned"] == 0


def test_accounts_and_fields_can_be_chosen(stage: CrmStage, run: Run, before_run: Values) -> None:
    published = stage.own_values()
    rows = [row.record_id for row in run.changes.filter(after__has_key=stage.field("tier"), kind="account")[:2]]
    back = undo(stage, run, accounts=rows, fields=undoing.field_names(run, ["tier"]))
    after = stage.own_values()
    assert back.changes.filter(kind="account").count() == 2
    for record in rows:
        taken_back = [stage.field(role) for role in ("tier", "tier_since", "tier_reason")]
        assert after[record] == published[record] | {name: before_run[record][name] for name in taken_back}
    assert {record for record in after if after[record] != published[record]} == set(rows)


def test_a_run_that_wrote_nothing_cannot_be_undone(stage: CrmStage) -> None:
    second = stage.run()
    with pytest.raises(undoing.CannotUndo, match="has written nothing"):
        undoing.create(second, "Anna")
    with pytest.raises(undoing.CannotUndo, match="no field of ours"):
        undoing.field_names(second, ["colour"])
