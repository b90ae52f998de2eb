"""Fields of ours in a CRM: planned, installed once, and nothing of anybody else's lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.base import Crm, FieldSpec, PicklistValue
from connectors.errors import SchemaMismatch
from tests.contract.ground import Ground


def specs(ground: Ground) -> list[FieldSpec]:
    return [ground.segment, ground.level, ground.reason, ground.score]


def test_a_plan_is_applied_once_and_shown_by_the_crm(ground: Ground, crm: Crm) -> None:
    plan = crm.plan_schema(specs(ground))
    assert {step.spec.name: step.sign for step in plan.steps if step.spec} == {spec.name: "+" for spec in specs(ground)}
    assert ground.segment.name not in crm.describe("account")
    crm.apply_schema(plan)
    shown = crm.describe("account")
    assert all(shown[spec.name].updateable and shown[spec.name].label == spec.label for spec in specs(ground))
    assert [value.key for value in shown[ground.segment.name].values] == ["grow", "keep"]
    level = shown[ground.level.name]
    assert level.controller == ground.level.controller
    assert {value.key: value.parents for value in level.values} == {
        value.key: value.parents for value in ground.level.values
    }
    assert crm.plan_schema(specs(ground)).changes == ()
    crm.apply_schema(plan)  # an old plan does no harm
    assert ground.connect().plan_schema(specs(ground)).changes == ()


def test_values_of_others_survive_and_are_told(installed: Ground, crm: Crm) -> None:
    installed.add_foreign_value(installed.segment, "partner")
    assert crm.plan_schema(specs(installed)).changes == ()
    more = (*installed.segment.values, PicklistValue("win", "Win"))
    wanted = [replace(installed.segment, values=more), *specs(installed)[1:]]
    plan = crm.plan_schema(wanted)
    assert [step.spec.name for step in plan.changes if step.spec] == [installed.segment.name]
    assert [value for values in plan.foreign.values() for value in values] == ["Partner"]
    crm.apply_schema(plan)
    assert set(installed.keys(installed.segment)) == {"grow", "keep", "partner", "win"}
    assert crm.plan_schema(wanted).changes == ()


def test_a_label_changes_without_the_key(installed: Ground, crm: Crm) -> None:
    renamed = (PicklistValue("grow", "Grow faster"), *installed.segment.values[1:])
    crm.apply_schema(crm.plan_schema([replace(installed.segment, values=renamed), *specs(installed)[1:]]))
    labels = {value.key: value.label for value in crm.describe("account")[installed.segment.name].values}
    assert labels["grow"] == "Grow faster"


def test_a_field_of_another_type_is_refused_before_anything_changes(installed: Ground, crm: Crm) -> None:
    before = crm.describe("account")
    new = replace(installed.reason, name=installed.reason.name.replace("Reason", "Other"))
    plan = crm.plan_schema([replace(installed.score, type="date", precision=0, scale=0), new])
    assert "!" in {step.sign for step in plan.steps}
    with pytest.raises(SchemaMismatch):
        crm.apply_schema(plan)
    assert crm.describe("account") == before


def test_drift_names_both_sides(fresh: Ground) -> None:
    crm = fresh.connect()
    assert len(crm.drift(specs(fresh))) == 4
    crm.apply_schema(crm.plan_schema(specs(fresh)))
    assert fresh.connect().drift(specs(fresh)) == []
    more = (*fresh.segment.values, PicklistValue("win", "Win"))
    (sentence,) = fresh.connect().drift([replace(fresh.segment, values=more), *specs(fresh)[1:]])
    assert fresh.segment.name in sentence
    assert '"Win"' in sentence
    (sentence,) = fresh.connect().drift([replace(fresh.score, type="date"), *specs(fresh)[:3]])
    assert "in the model" in sentence


def test_a_value_that_others_add_is_no_drift(fresh: Ground) -> None:
    crm = fresh.connect()
    crm.apply_schema(crm.plan_schema(specs(fresh)))
    fresh.add_foreign_value(fresh.segment, "partner")
    assert fresh.connect().drift(specs(fresh)) == []


def test_removing_with_data_restores_what_was_there_before(fresh: Ground) -> None:
    crm = fresh.connect()
    before = crm.describe("account")
    plan = crm.plan_schema(specs(fresh))
    created = [name for step in plan.steps for name in step.creates]
    crm.apply_schema(plan)
    assert fresh.connect().describe("account") != before
    kept = crm.plan_removal(created, delete_data=False)
    crm.remove_schema(kept)
    assert "=" in {step.sign for step in kept.steps} <= {"-", "="}
    crm = fresh.connect()
    gone = crm.plan_removal(created, delete_data=True)
    assert {step.sign for step in gone.steps} == {"-"}
    crm.remove_schema(gone)
    crm.remove_schema(gone)  # an old plan does no harm
    assert fresh.connect().describe("account") == before
    assert fresh.connect().plan_removal(created, delete_data=True).steps == ()


def test_without_data_the_fields_keep_their_values(fresh: Ground) -> None:
    crm = fresh.connect()
    plan = crm.plan_schema(specs(fresh))
    crm.apply_schema(plan)
    (record,) = fresh.add_accounts(["Kept"])
    fresh.edit(record, {fresh.reason.name: "still here"})
    crm.remove_schema(crm.plan_removal([name for step in plan.steps for name in step.creates], delete_data=False))
    assert fresh.values(record)[fresh.reason.name] == "still here"


def test_a_field_that_was_there_before_us_is_never_removed(fresh: Ground) -> None:
    crm = fresh.connect()
    crm.apply_schema(crm.plan_schema([fresh.reason]))
    theirs = fresh.connect()
    plan = theirs.plan_schema(specs(fresh))
    created = [name for step in plan.steps for name in step.creates]
    theirs.apply_schema(plan)
    theirs.remove_schema(theirs.plan_removal(created, delete_data=True))
    left = fresh.connect().describe("account")
    assert fresh.reason.name in left
    assert fresh.segment.name not in left
