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
    assert level.controller == ground.segment.name
    assert {value.key: value.parents for value in level.values} == {"fast": ("grow",), "slow": ("grow", "keep")}
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
