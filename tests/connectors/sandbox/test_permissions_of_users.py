"""A user with a minimal profile: sees, reads and writes what permission sets grant, and gets errors for the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from connectors.sandbox.background import Served
from connectors.sandbox.org.org import Org
from connectors.sandbox.salesforce_api.soap import ENVELOPE, METADATA
from connectors.sandbox.salesforce_api.xmltree import Node

Call = Callable[[str, str], Node]
FULL = "<allowCreate>true</allowCreate><allowEdit>true</allowEdit><allowRead>true</allowRead>"
READ = "<allowCreate>false</allowCreate><allowEdit>false</allowEdit><allowRead>true</allowRead>"


class Person:
    """A user with a session of their own."""

    def __init__(self, served: Served, name: str, profile: str = "Minimum Access - Salesforce") -> None:
        org = served.org
        (found,) = org.query(f"SELECT Id FROM Profile WHERE Name = '{profile}'").records
        address = f"{name}@example.com"
        row = {"LastName": name, "Username": address, "Email": address, "Alias": name[:8], "ProfileId": found["Id"]}
        (made,) = org.insert("User", [{**row, "IsActive": True}])
        self.id = str(made.id)
        self.token = org.sessions.issue(self.id)
        self._root = f"{served.url}/services/data/v63.0/"
        self._session = served.session

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return self._session.request(method, self._root + path, headers=headers, timeout=30, **options)

    def refusal(self, method: str, path: str, **options: Any) -> tuple[int, str]:
        answer = self.ask(method, path, **options)
        return answer.status_code, answer.json()[0]["errorCode"] if answer.content and not answer.ok else ""

    def query(self, soql: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("GET", "query", params={"q": soql}).json()["records"]
        return found


@pytest.fixture
def person(served: Served, request: pytest.FixtureRequest) -> Person:
    return Person(served, f"p{abs(hash(request.node.name)) % 10**9}")


def grant(metadata: Call, org: Org, person: Person, content: str, name: str = "Granted") -> None:
    """Saves a permission set of this content and assigns it to the person."""
    own = f"{name}_{person.id}"
    body = f'<metadata xsi:type="PermissionSet"><fullName>{own}</fullName>{content}<label>x</label></metadata>'
    (result,) = metadata("upsertMetadata", body).all("result")
    assert result.get("success") == "true", result
    (found,) = org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{own}'").records
    org.insert("PermissionSetAssignment", [{"AssigneeId": person.id, "PermissionSetId": found["Id"]}])


def on_account(flags: str) -> str:
    return f"<objectPermissions>{flags}<object>Account</object></objectPermissions>"


def on_field(name: str, editable: str = "true") -> str:
    return (
        f"<fieldPermissions><editable>{editable}</editable><field>Account.{name}</field><readable>true</readable>"
        "</fieldPermissions>"
    )


def test_without_permission_the_object_does_not_exist(person: Person) -> None:
    assert person.refusal("GET", "query", params={"q": "SELECT Id FROM Account"}) == (400, "INVALID_TYPE")
    assert person.refusal("GET", "sobjects/Account/describe") == (404, "NOT_FOUND")
    assert person.refusal("POST", "sobjects/Account", json={"Name": "x"}) == (404, "NOT_FOUND")
    assert "Account" not in [each["name"] for each in person.ask("GET", "sobjects").json()["sobjects"]]
    assert person.query("SELECT Id FROM RecordType") == [], "the set-up can be read"


def test_an_object_that_may_be_read_cannot_be_written(metadata: Call, org: Org, person: Person) -> None:
    grant(metadata, org, person, on_account(READ))
    (made,) = org.insert("Account", [{"Name": "Readable"}])
    assert person.query(f"SELECT Name FROM Account WHERE Id = '{made.id}'")[0]["Name"] == "Readable"
    refused = (403, "INSUFFICIENT_ACCESS_OR_READONLY")
    assert person.refusal("PATCH", f"sobjects/Account/{made.id}", json={"Name": "y"}) == refused
    assert person.refusal("DELETE", f"sobjects/Account/{made.id}") == refused
    assert person.refusal("POST", "sobjects/Account", json={"Name": "x"})[1] == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    shown = person.ask("GET", "sobjects/Account/describe").json()
    assert (shown["queryable"], shown["createable"], shown["updateable"]) == (True, False, False)


def test_fields_need_their_own_permission(metadata: Call, org: Org, person: Person) -> None:
    grant(metadata, org, person, on_field("Industry", "false") + on_field("Site") + on_account(FULL))
    fields = {each["name"]: each for each in person.ask("GET", "sobjects/Account/describe").json()["fields"]}
    assert {"Id", "Name", "OwnerId", "SystemModstamp", "Industry", "Site"} <= fields.keys()
    assert "Rating" not in fields
    assert [fields[name]["updateable"] for name in ("Name", "Industry", "Site")] == [True, False, True]
    assert person.refusal("GET", "query", params={"q": "SELECT Rating FROM Account"}) == (400, "INVALID_FIELD")
    assert person.refusal("POST", "sobjects/Account", json={"Name": "x", "Site": "s"}) == (201, "")
    row = {"Name": "x", "Industry": "Energy"}
    assert person.refusal("POST", "sobjects/Account", json=row) == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")
    assert person.refusal("POST", "sobjects/Account", json={"Name": "x", "Rating": "Hot"}) == (400, "INVALID_FIELD")


def test_all_data_comes_with_a_user_permission(metadata: Call, org: Org, person: Person) -> None:
    everything = "<userPermissions><enabled>true</enabled><name>ModifyAllData</name></userPermissions>"
    grant(metadata, org, person, everything)
    assert person.refusal("POST", "sobjects/Account", json={"Name": "x"}) == (201, "")
    (row,) = person.query("SELECT PermissionsModifyAllData FROM PermissionSet WHERE Name LIKE '%" + person.id + "'")
    assert row["PermissionsModifyAllData"] is True


def test_a_standard_user_writes_records_but_not_the_set_up(served: Served) -> None:
    seller = Person(served, "seller", "Standard User")
    assert seller.refusal("POST", "sobjects/Account", json={"Name": "x", "Industry": "Energy"}) == (201, "")
    envelope = (
        f'<e:Envelope xmlns:e="{ENVELOPE}"><e:Header><SessionHeader xmlns="{METADATA}"><sessionId>{seller.token}'
        f'</sessionId></SessionHeader></e:Header><e:Body><describeMetadata xmlns="{METADATA}"/></e:Body></e:Envelope>'
    )
    answer = served.session.post(f"{served.facts['metadata_url']}/63.0", data=envelope, timeout=30)
    assert answer.status_code == 500
    assert "INSUFFICIENT_ACCESS" in answer.text


def test_a_permission_set_comes_back_as_it_was_saved(metadata: Call, org: Org, person: Person) -> None:
    tabs = "<tabSettings><tab>standard-Account</tab><visibility>Visible</visibility></tabSettings>"
    users = "".join(
        f"<userPermissions><enabled>true</enabled><name>{name}</name></userPermissions>"
        for name in ("ApiEnabled", "ViewRoles")
    )
    grant(metadata, org, person, on_account(READ) + tabs + users)
    asked = f"<type>PermissionSet</type><fullNames>Granted_{person.id}</fullNames>"
    (record,) = metadata("readMetadata", asked).children[0].children
    (on_object,) = record.all("objectPermissions")
    assert (on_object.get("object"), on_object.get("allowRead"), on_object.get("allowEdit")) == (
        "Account", "true", "false",
    )  # fmt: skip
    assert [node.get("tab") for node in record.all("tabSettings")] == ["standard-Account"]
    assert [node.get("name") for node in record.all("userPermissions")] == ["ApiEnabled", "ViewRoles"]
    columns = "SobjectType, PermissionsRead, PermissionsEdit"
    soql = f"SELECT {columns} FROM ObjectPermissions WHERE Parent.Name LIKE '%{person.id}'"
    (row,) = org.query(soql).records
    assert (row["SobjectType"], row["PermissionsRead"], row["PermissionsEdit"]) == ("Account", True, False)


def test_permissions_on_an_object_need_each_other(metadata: Call) -> None:
    flags = "<allowCreate>false</allowCreate><allowEdit>true</allowEdit><allowRead>false</allowRead>"
    body = f'<metadata xsi:type="PermissionSet"><fullName>Odd</fullName><label>x</label>{on_account(flags)}</metadata>'
    error = metadata("upsertMetadata", body).children[0].child("errors")
    assert error is not None
    assert error.get("message") == "Permission Edit Account depends on permission(s): Read Account"


def test_record_access_is_told_for_each_record(metadata: Call, org: Org, served: Served, person: Person) -> None:
    grant(metadata, org, person, on_account(FULL))
    first, second = org.insert("Account", [{"Name": "theirs"}, {"Name": "own", "OwnerId": person.id}])
    soql = (
        "SELECT RecordId, HasReadAccess, HasEditAccess, MaxAccessLevel FROM UserRecordAccess "
        f"WHERE UserId = '{person.id}' AND RecordId IN ('{first.id}', '{second.id}')"
    )
    assert [row["MaxAccessLevel"] for row in person.query(soql)] == ["Edit", "All"]
    org.set_setting("org_wide_defaults", {"Account": "Read"})
    try:
        shown = {row["RecordId"]: row["HasEditAccess"] for row in person.query(soql)}
        assert shown == {first.id: False, second.id: True}
        assert len(person.query(soql + " AND HasEditAccess = true")) == 1
        refused = person.refusal("PATCH", f"sobjects/Account/{first.id}", json={"Name": "z"})
        assert refused == (403, "INSUFFICIENT_ACCESS_OR_READONLY")
        assert person.refusal("PATCH", f"sobjects/Account/{second.id}", json={"Name": "z"})[0] == 204
        admin = soql.replace(person.id, org.admin_user_id)
        assert {row["MaxAccessLevel"] for row in person.query(admin)} == {"All"}
    finally:
        org.set_setting("org_wide_defaults", None)
    unfiltered = "SELECT RecordId FROM UserRecordAccess WHERE HasEditAccess = true"
    assert person.refusal("GET", "query", params={"q": unfiltered}) == (400, "MALFORMED_QUERY")


def test_the_organization_tells_its_edition(served: Served) -> None:
    soql = "SELECT Name, OrganizationType, IsSandbox, InstanceName FROM Organization"
    (row,) = served.request("GET", "query", params={"q": soql}).json()["records"]
    assert (row["OrganizationType"], row["IsSandbox"], row["InstanceName"]) == ("Developer Edition", True, "SANDBOX")
