"""What a schema plan makes of orgs that are not as we would like them: the right step, or the right refusal."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from admin import schema
from connectors.errors import MissingScope, SchemaMismatch
from connectors.sandbox.org.record_types import RecordType, body_of
from connectors.sandbox.org.schema import FieldDef, entries
from sync.alerts import destinations
from sync.models import Destination
from tests.sync.office import NOW
from tests.sync.stage import Stage

SEGMENT, TIER = "Tierline_Segment__c", "Tierline_Tier__c"


def fields(stage: Stage) -> dict[str, Any]:
    """The whole describe of an account's fields."""
    return {name: asdict(field) for name, field in stage.org.object("Account").fields.items()}


def test_the_same_picklist_with_other_values_is_extended_and_keeps_them(uninstalled: Stage) -> None:
    theirs = entries("energy", "Heavy Industry")
    field = FieldDef(SEGMENT, "Segment", "picklist", length=255, custom=True, values=theirs, restricted=True)
    uninstalled.org.save_field("Account", field)
    plan = schema.plan(uninstalled.connection)
    step = next(step for step in plan.steps if step.target == f"Account.{SEGMENT}")
    assert step.sign == "~"
    assert 'keeps 1 value not ours: "Heavy Industry"' in step.detail
    schema.apply(uninstalled.connection, plan)
    shown = {entry.value for entry in uninstalled.org.object("Account").fields[SEGMENT].values if entry.active}
    assert shown == {"energy", "manufacturing", "services", "Heavy Industry"}
    assert not schema.plan(uninstalled.connection).changes


def test_a_field_of_another_type_is_refused_and_nothing_changes(uninstalled: Stage) -> None:
    uninstalled.org.save_field("Account", FieldDef(TIER, "Tier", "string", length=40, custom=True))
    before = fields(uninstalled)
    plan = schema.plan(uninstalled.connection)
    step = next(step for step in plan.steps if step.target == f"Account.{TIER}")
    assert step.sign == "!"
    assert "is of type Text in the org" in step.detail
    with pytest.raises(SchemaMismatch, match="nothing was changed"):
        schema.apply(uninstalled.connection, plan)
    assert fields(uninstalled) == before


def test_a_missing_permission_is_named_and_nothing_changes(uninstalled: Stage) -> None:
    user = uninstalled.connection.identity["user_id"]
    profile = uninstalled.query("SELECT Id FROM Profile WHERE Name = 'Standard User'")[0]["Id"]
    uninstalled.org.update("User", [{"Id": user, "ProfileId": profile}])
    before = fields(uninstalled)
    with pytest.raises(MissingScope) as refused:
        schema.apply(uninstalled.connection, schema.plan(uninstalled.connection))
    assert refused.value.next_step
    assert fields(uninstalled) == before


def test_a_record_type_without_the_values_is_brought_to_allow_them(uninstalled: Stage) -> None:
    kind = RecordType("Account", "Dealer", "Dealer")
    uninstalled.org.save_component("RecordType", "Account.Dealer", body_of(kind))
    plan = schema.plan(uninstalled.connection)
    assert any(step.target == "Record type Account.Dealer" and step.sign == "~" for step in plan.steps)
    schema.apply(uninstalled.connection, plan)
    assert not schema.plan(uninstalled.connection).changes


def test_taken_away_with_its_data_the_org_is_as_before_and_without_the_word_the_data_stays(uninstalled: Stage) -> None:
    before = fields(uninstalled)
    schema.apply(uninstalled.connection, schema.plan(uninstalled.connection))
    account = uninstalled.query("SELECT Id FROM Account LIMIT 1")[0]["Id"]
    uninstalled.org.update("Account", [{"Id": account, SEGMENT: "energy"}])
    schema.remove(uninstalled.connection, schema.plan_removal(uninstalled.connection, delete_data=False))
    assert uninstalled.query(f"SELECT {SEGMENT} FROM Account WHERE Id = '{account}'")[0][SEGMENT] == "energy"
    schema.remove(uninstalled.connection, schema.plan_removal(uninstalled.connection, delete_data=True))
    assert fields(uninstalled) == before


def test_a_channel_to_the_bell_has_the_plan_bring_the_notification_type(uninstalled: Stage) -> None:
    type_ = "CustomNotificationType Tierline_Alert"
    assert type_ not in {step.target for step in schema.plan(uninstalled.connection).steps}
    destinations.add(uninstalled.connection.portfolio, "notification", "bell", {}, "ada")
    plan = schema.plan(uninstalled.connection)
    assert type_ in {step.target for step in plan.changes}
    schema.apply(uninstalled.connection, plan)
    assert destinations.test(Destination.objects.get(), NOW)
    assert not schema.plan(uninstalled.connection).changes
    schema.remove(uninstalled.connection, schema.plan_removal(uninstalled.connection, delete_data=False))
    assert type_ in {step.target for step in schema.plan(uninstalled.connection).changes}
