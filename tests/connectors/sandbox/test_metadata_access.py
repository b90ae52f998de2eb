"""A deploy grants nobody access: a new field does not exist for a user until a permission set says so."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connectors.sandbox.background import Served
from connectors.sandbox.salesforce_api.xmltree import Node

Call = Callable[[str, str], Node]

FIELD = (
    '<metadata xsi:type="CustomField"><fullName>Account.Secret__c</fullName><label>Secret</label>'
    "<length>20</length>{more}<type>Text</type></metadata>"
)
SET = (
    '<metadata xsi:type="PermissionSet"><fullName>Readers</fullName><fieldPermissions><editable>{editable}</editable>'
    "<field>{field}</field><readable>true</readable></fieldPermissions><label>Readers</label></metadata>"
)


@pytest.fixture(scope="module", autouse=True)
def hidden_field(metadata: Call) -> None:
    metadata("createMetadata", FIELD.format(more=""))


def described(served: Served) -> bool:
    fields = served.request("GET", "sobjects/Account/describe").json()["fields"]
    return "Secret__c" in [field["name"] for field in fields]


def query(served: Served) -> tuple[int, str]:
    answer = served.request("GET", "query/", params={"q": "SELECT Id, Secret__c FROM Account"})
    return answer.status_code, "" if answer.ok else answer.json()[0]["errorCode"]


def write(served: Served) -> tuple[int, str]:
    answer = served.request("POST", "sobjects/Account/", json={"Name": "x", "Secret__c": "s"})
    return answer.status_code, "" if answer.ok else answer.json()[0]["errorCode"]


def grant(metadata: Call, editable: str, field: str = "Account.Secret__c") -> Node:
    (result,) = metadata("upsertMetadata", SET.format(editable=editable, field=field)).all("result")
    return result


def test_a_new_field_is_hidden_then_readable_then_editable(metadata: Call, served: Served) -> None:
    assert not described(served)
    assert query(served) == (400, "INVALID_FIELD")
    assert write(served) == (400, "INVALID_FIELD")

    assert grant(metadata, "false").get("success") == "true"
    assert not described(served), "granted to a set that nobody holds"
    found = served.request("GET", "query/", params={"q": "SELECT Id FROM PermissionSet WHERE Name = 'Readers'"})
    row = {"AssigneeId": served.org.admin_user_id, "PermissionSetId": found.json()["records"][0]["Id"]}
    assert served.request("POST", "sobjects/PermissionSetAssignment/", json=row).status_code == 201
    assert described(served)
    assert query(served) == (200, "")
    assert write(served) == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")

    grant(metadata, "true")
    assert write(served)[0] == 201


def test_a_permission_set_replaces_what_it_held(metadata: Call) -> None:
    metadata("createMetadata", FIELD.format(more="").replace("Secret", "Other"))
    grant(metadata, "true")
    grant(metadata, "true", "Account.Other__c")
    result = metadata("readMetadata", "<type>PermissionSet</type><fullNames>Readers</fullNames>").child("result")
    assert result is not None
    (record,) = result.all("records")
    assert [node.get("field") for node in record.all("fieldPermissions")] == ["Account.Other__c"]


def require(metadata: Call) -> None:
    """A required field, Needed__c."""
    metadata("upsertMetadata", FIELD.format(more="<required>true</required>").replace("Secret", "Needed"))


def test_a_permission_set_cannot_name_a_required_or_unknown_field(metadata: Call) -> None:
    require(metadata)
    for field, words in (
        ("Account.Needed__c", "You cannot deploy to a required field: Account.Needed__c"),
        ("Account.Nothing__c", "In field: field - no CustomField named Account.Nothing__c found"),
    ):
        found = grant(metadata, "true", field).child("errors")
        assert found is not None
        assert found.get("message") == words


def test_a_required_field_is_visible_to_everybody(served: Served, metadata: Call) -> None:
    require(metadata)
    answer = served.request("POST", "sobjects/Account/", json={"Name": "x"})
    assert answer.json()[0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert answer.json()[0]["fields"] == ["Needed__c"]
