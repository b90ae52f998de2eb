"""Values on leads, as an option: the same lists, handed to the account at conversion."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from admin import schema
from connectors.sandbox.org.schema import FieldDef
from connectors.sandbox.salesforce_api.catalog import Live
from sync.models import Run
from tests.sync.stage import Stage

MAPPINGS = "LeadConvertSettings"
SEGMENT, SUB = "Tierline_Segment__c", "Tierline_Sub_Segment__c"


@pytest.fixture
def theirs(after_run: Stage, tmp_path: Path) -> Stage:
    """An org with a mapping of somebody else's, and a model that wants values on leads."""
    for name in ("Lead", "Account"):
        after_run.org.save_field(name, FieldDef("Region__c", "Region", "string", length=40, custom=True))
    body = {"Account": [["Region__c", "Region__c"]], "allowOwnerChange": True}
    after_run.org.save_component(MAPPINGS, MAPPINGS, body)
    after_run.publish(("\nguard: ", "\nleads: {values: [segment, sub_segment]}\nguard: "), folder=tmp_path)
    return after_run


def mapped(stage: Stage) -> dict[str, Any]:
    return dict(Live(stage.org).components(MAPPINGS)[MAPPINGS])


def test_leads_get_the_lists_and_hand_them_on_beside_other_mappings(theirs: Stage) -> None:
    plan = schema.plan(theirs.connection)
    told = {step.target: step.detail for step in plan.changes}
    assert "depends on Tierline_Segment__c" in told[f"Lead.{SUB}"]
    assert told["Lead conversion"].startswith(f"hands on {SEGMENT} to Account.{SEGMENT}, {SUB} to Account.{SUB}")
    schema.apply(theirs.connection, plan)
    assert {tuple(pair) for pair in mapped(theirs)["Account"]} == {
        ("Region__c", "Region__c"), (SEGMENT, SEGMENT), (SUB, SUB),
    }  # fmt: skip
    assert mapped(theirs)["allowOwnerChange"] is True
    assert not schema.plan(theirs.connection).changes
    assert theirs.run().state == Run.State.DONE


def test_removal_takes_only_our_mappings_and_fields(theirs: Stage) -> None:
    before = set(theirs.org.object("Lead").fields)
    schema.apply(theirs.connection, schema.plan(theirs.connection))
    schema.remove(theirs.connection, schema.plan_removal(theirs.connection, delete_data=True))
    assert set(theirs.org.object("Lead").fields) == before
    assert mapped(theirs)["Account"] == [["Region__c", "Region__c"]]
