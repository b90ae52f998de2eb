"""What a record has from its associations: numbers and dates that follow whatever is done to the records around it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from connectors.sandbox.background import ServedPortal
from connectors.sandbox.portal.portal import FILE, Portal
from connectors.sandbox.portal.standard import OBJECT_TYPES

PEOPLE, DEALS = "num_associated_contacts", "num_associated_deals"


def made(hub: ServedPortal, kind: str, **properties: object) -> str:
    answer = hub.request("POST", f"/crm/v3/objects/{kind}", json={"properties": properties})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def shown(hub: ServedPortal, kind: str, record_id: str, *names: str) -> list[Any]:
    answer = hub.request("GET", f"/crm/v3/objects/{kind}/{record_id}", params={"properties": ",".join(names)})
    return [answer.json()["properties"][name] for name in names]


def link(hub: ServedPortal, kind: str, one: str, other: str, two: str, method: str = "PUT") -> None:
    default = "default/" if method == "PUT" else ""
    path = f"/crm/v4/objects/{kind}/{one}/associations/{default}{other}/{two}"
    hub.request(method, path).raise_for_status()


def test_a_company_knows_how_many_contacts_and_deals_it_has(hub: ServedPortal) -> None:
    company = made(hub, "companies", name="Counted")
    assert shown(hub, "companies", company, PEOPLE, DEALS) == ["0", None]
    people = [made(hub, "contacts", firstname=f"P{number}") for number in range(3)]
    deal = made(hub, "deals", dealname="D")
    for each in people:
        link(hub, "contacts", each, "companies", company)
    link(hub, "companies", company, "deals", deal)
    link(hub, "deals", deal, "contacts", people[0])
    assert shown(hub, "companies", company, PEOPLE, DEALS) == ["3", "1"]
    assert shown(hub, "deals", deal, PEOPLE) == ["1"]
    assert shown(hub, "contacts", people[0], DEALS) == ["1"]
    link(hub, "contacts", people[0], "companies", company, "DELETE")
    hub.request("DELETE", f"/crm/v3/objects/contacts/{people[1]}").raise_for_status()
    hub.request("POST", "/crm/v3/objects/deals/gdpr-delete", json={"objectId": deal}).raise_for_status()
    assert shown(hub, "companies", company, PEOPLE, DEALS) == ["1", "0"]
    filters = [
        {"propertyName": PEOPLE, "operator": "EQ", "value": "1"},
        {"propertyName": DEALS, "operator": "LT", "value": "1"},
    ]
    search = {"filterGroups": [{"filters": filters}]}
    found = hub.request("POST", "/crm/v3/objects/companies/search", json=search).json()
    assert [each["id"] for each in found["results"]] == [company]


def test_a_label_counts_nobody_twice(hub: ServedPortal) -> None:
    company, person = made(hub, "companies", name="Labelled"), made(hub, "contacts", firstname="P")
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
    hub.request("PUT", f"/crm/v4/objects/contacts/{person}/associations/companies/{company}", json=types)
    assert shown(hub, "companies", company, PEOPLE) == ["1"]


def test_a_merge_counts_both_records_people_once(hub: ServedPortal) -> None:
    one, two = made(hub, "companies", name="One"), made(hub, "companies", name="Two")
    people = [made(hub, "contacts", firstname=f"M{number}") for number in range(3)]
    for person, company in ((people[0], one), (people[1], one), (people[1], two), (people[2], two)):
        link(hub, "contacts", person, "companies", company)
    merged = hub.request(
        "POST", "/crm/v3/objects/companies/merge", json={"primaryObjectId": one, "objectIdToMerge": two}
    ).json()["id"]
    assert shown(hub, "companies", merged, PEOPLE) == ["3"]


def test_a_parent_counts_its_children_and_not_itself(hub: ServedPortal) -> None:
    parent, child = made(hub, "companies", name="Parent"), made(hub, "companies", name="Child")
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 13}]
    hub.request("PUT", f"/crm/v4/objects/companies/{parent}/associations/companies/{child}", json=types)
    assert shown(hub, "companies", parent, "hs_num_child_companies", "hs_parent_company_id") == ["1", None]
    assert shown(hub, "companies", child, "hs_num_child_companies", "hs_parent_company_id") == ["0", parent]


def test_activities_say_when_somebody_was_contacted_last(hub: ServedPortal) -> None:
    names = ("notes_last_contacted", "notes_last_updated", "num_contacted_notes", "num_notes")
    company = made(hub, "companies", name="Busy")
    assert shown(hub, "companies", company, *names) == [None] * 4
    for kind, at in (
        ("calls", "2026-02-01"),
        ("meetings", "2026-03-01"),
        ("notes", "2026-04-01"),
        ("calls", "2999-01-01"),
    ):
        activity = made(hub, kind, hs_timestamp=at)
        link(hub, kind, activity, "companies", company)
    assert shown(hub, "companies", company, *names) == ["2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z", "3", "4"]
    moved = {"properties": {"hs_timestamp": "2026-05-01"}}
    hub.request("PATCH", f"/crm/v3/objects/calls/{activity}", json=moved).raise_for_status()
    assert shown(hub, "companies", company, *names[:2]) == ["2026-05-01T00:00:00Z"] * 2


def test_nobody_may_set_what_is_counted(hub: ServedPortal) -> None:
    answer = hub.request("POST", "/crm/v3/objects/companies", json={"properties": {PEOPLE: "7"}})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "READ_ONLY_VALUE")


def test_nobody_is_said_to_have_set_what_is_counted(hub: ServedPortal) -> None:
    company = made(hub, "companies", name="Told")
    person = made(hub, "contacts", firstname="P")
    link(hub, "contacts", person, "companies", company)
    asked = {"propertiesWithHistory": f"name,{PEOPLE}"}
    told = hub.request("GET", f"/crm/v3/objects/companies/{company}", params=asked).json()["propertiesWithHistory"]
    assert [len(told[name]) for name in ("name", PEOPLE)] == [1, 0]


def test_a_portal_of_an_earlier_version_gets_the_properties_it_lacks(tmp_path: Path) -> None:
    with Portal.open(tmp_path) as old:
        (company,) = old.create(OBJECT_TYPES["companies"], [{"name": "Old"}])
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("DELETE FROM definitions WHERE name = 'companies.num_notes'")
        connection.execute("ALTER TABLE rec_companies DROP COLUMN p_num_notes")
    with Portal.open(tmp_path) as new:
        (note,) = new.create(OBJECT_TYPES["notes"], [{"hs_timestamp": "2026-01-01"}])
        assert isinstance(company, int)
        assert isinstance(note, int)
        new.link(OBJECT_TYPES["notes"], OBJECT_TYPES["companies"], [(note, company)])
        found = new.records.fetch(OBJECT_TYPES["companies"], [company], ("num_notes",))
        assert found[company].values["num_notes"] == "1"
