"""Properties of ours in HubSpot: installed once in a group of their own, nobody else's option lost, honestly told what
only a person can do."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from connectors.base import FieldSpec, PicklistValue, RuleSpec
from connectors.errors import Fatal, SchemaMismatch
from tests.connectors.hubspot.conftest import Reply

if TYPE_CHECKING:
    from tests.connectors.hubspot.conftest import CannedAccount, Request

GROW, KEEP = PicklistValue("grow", "Grow"), PicklistValue("keep", "Keep")
SEGMENT = FieldSpec("account", "tierline_segment", "Segment", "picklist", "What kind.", values=(GROW, KEEP))
SUB = FieldSpec(
    "account", "tierline_sub", "Sub-segment", "picklist", controller="tierline_segment",
    values=(PicklistValue("fast", "Fast", ("grow",)),),
)  # fmt: skip
SCORE = FieldSpec("detail", "tierline_score", "Value score", "number", precision=18, scale=1)
ON_DEAL = replace(SEGMENT, kind="opportunity")
RULE = RuleSpec("account", "Tierline_Complete", ("tierline_segment",), ("type",), "Please choose a segment.")


class Settings:
    """The properties and groups of an account, as its settings keep them."""

    def __init__(self, account: CannedAccount) -> None:
        self.properties: dict[str, dict[str, dict[str, Any]]] = {
            owner: {"name": {"name": "name", "label": "Name", "type": "string", "fieldType": "text"}}
            for owner in ("companies", "deals")
        }
        self.groups: dict[str, list[str]] = {"companies": ["companyinformation"], "deals": ["dealinformation"]}
        for method in ("GET", "POST", "PATCH", "DELETE"):
            account.on(method, "/crm/v3/properties/", self._answer)

    def _answer(self, request: Request) -> Reply:
        owner, _, rest = re.sub(r".*/properties/|\?.*", "", request.path).partition("/")
        kept = self.properties[owner]
        if rest.startswith("groups"):
            return self._group(request, owner, rest.removeprefix("groups").strip("/"))
        if request.method == "GET":
            return Reply({"results": list(kept.values())})
        if request.method == "DELETE":
            return Reply(status=204) if kept.pop(rest, None) else Reply({"message": "gone"}, 404)
        name = rest or request.json["name"]
        if request.method == "POST":
            assert request.json["groupName"] in self.groups[owner]
            assert name not in kept
        kept[name] = {**kept.get(name, {}), **request.json}
        return Reply(kept[name], 200 if rest else 201)

    def _group(self, request: Request, owner: str, name: str) -> Reply:
        if request.method == "POST":
            self.groups[owner].append(request.json["name"])
        if request.method == "DELETE":
            assert not [each for each in self.properties[owner].values() if each.get("groupName") == name]
            self.groups[owner].remove(name)
        return Reply({"results": [{"name": each} for each in self.groups[owner]]})


@pytest.fixture
def settings(canned: CannedAccount) -> Settings:
    return Settings(canned)


def test_properties_stand_in_a_group_of_their_own_and_go_again(canned: CannedAccount, settings: Settings) -> None:
    before = {owner: dict(kept) for owner, kept in settings.properties.items()}
    crm = canned.open()
    wanted = [SEGMENT, SUB, SCORE, ON_DEAL]
    plan = crm.plan_schema(wanted)
    assert [(step.sign, step.target) for step in plan.steps] == [
        ("+", "companies.tierline_segment"),
        ("+", "companies.tierline_sub"),
        ("+", "companies.tierline_score"),
        ("+", "deals.tierline_segment"),
    ]
    assert plan.other_fields == 2
    assert len(crm.drift(wanted)) == 4
    crm.apply_schema(plan)
    assert settings.properties["companies"]["tierline_segment"] == {
        "name": "tierline_segment", "label": "Segment", "type": "enumeration", "fieldType": "select",
        "groupName": "tierline", "description": "What kind.", "formField": False,
        "options": [
            {"label": "Grow", "value": "grow", "displayOrder": 0, "hidden": False},
            {"label": "Keep", "value": "keep", "displayOrder": 1, "hidden": False},
        ],
    }  # fmt: skip
    assert settings.properties["companies"]["tierline_score"]["type"] == "number"
    assert canned.open().drift(wanted) == []
    assert canned.open().plan_schema(wanted).changes == ()
    sent = len(canned.seen("P", "")) + len(canned.seen("POST", "properties"))
    crm.apply_schema(plan)  # an old plan does no harm
    assert len(canned.seen("POST", "properties")) == sent
    created = [name for step in plan.steps for name in step.creates]
    kept = crm.plan_removal(created, delete_data=False)
    assert {step.sign for step in kept.steps} == {"="}
    crm.remove_schema(crm.plan_removal(created, delete_data=True))
    assert settings.properties == before
    assert settings.groups == {"companies": ["companyinformation"], "deals": ["dealinformation"]}


def test_options_of_others_survive_with_all_that_they_say(canned: CannedAccount, settings: Settings) -> None:
    theirs = {"label": "Partner", "value": "partner", "description": "Resells", "displayOrder": 5, "hidden": False}
    old = {"label": "Old", "value": "old", "displayOrder": -1, "hidden": True}
    mine = {"label": "Growing", "value": "grow", "displayOrder": 0, "hidden": False}
    settings.properties["companies"]["tierline_segment"] = {
        "name": "tierline_segment", "label": "Segment", "type": "enumeration", "fieldType": "select",
        "options": [theirs, mine, old],
    }  # fmt: skip
    retired = replace(SEGMENT, values=(GROW, KEEP, PicklistValue("old", "Old", active=False)))
    crm = canned.open()
    plan = crm.plan_schema([retired])
    (step,) = plan.steps
    assert (step.sign, step.detail) == (
        "~", '+ "Keep"; label "Growing" becomes "Grow"; keeps 1 option not ours: "Partner"',
    )  # fmt: skip
    assert plan.foreign == {"companies.tierline_segment": ("Partner",)}
    crm.apply_schema(plan)
    assert settings.properties["companies"]["tierline_segment"]["options"] == [
        {**theirs, "displayOrder": 0},
        {**mine, "label": "Grow", "displayOrder": 1},
        {**old, "displayOrder": 2},
        {"label": "Keep", "value": "keep", "displayOrder": 3, "hidden": False},
    ]


@pytest.mark.parametrize(
    ("there", "words"),
    [
        ({"type": "string", "fieldType": "text"}, "is of type string"),
        (
            {"type": "enumeration", "fieldType": "select", "modificationMetadata": {"readOnlyOptions": True}},
            "cannot be changed through the API",
        ),
    ],
)
def test_a_property_that_cannot_be_brought_there_refuses_the_whole_plan(
    canned: CannedAccount, settings: Settings, there: dict[str, Any], words: str
) -> None:
    settings.properties["companies"]["tierline_segment"] = {"name": "tierline_segment", "label": "Segment", **there}
    crm = canned.open()
    plan = crm.plan_schema([SEGMENT, SCORE])
    assert [step.sign for step in plan.steps] == ["!", "+"]
    assert words in plan.steps[0].detail
    with pytest.raises(SchemaMismatch, match="nothing was changed"):
        crm.apply_schema(plan)
    assert "tierline_score" not in settings.properties["companies"]


def test_a_key_has_to_be_unique(canned: CannedAccount, settings: Settings) -> None:
    key = FieldSpec("account", "tierline_key", "Key", "text", key=True)
    crm = canned.open()
    crm.apply_schema(crm.plan_schema([key]))
    assert settings.properties["companies"]["tierline_key"]["hasUniqueValue"] is True
    settings.properties["companies"]["tierline_key"]["hasUniqueValue"] = False
    assert "unique" in canned.open().plan_schema([key]).steps[0].detail


def test_the_plan_says_what_only_a_person_can_do_and_whether_it_seems_done(
    canned: CannedAccount, settings: Settings
) -> None:
    asked: list[dict[str, Any]] = []

    def count(request: Request) -> Reply:
        asked.append(request.json)
        return Reply({"total": 3, "results": []})

    canned.on("POST", "/crm/v3/objects/companies/search$", count)
    crm = canned.open()
    lead = replace(SEGMENT, kind="lead")
    first = " ".join(crm.plan_schema([SEGMENT, SUB, lead], [RULE]).notes)
    assert "Sub-segment > Conditional logic" in first
    assert "mark as required" in first
    assert "HubSpot has no rule that refuses" in first
    assert "HubSpot keeps no values of ours on leads" in first
    waits = crm.plan_schema([SEGMENT], [replace(RULE, active=False, note="61 % are filled")]).notes
    assert waits == ("Not yet to be required of people: Segment; 61 % are filled.",)
    assert not asked  # the property is not there yet
    crm.apply_schema(crm.plan_schema([SEGMENT]))
    notes = canned.open().plan_schema([SEGMENT], [RULE]).notes
    assert any("3 companies that people made in the last 30 days have no Segment" in note for note in notes)
    filters = asked[0]["filterGroups"][0]["filters"]
    assert {"propertyName": "tierline_segment", "operator": "NOT_HAS_PROPERTY"} in filters
    assert {"propertyName": "hs_object_source", "operator": "EQ", "value": "CRM_UI"} in filters


def test_a_property_in_use_says_where_to_look(canned: CannedAccount, settings: Settings) -> None:
    crm = canned.open()
    plan = crm.plan_schema([SEGMENT])
    crm.apply_schema(plan)
    used = {"status": "error", "category": "VALIDATION_ERROR", "message": "used in 2 workflows"}
    canned.forget("DELETE")
    canned.on("DELETE", "/tierline_segment$", used, status=400)
    created = [name for step in plan.steps for name in step.creates]
    with pytest.raises(Fatal, match="used in 2 workflows") as caught:
        crm.remove_schema(crm.plan_removal(created, delete_data=True))
    assert "Used in" in caught.value.next_step


def test_what_is_missing_is_told_before_anything_is_written(canned: CannedAccount, settings: Settings) -> None:
    canned.on("GET", "/account-info/v3/details", {"portalId": 4711, "accountType": "SANDBOX"})
    scopes = ["crm.objects.companies.read", "crm.schemas.companies.read", "tickets", "crm.objects.owners.read"]
    canned.on("POST", "/access-token-info", {"userId": 9, "scopes": scopes})
    locked = {"readOnlyValue": True}
    settings.properties["companies"]["tierline_segment"] = {
        "name": "tierline_segment", "label": "Segment", "type": "enumeration", "modificationMetadata": locked,
    }  # fmt: skip
    found = canned.open().preflight(["account"], ["Property companies.tierline_segment"])
    assert found.is_sandbox
    assert "4711" in found.edition
    missing = {each.permission for each in found.missing}
    assert "crm.objects.companies.write" in missing
    assert "Edit on property companies.tierline_segment" in missing
    assert not missing & {"tickets", "crm.objects.companies.read", "crm.objects.deals.write"}
    assert "Workflows" in found.unread[0]
