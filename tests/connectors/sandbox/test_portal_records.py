"""Records of a portal over HubSpot's API: what is kept, shown, refused, archived and merged."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.sandbox.background import ServedPortal
from connectors.sandbox.portal.standard import OBJECT_TYPES
from connectors.sandbox.portal.writes import Change

COMPANIES = "/crm/v3/objects/companies"


def made(hub: ServedPortal, **properties: object) -> str:
    answer = hub.request("POST", COMPANIES, json={"properties": properties})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def shown(hub: ServedPortal, record_id: str, *names: str) -> dict[str, Any]:
    answer = hub.request("GET", f"{COMPANIES}/{record_id}", params={"properties": ",".join(names)})
    properties: dict[str, Any] = answer.json()["properties"]
    return {name: properties[name] for name in names}


def test_values_are_texts_and_what_was_not_set_is_null(hub: ServedPortal) -> None:
    record = made(hub, name="Ärla", annualrevenue=1000.50, numberofemployees="7", lifecyclestage="customer")
    names = ("name", "annualrevenue", "numberofemployees", "lifecyclestage", "city", "hs_object_id")
    assert shown(hub, record, *names) == {
        "name": "Ärla", "annualrevenue": "1000.5", "numberofemployees": "7", "lifecyclestage": "customer",
        "city": None, "hs_object_id": record,
    }  # fmt: skip
    hub.request("PATCH", f"{COMPANIES}/{record}", json={"properties": {"annualrevenue": "", "name": None}})
    assert shown(hub, record, "annualrevenue", "name") == {"annualrevenue": None, "name": None}


@pytest.mark.parametrize(
    "path",
    [
        "/crm/v3/objects/companies", "/crm/objects/2026-03/companies", "/crm/v3/objects/company",
        "/crm/objects/v3/0-2", "/crm/v3/objects/COMPANIES/",
    ],
)  # fmt: skip
def test_all_forms_of_a_path_lead_to_the_same_records(hub: ServedPortal, path: str) -> None:
    record = made(hub, name="Path")
    answer = hub.request("GET", path, params={"after": str(int(record) - 1), "properties": "name"})
    assert answer.json()["results"][0]["properties"]["name"] == "Path"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"industry": "NOWHERE"}, "INVALID_OPTION"),
        ({"annualrevenue": "1.4e-14"}, "INVALID_INTEGER"),
        ({"nothing": "x"}, "PROPERTY_DOESNT_EXIST"),
        ({"hs_object_id": "1"}, "READ_ONLY_VALUE"),
        ({"hubspot_owner_id": "1"}, "INVALID_OPTION"),
    ],
)
def test_a_bad_value_is_told_as_json_inside_the_message(hub: ServedPortal, values: dict[str, str], code: str) -> None:
    answer = hub.request("PATCH", f"{COMPANIES}/{made(hub, name='Bad')}", json={"properties": values})
    body = answer.json()
    assert (answer.status_code, body["category"], body["status"]) == (400, "VALIDATION_ERROR", "error")
    (inner,) = json.loads(body["message"].removeprefix("Property values were not valid: "))
    assert (inner["isValid"], inner["error"], inner["name"]) == (False, code, *values)
    assert body["errors"][0]["code"] == code
    assert body["errors"][0]["context"]["propertyName"] == list(values)
    assert body["correlationId"] == answer.headers["x-hubspot-correlation-id"]


def test_history_tells_who_set_a_value_when(hub: ServedPortal) -> None:
    record = made(hub, name="First")
    portal = hub.portal
    portal.update(OBJECT_TYPES["companies"], [Change(record, {"name": "By a person"})])
    answer = hub.request("GET", f"{COMPANIES}/{record}", params={"propertiesWithHistory": "name,city"})
    history = answer.json()["propertiesWithHistory"]
    told = [(each["value"], each["sourceType"], each["sourceId"]) for each in history["name"]]
    app = portal.apps.find(portal.apps.token)
    assert app is not None
    assert told == [
        ("By a person", "CRM_UI", f"userId:{portal.admin.user_id}"), ("First", "INTEGRATION", str(app[0].app_id)),
    ]  # fmt: skip
    assert history["name"][0]["updatedByUserId"] == portal.admin.user_id
    assert history["city"] == []


def test_a_write_moves_the_modification_date_by_the_portals_clock(hub: ServedPortal) -> None:
    record = made(hub, name="Clock")
    try:
        hub.portal.set_clock(datetime(2030, 1, 2, 3, 4, 5, 678_000, UTC))
        answer = hub.request("PATCH", f"{COMPANIES}/{record}", json={"properties": {"name": "Tock"}})
    finally:
        hub.portal.set_clock(None)
    assert answer.json()["updatedAt"] == "2030-01-02T03:04:05.678Z"
    assert answer.json()["properties"]["hs_lastmodifieddate"] == "2030-01-02T03:04:05.678Z"
    assert answer.headers["date"] == "Wed, 02 Jan 2030 03:04:05 GMT"


def test_archived_records_are_listed_apart(hub: ServedPortal) -> None:
    stays, goes = made(hub, name="Stays"), made(hub, name="Goes")
    assert hub.request("DELETE", f"{COMPANIES}/{goes}").status_code == 204
    assert hub.request("DELETE", f"{COMPANIES}/{goes}").status_code == 204
    live = hub.request("GET", COMPANIES, params={"after": str(int(stays) - 1)}).json()["results"]
    gone = hub.request("GET", COMPANIES, params={"archived": "true", "after": str(int(stays) - 1)}).json()["results"]
    assert [each["id"] for each in live] == [stays]
    assert [(each["id"], each["archived"]) for each in gone] == [(goes, True)]
    assert gone[0]["archivedAt"]
    assert hub.request("GET", f"{COMPANIES}/{goes}").status_code == 404
    assert hub.request("GET", f"{COMPANIES}/{goes}?archived=true").status_code == 200
    patched = hub.request("PATCH", f"{COMPANIES}/{goes}", json={"properties": {"name": "x"}})
    assert (patched.status_code, patched.json()["category"]) == (404, "OBJECT_NOT_FOUND")


def test_a_merge_makes_a_new_record_to_which_both_old_ids_lead(hub: ServedPortal) -> None:
    first, second = made(hub, name="Winner"), made(hub, name="Loser", city="Turku")
    deal = hub.request("POST", "/crm/v3/objects/deals", json={"properties": {"dealname": "D"}}).json()["id"]
    hub.portal.link(OBJECT_TYPES["deals"], OBJECT_TYPES["companies"], [(int(deal), int(second))], primary=True)
    merge = {"primaryObjectId": first, "objectIdToMerge": second}
    merged = hub.request("POST", f"{COMPANIES}/merge", json=merge).json()["id"]
    assert merged not in (first, second)
    for old in (first, second, merged):
        assert shown(hub, old, "hs_object_id", "name", "city", "hs_merged_object_ids") == {
            "hs_object_id": merged, "name": "Winner", "city": "Turku", "hs_merged_object_ids": f"{first};{second}",
        }  # fmt: skip
    listed = hub.request("GET", COMPANIES, params={"after": str(int(first) - 1)}).json()["results"]
    assert [each["id"] for each in listed] == [merged]
    answer = hub.request("GET", f"/crm/v3/objects/deals/{deal}", params={"properties": "hs_primary_associated_company"})
    assert answer.json()["properties"]["hs_primary_associated_company"] == merged
    patch = hub.request("PATCH", f"{COMPANIES}/{second}", json={"properties": {"city": "Pori"}})
    assert (patch.json()["id"], patch.json()["properties"]["city"]) == (merged, "Pori")
    inputs = [{"id": each, "properties": {"city": "Oulu"}} for each in (first, second)]
    assert hub.request("POST", f"{COMPANIES}/batch/update", json={"inputs": inputs}).status_code == 400


def test_stages_place_deals_and_say_whether_they_are_won(hub: ServedPortal) -> None:
    wanted = {"properties": "pipeline,dealstage,hs_is_closed,hs_is_closed_won"}
    deal = hub.request("POST", "/crm/v3/objects/deals", json={"properties": {"dealname": "D"}}).json()["id"]
    path = f"/crm/v3/objects/deals/{deal}"
    assert hub.request("GET", path, params=wanted).json()["properties"].items() >= {
        "pipeline": "default", "dealstage": "appointmentscheduled", "hs_is_closed": "false",
    }.items()  # fmt: skip
    hub.request("PATCH", path, json={"properties": {"dealstage": "closedwon"}})
    won = hub.request("GET", path, params=wanted).json()["properties"]
    assert (won["hs_is_closed"], won["hs_is_closed_won"]) == ("true", "true")
    assert hub.request("PATCH", path, json={"properties": {"dealstage": "nowhere"}}).status_code == 400
    assert hub.request("PATCH", path, json={"properties": {"dealstage": "", "pipeline": None}}).status_code == 200
    stages = [{"label": "Pilot", "stageId": "pilot", "displayOrder": 0, "metadata": {"probability": "0.5"}}]
    pilots = {"label": "Pilots", "pipelineId": "pilots", "displayOrder": 1, "stages": stages}
    assert hub.request("POST", "/crm/v3/pipelines/deals", json=pilots).status_code == 201
    hub.request("PATCH", path, json={"properties": {"pipeline": "pilots"}})
    moved = hub.request("GET", path, params={**wanted, "propertiesWithHistory": "hs_is_closed"}).json()
    assert (moved["properties"]["dealstage"], moved["properties"]["hs_is_closed"]) == ("pilot", "false")
    hub.request("PATCH", path, json={"properties": {"dealstage": "qualifiedtobuy"}})  # open again: no news
    told = hub.request("GET", path, params={**wanted, "propertiesWithHistory": "hs_is_closed"}).json()
    assert told["properties"]["pipeline"] == "default"
    assert [each["value"] for each in told["propertiesWithHistory"]["hs_is_closed"]] == ["false", "true", "false"]


def test_a_line_item_knows_its_amount(hub: ServedPortal) -> None:
    values = {"name": "Pump", "quantity": "3", "price": "19.90", "discount": "0.90"}
    answer = hub.request("POST", "/crm/v3/objects/line_items", json={"properties": values})
    item = hub.request("GET", f"/crm/v3/objects/line_items/{answer.json()['id']}").json()
    assert item["properties"]["amount"] == "57"


def test_two_contacts_cannot_have_one_address(hub: ServedPortal) -> None:
    body = {"properties": {"email": "One@Example.com"}}
    first = hub.request("POST", "/crm/v3/objects/contacts", json=body).json()
    second = hub.request("POST", "/crm/v3/objects/contacts", json=body)
    assert (second.status_code, second.json()["category"]) == (409, "CONFLICT")
    assert second.json()["message"] == f"Contact already exists. Existing ID: {first['id']}"
    by_email = hub.request("GET", "/crm/v3/objects/contacts/one@example.com?idProperty=email")
    assert by_email.json()["id"] == first["id"]


def test_a_list_goes_on_after_its_last_id(hub: ServedPortal) -> None:
    first = made(hub, name="Page 0")
    rest = [made(hub, name=f"Page {number}") for number in range(1, 5)]
    page = hub.request("GET", COMPANIES, params={"limit": 3, "after": str(int(first) - 1)}).json()
    assert page["paging"]["next"]["after"] == rest[1]
    last = hub.session.get(page["paging"]["next"]["link"]).json()
    assert [each["id"] for each in page["results"] + last["results"]] == [first, *rest]
    assert "paging" not in last
    assert hub.request("GET", COMPANIES, params={"limit": 101}).status_code == 400


def test_options_are_replaced_as_a_whole_and_archived_properties_are_gone(hub: ServedPortal) -> None:
    path = "/crm/v3/properties/companies"
    definition = {
        "name": "grade", "label": "Grade", "type": "enumeration", "fieldType": "select",
        "groupName": "companyinformation", "options": [{"label": "A", "value": "a", "hidden": False}],
    }  # fmt: skip
    assert hub.request("POST", path, json=definition).status_code == 201
    assert hub.request("POST", path, json=definition).status_code == 409
    record = made(hub, name="Graded", grade="a")
    short = hub.request("PATCH", f"{path}/grade", json={"options": [{"label": "B", "value": "b"}]})
    assert "[hidden]" in short.json()["message"]
    changed = hub.request("PATCH", f"{path}/grade", json={"options": [{"label": "B", "value": "b", "hidden": False}]})
    assert [each["value"] for each in changed.json()["options"]] == ["b"]
    assert shown(hub, record, "grade") == {"grade": "a"}  # records keep what is no option any more
    assert hub.request("DELETE", f"{path}/grade").status_code == 204
    assert hub.request("GET", f"{path}/grade").status_code == 404
    assert hub.request("GET", f"{path}/grade?archived=true").json()["archived"] is True
    assert "grade" not in hub.request("GET", f"{COMPANIES}/{record}?properties=grade").json()["properties"]
    theirs = hub.request("GET", f"{path}/name").json()["modificationMetadata"]
    assert theirs == {"archivable": False, "readOnlyDefinition": True, "readOnlyValue": False}
    assert hub.request("PATCH", f"{path}/name", json={"label": "x"}).status_code == 400


def test_records_cannot_be_given_to_somebody_who_has_left(hub: ServedPortal) -> None:
    seller = hub.portal.owners.add("seller@example.com", "Sel", "Ler")
    record = made(hub, name="Owned", hubspot_owner_id=seller.id)
    hub.portal.owners.deactivate(seller.id)
    left = hub.request("GET", "/crm/v3/owners?archived=true&email=seller@example.com").json()["results"]
    assert [(each["id"], each["archived"], "userId" in each) for each in left] == [(str(seller.id), True, False)]
    assert hub.request("GET", f"/crm/v3/owners/{seller.id}").status_code == 404
    assert shown(hub, record, "hubspot_owner_id") == {"hubspot_owner_id": str(seller.id)}
    again = {"properties": {"hubspot_owner_id": str(seller.id)}}
    assert hub.request("POST", COMPANIES, json=again).status_code == 400


@pytest.mark.parametrize(
    ("path", "body", "part"),
    [
        ("objects/companies", {"properties": {"name": {"a": 1}}}, "properties"),
        ("objects/companies", {"properties": {"name": "x"}, "associations": [1]}, "associations"),
        ("objects/companies/batch/read", {"inputs": {"id": 1}}, "inputs"),
        ("objects/companies/batch/update", {"inputs": [{"id": [1], "properties": {}}]}, "id"),
        ("objects/companies/search", {"filterGroups": [{"filters": "x"}]}, "filters"),
        ("objects/companies/search", {"sorts": [1]}, "sorts"),
        ("pipelines/deals", {"label": "x", "displayOrder": "first"}, "displayOrder"),
        ("associations/deals/companies/batch/create", {"inputs": [{"from": "1"}]}, "from"),
    ],
)  # fmt: skip
def test_a_body_of_a_wrong_form_is_refused(hub: ServedPortal, path: str, body: dict[str, Any], part: str) -> None:
    answer = hub.request("POST", f"/crm/v3/{path}", json=body)
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")
    assert f"cannot deserialize {part} from" in answer.json()["message"]


def test_what_is_no_json_or_no_resource_is_refused(hub: ServedPortal) -> None:
    assert hub.request("POST", COMPANIES, data=b"{").json()["message"].startswith("Invalid input JSON")
    assert hub.request("POST", COMPANIES, json=[]).status_code == 400
    assert hub.request("GET", "/crm/v3/objects/planets").status_code == 400
    for method, path in (
        ("GET", "/crm/v3/nothing"),
        ("POST", "/crm/v3/imports"),
        ("GET", "/contacts/v1/lists/all/contacts/all"),
    ):
        lost = hub.request(method, path)
        assert (lost.status_code, lost.json()["status"]) == (404, "error")
        assert f"{method} {path}" in lost.json()["message"]
        assert lost.headers["x-hubspot-correlation-id"] == lost.json()["correlationId"]
    assert hub.request("PUT", COMPANIES, json={}).status_code == 405


def test_scopes_decide_what_an_app_may_do(hub: ServedPortal) -> None:
    token = hub.portal.apps.add_private_app(["crm.objects.companies.read"])
    headers = {"Authorization": f"Bearer {token}"}
    assert hub.request("GET", COMPANIES, headers=headers).status_code == 200
    refused = hub.request("POST", COMPANIES, json={"properties": {}}, headers=headers)
    assert (refused.status_code, refused.json()["category"]) == (403, "MISSING_SCOPES")
    assert refused.json()["errors"][0]["context"] == {"requiredGranularScopes": ["crm.objects.companies.write"]}
    assert hub.request("GET", COMPANIES, headers={"Authorization": "Bearer nobody"}).status_code == 401


def test_a_semicolon_in_front_adds_to_several_options(hub: ServedPortal) -> None:
    path, category = "/crm/v3/objects/tickets", "hs_ticket_category"
    ticket = hub.request("POST", path, json={"properties": {"subject": "T", category: "BILLING_ISSUE"}}).json()["id"]
    other = hub.request("POST", path, json={"properties": {"subject": "T"}}).json()["id"]
    added = {category: ";PRODUCT_ISSUE;BILLING_ISSUE"}
    body = {"inputs": [{"id": ticket, "properties": added}, {"id": other, "properties": added}]}
    done = hub.request("POST", f"{path}/batch/update", json=body).json()["results"]
    assert {each["id"]: each["properties"][category] for each in done} == {
        ticket: "BILLING_ISSUE;PRODUCT_ISSUE", other: "PRODUCT_ISSUE;BILLING_ISSUE",
    }  # fmt: skip
    bad = hub.request("PATCH", f"{path}/{ticket}", json={"properties": {category: ";NONSENSE"}})
    assert bad.json()["errors"][0]["code"] == "INVALID_OPTION"
    set_anew = hub.request("PATCH", f"{path}/{ticket}", json={"properties": {category: "GENERAL_INQUIRY"}})
    assert set_anew.json()["properties"][category] == "GENERAL_INQUIRY"


def test_whole_seconds_are_told_without_a_fraction(hub: ServedPortal) -> None:
    """As HubSpot does: a client that expects milliseconds everywhere is found out."""
    deal = {"properties": {"dealname": "D", "closedate": "2026-01-31T10:20:30Z"}}
    made_ = hub.request("POST", "/crm/v3/objects/deals", json=deal).json()
    assert made_["properties"]["closedate"] == "2026-01-31T10:20:30Z"
    moved = {"properties": {"closedate": "1769854830123"}}
    changed = hub.request("PATCH", f"/crm/v3/objects/deals/{made_['id']}", json=moved).json()
    assert changed["properties"]["closedate"] == "2026-01-31T10:20:30.123Z"


def test_a_standard_object_has_a_schema_and_custom_ones_are_none(hub: ServedPortal) -> None:
    assert hub.request("GET", "/crm/v3/schemas").json() == {"results": []}
    for path in ("/crm/v3/schemas/companies", "/crm-object-schemas/v3/schemas/0-2"):
        schema = hub.request("GET", path).json()
        assert (schema["objectTypeId"], schema["primaryDisplayProperty"]) == ("0-2", "name")
        assert {"name", "num_associated_contacts"} <= {each["name"] for each in schema["properties"]}
        assert ("280", "0-1") in {(each["id"], each["toObjectTypeId"]) for each in schema["associations"]}
