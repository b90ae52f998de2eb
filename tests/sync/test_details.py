"""The detail record beside each account: made, kept steady, taken away; a person's edit of it stays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from admin import schema
from scoring import presets
from sync import starting
from sync.governance import overriding
from sync.models import AccountState, Change, Override, Run
from sync.reading import dirty
from sync.writing import details, loading, undoing
from sync.writing.details import Detail
from tests.sync import playing
from tests.sync.playing import Plays
from tests.sync.stage import TODAY, Stage

DETAIL = "Tierline_Detail__c"
MODEL = (
    "\nguard: ",
    "\ndetail: {enabled: true}\nplaybook:\n  platinum: Visit every month.\n  bronze: Served by the web shop.\nguard: ",
)


@pytest.fixture
def detailed(after_run: Stage, tmp_path: Path) -> Stage:
    """A company whose model wants detail records, installed."""
    after_run.publish(MODEL, folder=tmp_path)
    schema.apply(after_run.connection, schema.plan(after_run.connection))
    return after_run


@pytest.fixture(scope="session")
def recorded_once(settled: Path, plays: Plays) -> Path:
    def act(stage: Stage, folder: Path) -> None:
        stage.publish(MODEL, folder=folder)
        schema.apply(stage.connection, schema.plan(stage.connection))
        stage.run()

    return plays.play("recorded", settled, act)


@pytest.fixture
def recorded(recorded_once: Path, home: Path) -> Iterator[Stage]:
    """The same company after the run that made the records."""
    with playing.opened(recorded_once, home) as stage:
        yield stage


def records(stage: Stage) -> dict[str, dict[str, Any]]:
    """Detail records by account."""
    rows = stage.query(
        "SELECT Id, Tierline_Account__c, Tierline_Account_Key__c, Tierline_Value_Score__c, Tierline_Cost_To_Serve__c, "
        "Tierline_Reasons__c, Tierline_Playbook__c, Tierline_Scored_On__c, Tierline_Position__c, "
        f"Tierline_Nearest_Change__c, Tierline_Last_Contact__c FROM {DETAIL}"
    )
    assert len({row["Tierline_Account__c"] for row in rows}) == len(rows)
    assert all(row["Tierline_Account__c"] == row["Tierline_Account_Key__c"] for row in rows)
    return {row["Tierline_Account__c"]: row for row in rows}


def test_the_plan_names_the_object_and_a_second_apply_does_nothing(after_run: Stage, tmp_path: Path) -> None:
    after_run.publish(MODEL, folder=tmp_path)
    plan = schema.plan(after_run.connection)
    assert f"+ {DETAIL} a record beside each account, seen by whoever sees the account" in [
        f"{step.sign} {step.target} {step.detail}" for step in plan.steps
    ]
    schema.apply(after_run.connection, plan)
    assert not schema.plan(after_run.connection).changes


def test_every_account_with_a_tier_gets_one_record_and_the_second_run_writes_none(recorded: Stage) -> None:
    run = Run.objects.latest("pk")
    assert run.state == Run.State.DONE, run.error
    made = records(recorded)
    states = {state.record_id: state for state in AccountState.objects.exclude(tier="")}
    assert set(made) == set(states)
    for record_id, row in made.items():
        score = states[record_id].score
        assert score is not None
        assert row["Tierline_Value_Score__c"] == score.value_score
        assert all(reason["text"] in row["Tierline_Reasons__c"] for reason in score.result["reasons"])
        assert (row["Tierline_Nearest_Change__c"] or "") == score.result["nearest"]
        value, cost = score.result["position"]
        assert row["Tierline_Position__c"] == f"Value: {value}, Cost to serve: {cost}"
    playbooks = {states[key].tier: row["Tierline_Playbook__c"] for key, row in made.items()}
    assert playbooks["platinum"] == "Visit every month."
    assert run.counts["details_written"] == len(made)
    assert not run.changes.exclude(state=Change.State.VERIFIED).exists()
    assert not recorded.run().changes.exists()
    assert not recorded.run(date(2026, 11, 24)).changes.exists()


def test_the_cause_of_the_last_move_stays_until_the_next_one() -> None:
    names = {"cause": "Cause", "scored_on": "Day"}
    written = details.marks(names, {"Cause": "behaviour"})

    def after(cause: str | None, *, moved: bool) -> dict[str, Any]:
        held = Detail({"cause": cause}, {"Cause": "behaviour", "Day": "2026-10-01"}, written, moved=moved)
        return details.plan(held, names, {}, date(2026, 11, 1), 31)[0]

    assert not after(None, moved=False)
    assert after("override", moved=True)["Cause"] == "override"


def test_a_record_that_says_the_truth_is_dated_anew_after_more_than_a_period() -> None:
    names = {"cause": "Cause", "scored_on": "Day"}
    held = Detail({"cause": "merge"}, {"Cause": "merge", "Day": "2026-09-30"}, details.marks(names, {"Cause": "merge"}))
    assert details.plan(held, names, {}, date(2026, 10, 31), 31) == ({}, [])
    assert details.plan(held, names, {}, date(2026, 11, 30), 31) == ({"Day": "2026-11-30"}, [])


def test_only_a_date_of_the_calendar_says_that_runs_no_longer_come() -> None:
    monthly = presets.load("default")
    by_data = monthly.model_copy(
        update={"clock": monthly.clock.model_copy(update={"period": "after_newest_transaction"})}
    )
    assert details.fresh_days(monthly) == 69
    assert details.fresh_days(by_data) == 0, "the card calls nothing old"


def test_a_move_that_waits_for_the_review_round_is_told() -> None:
    row = dict.fromkeys(("value_score", "cost_to_serve", "position", "nearest", "cause", "last_contact_on"))
    row |= {"in_scope": True, "tier": "gold", "reasons": [], "missing": [], "proposed": "silver"}
    assert details.computed(row, presets.load("default"))["waiting"] == "Silver"
    assert details.computed(row | {"proposed": None}, presets.load("default"))["waiting"] is None


def test_what_the_crm_refuses_for_good_is_said_on_the_detail_record(recorded: Stage) -> None:
    account = AccountState.objects.filter(tier="bronze").order_by("pk")[0]
    override = overriding.request(
        account, "gold", "Sam", kind="lock", reason="strategic", comment="x", until=date(2027, 3, 31), today=TODAY
    )
    overriding.approve(override, "Ada", today=TODAY)
    error = {"statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "VAT number is needed", "fields": []}
    reply = [{"success": False, "errors": [error]}]
    recorded.fault(method="PATCH", path="composite/sobjects", action="status", status=200, reply=reply)
    for _ in range(2):
        dirty.mark(recorded.connection, [account.record_id], "test")
        recorded.work(starting.create(recorded.portfolio, "test", kind=Run.Kind.INCREMENTAL, today=TODAY))
    where = f"WHERE Tierline_Account_Key__c = '{account.record_id}'"
    (row,) = recorded.query(f"SELECT Tierline_Problem__c, Tierline_Override__c FROM {DETAIL} {where}")
    assert "VAT number is needed" in row["Tierline_Problem__c"]


def test_by_bulk_the_records_are_the_same(detailed: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "LARGE", 10)
    run = detailed.run()
    assert run.state == Run.State.DONE, run.error
    assert run.loads.exists()
    assert len(records(detailed)) == run.changes.filter(kind="detail", state=Change.State.VERIFIED).count() > 30


def test_a_persons_edit_stays_and_is_shown(recorded: Stage) -> None:
    record_id, row = next(iter(records(recorded).items()))
    recorded.org.update(DETAIL, [{"Id": row["Id"], "Tierline_Reasons__c": "Because I say so"}])
    recorded.run(date(2026, 12, 1))
    assert records(recorded)[record_id]["Tierline_Reasons__c"] == "Because I say so"
    assert Override.objects.get(field="detail_reasons").value == "Because I say so"


def test_an_account_that_is_no_customer_any_more_loses_its_record(recorded: Stage) -> None:
    record_id = next(iter(records(recorded)))
    recorded.org.update("Account", [{"Id": record_id, "Type": "Competitor"}])
    run = recorded.run()
    assert run.state == Run.State.DONE, run.error
    assert record_id not in records(recorded)
    assert not recorded.run().changes.exists()


def keys(stage: Stage) -> dict[str, list[str]]:
    """Keys of the detail records under each account."""
    found: dict[str, list[str]] = {}
    for row in stage.query(f"SELECT Tierline_Account__c, Tierline_Account_Key__c FROM {DETAIL}"):
        found.setdefault(row["Tierline_Account__c"], []).append(row["Tierline_Account_Key__c"])
    return found


def test_after_a_merge_the_account_that_stays_has_its_own_record_alone_and_undo_is_exact(recorded: Stage) -> None:
    made = records(recorded)
    staying, gone, bare, gone_too, foreign, third = list(made)[:6]
    recorded.org.delete(DETAIL, [made[bare]["Id"], made[foreign]["Id"]])
    recorded.org.update("Account", [{"Id": foreign, "Type": "Competitor"}])
    for master, loser in ((staying, gone), (bare, gone_too), (foreign, third)):
        recorded.org.merge("Account", master, [loser])
    merged = keys(recorded)
    assert sorted(merged[staying]) == sorted([staying, gone])

    run = recorded.run()
    assert run.state == Run.State.DONE, run.error
    assert run.counts["merged_details_removed"] == 3
    assert not run.changes.exclude(state=Change.State.VERIFIED).exists()
    left = records(recorded)  # each under its own account
    assert {staying, bare} <= set(left)
    assert foreign not in left
    assert not recorded.run().changes.exists()

    back = recorded.work(undoing.create(run, "Anna"))
    assert not back.changes.exclude(state=Change.State.VERIFIED).exists()
    assert keys(recorded) == merged
    assert not recorded.run().changes.filter(kind="detail").exists()


def test_undo_takes_the_records_away_again(recorded: Stage) -> None:
    run = Run.objects.latest("pk")
    recorded.work(undoing.create(run, "Anna"))
    assert not records(recorded)
    assert not recorded.run().changes.filter(kind="detail").exists()


def test_removal_takes_the_object_and_leaves_the_rest_of_the_account(recorded: Stage) -> None:
    kept = schema.plan_removal(recorded.connection, delete_data=False)
    assert f"CustomObject {DETAIL}" not in {step.target for step in kept.changes}
    schema.remove(recorded.connection, schema.plan_removal(recorded.connection, delete_data=True))
    assert DETAIL not in recorded.org.objects()
