"""Searches of a portal: filters, order, pages, and the ten thousand records beyond which nothing is found."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.sandbox.background import ServedPortal
from connectors.sandbox.portal.standard import OBJECT_TYPES

SEARCH = "/crm/v3/objects/companies/search"
KIND = OBJECT_TYPES["companies"]


@pytest.fixture(scope="module")
def ids(hub: ServedPortal) -> list[int]:
    rows = [
        {"name": "Alpha Pumps", "annualrevenue": "900", "city": "Turku", "industry": "MACHINERY"},
        {"name": "Beta", "annualrevenue": "1000", "city": "turku", "createdate": "2024-05-01T00:00:00Z"},
        {"name": "Gamma pump", "city": "Oulu", "industry": "BANKING"},
        {"name": "Delta", "annualrevenue": "20", "createdate": "2025-01-01"},
    ]
    return hub.portal.bulk_load(KIND, rows)


def found(hub: ServedPortal, *filters: dict[str, Any], **more: Any) -> list[str]:
    groups = [{"filters": list(filters)}] if filters else []
    body = {"filterGroups": groups, "properties": ["name"], "limit": 200, **more}
    answer = hub.request("POST", SEARCH, json=body)
    assert answer.status_code == 200, answer.text
    return [each["properties"]["name"] for each in answer.json()["results"]]


def rule(name: str, operator: str, value: object = None, **more: object) -> dict[str, Any]:
    return {"propertyName": name, "operator": operator, **({"value": value} if value is not None else {}), **more}


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ([rule("annualrevenue", "GT", "899.5")], ["Alpha Pumps", "Beta"]),
        ([rule("annualrevenue", "BETWEEN", "20", highValue="900")], ["Alpha Pumps", "Delta"]),
        ([rule("city", "EQ", "TURKU"), rule("annualrevenue", "LT", "1000")], ["Alpha Pumps"]),
        ([rule("city", "IN", values=["turku"])], ["Alpha Pumps", "Beta"]),
        ([rule("city", "IN", values=["Turku"])], []),
        ([rule("industry", "IN", values=["BANKING"])], ["Gamma pump"]),
        ([rule("city", "NOT_HAS_PROPERTY")], ["Delta"]),
        ([rule("city", "HAS_PROPERTY")], ["Alpha Pumps", "Beta", "Gamma pump"]),
        ([rule("city", "NEQ", "turku")], ["Gamma pump"]),
        ([rule("name", "CONTAINS_TOKEN", "pump*")], ["Alpha Pumps", "Gamma pump"]),
        ([rule("name", "CONTAINS_TOKEN", "pump")], ["Gamma pump"]),
        ([rule("createdate", "LTE", "2025-01-01T00:00:00Z")], ["Beta", "Delta"]),
        ([rule("createdate", "LT", "1735689600000")], ["Beta"]),
    ],
)
def test_filters_find_what_they_say(
    hub: ServedPortal, ids: list[int], filters: list[dict[str, Any]], names: list[str]
) -> None:
    assert found(hub, *filters) == names


def test_groups_are_alternatives_and_sorts_order(hub: ServedPortal, ids: list[int]) -> None:
    groups = [{"filters": [rule("city", "EQ", "oulu")]}, {"filters": [rule("annualrevenue", "LT", 100)]}]
    assert found(hub, filterGroups=groups, sorts=[{"propertyName": "name", "direction": "DESCENDING"}]) == [
        "Gamma pump", "Delta",
    ]  # fmt: skip
    assert found(hub, sorts=["-hs_object_id"])[:2] == ["Delta", "Gamma pump"]
    assert found(hub, query="pum alp") == ["Alpha Pumps"]


@pytest.mark.parametrize(
    "body",
    [
        {"filterGroups": [{"filters": [rule("nothing", "EQ", "x")]}]},
        {"filterGroups": [{"filters": [rule("annualrevenue", "GT", "many")]}]},
        {"filterGroups": [{"filters": []}] * 6},
        {"filterGroups": [{"filters": [rule("city", "HAS_PROPERTY")] * 7}]},
        {"filterGroups": [{"filters": [rule("city", "LIKE", "x")]}]},
        {"sorts": ["name", "city"]},
        {"limit": 201},
        {"after": "10000"},
        {"query": "x" * 3000},
    ],
)
def test_what_cannot_be_searched_is_refused(hub: ServedPortal, body: dict[str, Any]) -> None:
    answer = hub.request("POST", SEARCH, json=body)
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


def test_ids_lead_past_the_ten_thousandth_record(hub: ServedPortal) -> None:
    """The ids of a search are numbers: they are found in order although their length changes on the way."""
    kind = OBJECT_TYPES["tickets"]
    loaded = hub.portal.bulk_load(kind, [{"subject": f"T{number}"} for number in range(10_050)])
    path, order = "/crm/v3/objects/tickets/search", {"sorts": ["hs_object_id"], "limit": 200}
    last = hub.request("POST", path, json={**order, "after": "9900"}).json()
    assert (last["total"], len(last["results"])) == (10_050, 100)
    assert last["paging"]["next"]["after"] == "10000"
    assert hub.request("POST", path, json={**order, "after": "10000"}).status_code == 400
    behind = last["results"][-1]["id"]
    beyond = rule("hs_object_id", "GT", behind)
    rest = hub.request("POST", path, json={**order, "filterGroups": [{"filters": [beyond]}]}).json()
    assert [int(each["id"]) for each in rest["results"]] == loaded[10_000:]
    assert "paging" not in rest
    listed = hub.request("GET", "/crm/v3/objects/tickets", params={"limit": 100, "after": behind}).json()
    assert [int(each["id"]) for each in listed["results"]] == loaded[10_000:]  # a list has no end at ten thousand


def test_the_index_can_lag_behind(hub: ServedPortal, ids: list[int]) -> None:
    hub.portal.set_setting("search_lag", 60)
    try:
        assert found(hub, rule("city", "HAS_PROPERTY")) == []
    finally:
        hub.portal.set_setting("search_lag", None)


def test_records_are_found_by_what_they_are_associated_with(hub: ServedPortal, ids: list[int]) -> None:
    deals = OBJECT_TYPES["deals"]
    first, second = hub.portal.bulk_load(deals, [{"dealname": "D1"}, {"dealname": "D2"}])
    hub.portal.link(deals, KIND, [(first, ids[0]), (second, ids[1])])
    body = {"filterGroups": [{"filters": [rule("associations.company", "EQ", str(ids[1]))]}]}
    answer = hub.request("POST", "/crm/v3/objects/deals/search", json=body).json()
    assert [each["id"] for each in answer["results"]] == [str(second)]
