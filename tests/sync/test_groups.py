"""Groups of accounts in runs: tiers side by side, published, and the same whether a run looks at all or at a few."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from admin import schema
from scoring import calibration, groups
from sync import outputs, starting
from sync.mirror import Cursor, Mirror
from sync.models import Run
from sync.reading import touched
from sync.scores import baseline, evaluate, group_tiers, latest
from tests.sync.stage import Stage

FIELD = "Tierline_Group_Tier__c"
COLUMNS = (
    *("account_id", "in_scope", "scope_reason", "tier", "revenue"),
    *("group_id", "group_tier", "group_reason", "group_tier_since"),
)


def scores(stage: Stage) -> dict[str, dict[str, Any]]:
    """The newest scores by account; what is empty is None."""
    found = latest.read(stage.portfolio.pk, COLUMNS).astype(object)
    rows: list[Any] = found.where(found.notna(), None).to_dict("records")
    return {row["account_id"]: row for row in rows}


def publish(stage: Stage, folder: Path, more: str = "") -> None:
    words = "{enabled: true, count_elsewhere: {field: name, starts_with: Branch}"
    stage.publish(("groups: {enabled: false}", f"groups: {words}{more}}}"), folder=folder)


def under(stage: Stage, parents: dict[str, str | None]) -> None:
    stage.org.update("Account", [{"Id": child, "ParentId": parent} for child, parent in parents.items()])


def grouped(stage: Stage) -> list[str]:
    """Customers: 1 and 2 under 0, a branch 3 under 2, 5 under 4; 6 alone. No other account has a parent."""
    ids = [row["Id"] for row in stage.query("SELECT Id FROM Account WHERE Type LIKE 'Customer%' ORDER BY Id LIMIT 7")]
    under(stage, {row["Id"]: None for row in stage.query("SELECT Id FROM Account WHERE ParentId != null")})
    under(stage, {ids[1]: ids[0], ids[2]: ids[0], ids[3]: ids[2], ids[5]: ids[4]})
    stage.org.update("Account", [{"Id": ids[3], "Name": "Branch North"}])
    return ids


def done(run: Run) -> Run:
    assert run.state == Run.State.DONE, run.error or run.notice
    return run


def test_members_show_their_groups_tier_and_an_incremental_run_equals_a_full_one(
    after_run: Stage, tmp_path: Path
) -> None:
    stage, ids = after_run, grouped(after_run)
    publish(stage, tmp_path)
    full = done(stage.run())
    table = scores(stage)
    assert {account for account, row in table.items() if row["group_id"]} == set(ids[:6])
    assert {table[account]["group_id"] for account in ids[:4]} == {ids[0]}
    assert table[ids[3]]["tier"] is None
    assert table[ids[3]]["scope_reason"].startswith("Counted with ")
    (told,) = {table[account]["group_reason"] for account in ids[:4]}
    assert told.startswith("4 accounts together. ")

    (order,) = stage.query(f"SELECT Id FROM Order WHERE AccountId = '{ids[3]}' LIMIT 1")
    stage.org.delete("Order", [order["Id"]])
    under(stage, {ids[5]: ids[0], ids[2]: None})
    batch = done(stage.work(starting.create(stage.portfolio, "test", kind=Run.Kind.INCREMENTAL)))
    seen = set(stage.connection.accounts.filter(seen_in=batch).values_list("record_id", flat=True))
    siblings = {ids[1], ids[4]}  # nothing of theirs has changed, but their groups have
    assert siblings <= seen < set(table)
    assert not siblings & set(full.changes.values_list("record_id", flat=True))
    part = scores(stage)
    assert (part[ids[5]]["group_id"], part[ids[4]]["group_id"]) == (ids[0], None)

    publish(stage, tmp_path, ", publish: true")
    schema.apply(stage.connection, schema.plan(stage.connection))
    newest = stage.work(stage.start(), until=Run.Step.GUARD)
    assert scores(stage) == part
    written = {change.record_id: change.after.get(FIELD) for change in newest.changes.filter(kind="account")}
    assert {record for record, tier in written.items() if tier} == {ids[0], ids[1], ids[5], ids[2]}
    assert written[ids[1]] == part[ids[0]]["group_tier"]
    assert_best_and_held(newest, part)


def assert_best_and_held(run: Run, part: dict[str, dict[str, Any]]) -> None:
    """By `best` the group's tier is the best of its members'; at the turn of a period it starts from where it stood."""
    model, held = outputs.model(run.model), run.calibration
    assert held is not None
    fitted = calibration.Calibration.from_json(held.payload)
    units = baseline.figures(run, model, evaluate.as_of(run))
    best = model.model_copy(update={"groups": model.groups.model_copy(update={"roll_up": "best"})})
    table = group_tiers.standing(run, best, fitted, units)
    for head, tier, reason in zip(table["group_id"], table["group_tier"], table["group_reason"], strict=True):
        own = {row["tier"] for row in part.values() if row["group_id"] == head}
        assert tier == min(own - {None}, key=model.tiers.keys.index)
        assert reason.endswith(f" is {model.tiers.label(tier)}")
    run.as_of = date(2026, 12, 1)
    wholes = baseline.group_figures(run, model, run.as_of, units=units)
    before = baseline.before(run, wholes, groups.rules(model), fitted, baseline.GROUP)
    assert before is not None
    assert set(before["account_id"]) == {row["group_id"] for row in part.values()} - {None}
    assert set(before["tier_since"]) == {"2026-11-01"}


def test_a_new_parent_a_lost_one_and_a_deleted_one_touch_those_above_and_below() -> None:
    with duckdb.connect() as database:
        held = Mirror(database)
        held.cursor("c", "account", {"id": "Id", "parent_id": "ParentId"})

        def touched_by(**parents: str | None) -> set[str]:
            rows = pa.table({"id": [*parents], "parent_id": pa.array(parents.values(), pa.string())})
            touched.forget(database, touched.read(database).upto)
            held.absorb("c", "account", rows, cursor=Cursor(None, "", True))
            return {account for _, account in touched.read(database).accounts or ()}

        assert touched_by(top=None, unit="top", plant="unit") == {"top", "unit", "plant"}
        assert touched_by(top=None, unit="other") == {"unit", "top", "other"}
        touched.forget(database, touched.read(database).upto)
        held.remove("c", "account", ["unit"])
        assert touched.read(database).accounts == frozenset(("c", each) for each in ("unit", "other", "plant"))
