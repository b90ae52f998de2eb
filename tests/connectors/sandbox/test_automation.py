"""Automation of the org: what its flows and triggers do to a client's writes, and how a client can list them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.sandbox.background import Served
from connectors.sandbox.org.org import Org, SchemaError
from connectors.sandbox.org.rules import ValidationRule
from connectors.sandbox.org.schema import FieldDef

RATE = {
    "name": "Rate_Energy", "label": "Rate energy", "object": "Account",
    "when": "ISPICKVAL(Industry, 'Energy') && (ISNEW() || ISCHANGED(Industry))",
    "set": {"Rating": "'Hot'", "Site": "'was ' & TEXT(PRIORVALUE(Industry))", "NumberOfEmployees": "2 * 21"},
}  # fmt: skip
STOP = {"name": "Stop", "object": "Account", "when": "Name = 'stopped'", "refuse": "Not today."}


@pytest.fixture(autouse=True)
def none_left(org: Org) -> Iterator[None]:
    yield
    org.set_setting("automations", None)


def stored(org: Org, record_id: str | None) -> dict[str, Any]:
    (row,) = org.query(f"SELECT Rating, Site, NumberOfEmployees FROM Account WHERE Id = '{record_id}'").records
    return {name: row[name] for name in ("Rating", "Site", "NumberOfEmployees")}


def test_a_flow_sets_fields_that_the_client_did_not_send(org: Org) -> None:
    org.set_setting("automations", [RATE])
    (made,) = org.insert("Account", [{"Name": "x", "Industry": "Banking"}])
    assert stored(org, made.id) == {"Rating": None, "Site": None, "NumberOfEmployees": None}
    org.update("Account", [{"Id": made.id, "Industry": "Energy"}])
    assert stored(org, made.id) == {"Rating": "Hot", "Site": "was Banking", "NumberOfEmployees": 42}
    org.update("Account", [{"Id": made.id, "Rating": "Cold"}])
    assert stored(org, made.id)["Rating"] == "Cold", "the field it looks at did not change"


def test_what_a_flow_sets_meets_the_validation_rules(org: Org) -> None:
    org.set_setting("automations", [RATE])
    org.rules.save(ValidationRule("Account", "No_heat", True, "ISPICKVAL(Rating, 'Hot')", "Too hot."))
    (outcome,) = org.insert("Account", [{"Name": "x", "Industry": "Energy"}])
    org.delete_component("ValidationRule", "Account.No_heat")
    assert outcome.errors[0].message == "Too hot."


@pytest.mark.parametrize(
    ("kind", "code", "start"),
    [
        ("flow", "CANNOT_EXECUTE_FLOW_TRIGGER", "We can't save this record because the “Stop” process failed."),
        ("trigger", "FIELD_CUSTOM_VALIDATION_EXCEPTION", "Not today."),
    ],
)
def test_a_flow_or_trigger_refuses_a_record_and_no_other(org: Org, kind: str, code: str, start: str) -> None:
    org.set_setting("automations", [{**STOP, "kind": kind}])
    first, second = org.insert("Account", [{"Name": "stopped"}, {"Name": "free"}])
    assert (first.success, second.success) == (False, True)
    assert first.errors[0].status_code == code
    assert first.errors[0].message.startswith(start)
    assert first.errors[0].message.endswith("Not today.")


def test_an_inactive_one_is_listed_and_does_nothing(org: Org) -> None:
    org.set_setting("automations", [{**STOP, "active": False}])
    assert org.insert("Account", [{"Name": "stopped"}])[0].success
    assert org.query("SELECT IsActive FROM FlowDefinitionView").records[0]["IsActive"] is False


def test_a_client_lists_what_its_writes_will_meet(org: Org, served: Served) -> None:
    org.set_setting("automations", [RATE, {**STOP, "kind": "trigger"}])
    soql = (
        "SELECT ApiName, Label, ProcessType, TriggerType, TriggerObjectOrEventLabel, IsActive FROM FlowDefinitionView "
        "WHERE TriggerObjectOrEventId = 'Account' AND IsActive = true"
    )
    (flow,) = served.request("GET", "query", params={"q": soql}).json()["records"]
    assert (flow["ApiName"], flow["Label"], flow["TriggerType"]) == ("Rate_Energy", "Rate energy", "RecordBeforeSave")
    for path in ("query", "tooling/query"):
        asked = {"q": "SELECT Name, TableEnumOrId FROM ApexTrigger WHERE Status = 'Active'"}
        (trigger,) = served.request("GET", path, params=asked).json()["records"]
        assert (trigger["Name"], trigger["TableEnumOrId"]) == ("Stop", "Account")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "x"}, "x", {**RATE, "object": "Nope"}, {**RATE, "when": "LEN(Name)"}, {**RATE, "kind": "magic"},
        {**RATE, "set": {"Nope__c": "1"}}, {**RATE, "set": {"Rating": "FOO()"}},
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused_and_changes_nothing(org: Org, wrong: Any) -> None:
    org.set_setting("automations", [STOP])
    with pytest.raises(SchemaError):
        org.set_setting("automations", [wrong])
    assert org.setting("automations") == [STOP]


def test_a_field_that_it_uses_cannot_be_deleted(org: Org) -> None:
    org.save_field("Account", FieldDef("Mood__c", "Mood", "string", length=20, custom=True))
    org.set_setting("automations", [{**STOP, "refuse": "", "set": {"Mood__c": "'grim'"}}])
    with pytest.raises(SchemaError, match="DEPENDENCY_EXISTS"):
        org.delete_field("Account", "Mood__c")
    org.set_setting("automations", [])
    org.delete_field("Account", "Mood__c")
