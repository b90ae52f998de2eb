"""Associations in the two forms of the API: version 3 knows names of types, version 4 and the dated paths labels."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.sandbox.background import ServedPortal


@pytest.fixture
def ids(hub: ServedPortal) -> dict[str, str]:
    """One company, contact and deal each."""
    found = {}
    for kind, values in (("companies", {"name": "C"}), ("contacts", {"firstname": "P"}), ("deals", {"dealname": "D"})):
        answer = hub.request("POST", f"/crm/v3/objects/{kind}", json={"properties": values})
        found[kind] = str(answer.json()["id"])
    return found


def test_version_3_names_types_and_later_ones_label_them(hub: ServedPortal, ids: dict[str, str]) -> None:
    deal, company = ids["deals"], ids["companies"]
    one = {"from": {"id": deal}, "to": {"id": company}, "type": "deal_to_company"}
    made = hub.request("POST", "/crm/v3/associations/deals/companies/batch/create", json={"inputs": [one]})
    assert (made.status_code, made.json()["results"]) == (201, [one])
    old = hub.request("GET", f"/crm/v3/objects/deals/{deal}/associations/companies").json()["results"]
    assert old == [{"id": company, "type": "deal_to_company"}, {"id": company, "type": "deal_to_company_unlabeled"}]
    for path in (
        f"/crm/v4/objects/deals/{deal}/associations/companies",
        f"/crm/objects/2026-03/deals/{deal}/associations/companies",
    ):
        (new,) = hub.request("GET", path).json()["results"]
        assert (str(new["toObjectId"]), [each["label"] for each in new["associationTypes"]]) == (
            company,
            ["Primary", None],
        )
    read = hub.request(
        "POST", "/crm/v3/associations/companies/deals/batch/read", json={"inputs": [{"id": company}, {"id": "7"}]}
    )
    assert read.status_code == 207
    assert read.json()["results"][0]["to"] == [{"id": deal, "type": "company_to_deal"}] * 2
    assert [each["subCategory"] for each in read.json()["errors"]] == ["crm.associations.FROM_OBJECT_NOT_FOUND"]
    hub.request("POST", "/crm/v3/associations/deals/companies/batch/archive", json={"inputs": [one]}).raise_for_status()
    (left,) = hub.request("GET", f"/crm/v3/objects/deals/{deal}/associations/companies").json()["results"]
    assert left["type"] == "deal_to_company_unlabeled"


@pytest.mark.parametrize("name", ["contact_to_company_unlabeled", "279"])
def test_version_3_makes_and_removes_one_association(hub: ServedPortal, ids: dict[str, str], name: str) -> None:
    near = f"/crm/v3/objects/contacts/{ids['contacts']}"
    path = f"{near}/associations/companies/{ids['companies']}/{name}"
    made = hub.request("PUT", path).json()
    assert made["associations"]["companies"]["results"] == [
        {"id": ids["companies"], "type": "contact_to_company_unlabeled"}
    ]
    assert hub.request("DELETE", path).status_code == 204
    assert hub.request("GET", f"{near}/associations/companies").json()["results"] == []
    assert hub.request("PUT", path.replace(name, "contact_to_planet")).status_code == 400
    assert hub.request("PUT", path.replace(ids["companies"], "7")).status_code == 404
    assert hub.request("GET", "/crm/v3/objects/contacts/7/associations/companies").status_code == 404


def test_version_3_pages_by_the_record_at_the_other_end(hub: ServedPortal, ids: dict[str, str]) -> None:
    path = f"/crm/v3/objects/companies/{ids['companies']}/associations/deals"
    deals = [ids["deals"]]
    for _ in range(2):
        answer = hub.request("POST", "/crm/v3/objects/deals", json={"properties": {"dealname": "D"}})
        deals.append(str(answer.json()["id"]))
    for each in deals:
        hub.request("PUT", f"{path}/{each}/company_to_deal").raise_for_status()
    first = hub.request("GET", path, params={"limit": 2}).json()
    rest = hub.session.get(first["paging"]["next"]["link"]).json()
    assert [each["id"] for each in first["results"] + rest["results"]] == deals
    assert "paging" not in rest


def test_version_3_lists_the_types_there_are(hub: ServedPortal) -> None:
    found = hub.request("GET", "/crm/v3/associations/contacts/companies/types").json()["results"]
    assert found == [
        {"id": "279", "name": "contact_to_company_unlabeled"}, {"id": "1", "name": "contact_to_company"}
    ]  # fmt: skip


def test_a_label_is_renamed_and_removed_and_the_records_stay_associated(hub: ServedPortal, ids: dict[str, str]) -> None:
    labels = "/crm/v4/associations/contacts/companies/labels"
    body = {"name": "buyer", "label": "Buyer", "inverseLabel": "Buys here"}
    there = hub.request("POST", labels, json=body).json()["results"][0]["typeId"]
    near = f"/crm/v4/objects/contacts/{ids['contacts']}/associations/companies"
    types = [{"associationCategory": "USER_DEFINED", "associationTypeId": there}]
    hub.request("PUT", f"{near}/{ids['companies']}", json=types).raise_for_status()
    new = {"associationTypeId": there, "label": "Purchaser"}
    assert hub.request("PUT", labels, json=new).status_code == 204
    assert labelled(hub, near) == [None, "Purchaser"]
    assert hub.request("DELETE", f"{labels}/279").status_code == 400  # HubSpot's own
    assert hub.request("DELETE", f"{labels}/{there}").status_code == 204
    assert labelled(hub, near) == [None]


def labelled(hub: ServedPortal, near: str) -> list[Any]:
    (one,) = hub.request("GET", near).json()["results"]
    return sorted((each["label"] for each in one["associationTypes"]), key=str)
