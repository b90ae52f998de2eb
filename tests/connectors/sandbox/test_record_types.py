"""Record types: saved through the Metadata API, told by describe, and the values they allow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connectors.sandbox.background import Served
from connectors.sandbox.org.org import Org
from connectors.sandbox.salesforce_api.xmltree import Node

Call = Callable[[str, str], Node]


def values(*names: str, picklist: str = "Rating") -> str:
    listed = "".join(f"<values><fullName>{name}</fullName><default>false</default></values>" for name in names)
    return f"<picklistValues><picklist>{picklist}</picklist>{listed}</picklistValues>"


def save(metadata: Call, content: str, name: str = "Account.Partner", operation: str = "upsertMetadata") -> Node:
    body = f"<fullName>{name}</fullName><active>true</active><label>Partner</label>{content}"
    (result,) = metadata(operation, f'<metadata xsi:type="RecordType">{body}</metadata>').all("result")
    return result


@pytest.fixture
def partner(metadata: Call, org: Org) -> str:
    """Id of the record type, which allows two ratings."""
    assert save(metadata, values("Hot", "Warm")).get("success") == "true"
    (row,) = org.query("SELECT Id FROM RecordType WHERE DeveloperName = 'Partner'").records
    return str(row["Id"])


def test_it_is_a_record_and_reads_back_with_its_values(metadata: Call, partner: str) -> None:
    asked = "<type>RecordType</type><fullNames>Account.Partner</fullNames>"
    (record,) = metadata("readMetadata", asked).children[0].children
    (listed,) = record.all("picklistValues")
    assert (record.get("label"), record.get("active")) == ("Partner", "true")
    assert [node.get("fullName") for node in listed.all("values")] == ["Hot", "Warm"]
    found = metadata("listMetadata", "<queries><type>RecordType</type></queries>").all("result")
    assert "Account.Partner" in [node.get("fullName") for node in found]


def test_a_value_outside_its_list_is_refused_for_its_records_only(org: Org, partner: str) -> None:
    rows: list[dict[str, Any]] = [
        {"Name": "a", "RecordTypeId": partner, "Rating": "Hot"},
        {"Name": "b", "RecordTypeId": partner, "Rating": "Cold"},
        {"Name": "c", "Rating": "Cold"},
        {"Name": "d", "RecordTypeId": partner, "Industry": "Energy"},
    ]
    outcomes = org.insert("Account", rows)
    assert [outcome.success for outcome in outcomes] == [True, False, True, True]
    error = outcomes[1].errors[0]
    assert error.status_code == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    assert "bad value for restricted picklist field: Cold" in error.message


def test_a_list_that_is_given_again_is_replaced_and_others_stay(metadata: Call, org: Org, partner: str) -> None:
    save(metadata, values("Energy", picklist="Industry"))
    assert not org.insert("Account", [{"Name": "x", "RecordTypeId": partner, "Rating": "Cold"}])[0].success
    save(metadata, values("Hot", "Warm", "Cold") + values("Energy", "Banking", picklist="Industry"))
    assert org.insert("Account", [{"Name": "x", "RecordTypeId": partner, "Rating": "Cold"}])[0].success


def test_describe_tells_types_and_their_values(served: Served, partner: str) -> None:
    infos = served.request("GET", "sobjects/Account/describe").json()["recordTypeInfos"]
    assert partner in [info["recordTypeId"] for info in infos]
    shown = served.request("GET", "sobjects/Account/describe/layouts").json()["recordTypeMappings"]
    (mapping,) = [each for each in shown if each["developerName"] == "Partner"]
    lists = {each["picklistName"]: each["picklistValues"] for each in mapping["picklistsForRecordType"]}
    assert [entry["value"] for entry in lists["Rating"]] == ["Hot", "Warm"]
    assert len(lists["Type"]) > 2


def test_the_tooling_api_shows_its_metadata(served: Served, partner: str) -> None:
    soql = f"SELECT FullName, Metadata FROM RecordType WHERE Id = '{partner}'"
    (row,) = served.request("GET", "tooling/query", params={"q": soql}).json()["records"]
    assert row["FullName"] == "Account.Partner"
    listed = {
        each["picklist"]: [one["valueName"] for one in each["values"]] for each in row["Metadata"]["picklistValues"]
    }
    assert listed["Rating"] == ["Hot", "Warm"]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (values("Nope"), "Account.Partner"), (values("x", picklist="Nope__c"), "Account.Partner"),
        (values("x", picklist="Name"), "Account.Partner"), ("", "Nope.Partner"), ("", "Account.bad__name"),
    ],
)  # fmt: skip
def test_what_cannot_be_saved(metadata: Call, content: str, name: str) -> None:
    assert save(metadata, content, name).child("errors") is not None


def test_an_inactive_one_is_deleted_with_its_record(metadata: Call, org: Org) -> None:
    save(metadata, "", "Account.Passing")
    asked = "<type>RecordType</type><fullNames>Account.Passing</fullNames>"
    assert metadata("deleteMetadata", asked).children[0].child("errors") is not None, "it is active"
    body = "<fullName>Account.Passing</fullName><active>false</active><label>Passing</label>"
    metadata("updateMetadata", f'<metadata xsi:type="RecordType">{body}</metadata>')
    assert metadata("deleteMetadata", asked).children[0].get("success") == "true"
    assert org.query("SELECT COUNT() FROM RecordType WHERE DeveloperName = 'Passing'").total == 0
