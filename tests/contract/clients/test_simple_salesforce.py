"""The sandbox driven by `simple-salesforce`, a client that knows nothing of it."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceResourceNotFound,
)

from connectors.sandbox.background import Served
from connectors.sandbox.org.org import Org
from tests.contract.clients.simple import error_of, log_in, session

PEM = serialization.Encoding.PEM
pytestmark = pytest.mark.usefixtures("trusted")


def test_it_logs_in_with_user_and_password(served_tls: Served) -> None:
    with session(served_tls) as through:
        client = log_in(served_tls, served_tls.facts["password"], through)
        assert client.query("SELECT Id, Username FROM User LIMIT 1")["totalSize"] == 1
        assert f"https://{client.sf_instance}" == served_tls.url


def test_a_wrong_password_is_its_own_error(served_tls: Served) -> None:
    with session(served_tls) as through, pytest.raises(SalesforceAuthenticationFailed) as caught:
        log_in(served_tls, "wrong", through)
    assert caught.value.code == "INVALID_LOGIN"


def test_it_logs_in_with_a_signed_assertion(served_tls: Served, org: Org) -> None:
    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    private = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    username, client_id = served_tls.facts["username"], served_tls.facts["client_id"]
    org.sessions.register_certificate(client_id, public.decode())
    org.set_setting("client_policy", {"permitted_users": "admin_approved", "approved_users": [username]})
    with session(served_tls) as through:
        client: Any = Salesforce(
            username=username, consumer_key=client_id, privatekey=private.decode(), domain="test", version="63.0",
            session=through,
        )  # fmt: skip
        assert client.query("SELECT Id FROM User LIMIT 1")["totalSize"] == 1
    org.set_setting("client_policy", None)


def test_a_record_lives_and_dies(client: Any) -> None:
    made = client.Account.create({"Name": "Kone & Söhne", "NumberOfEmployees": 7})
    assert made["success"] is True
    assert client.Account.update(made["id"], {"NumberOfEmployees": 8}) == 204
    found = client.Account.get(made["id"])
    assert (found["Name"], found["NumberOfEmployees"]) == ("Kone & Söhne", 8)
    assert client.Account.delete(made["id"]) == 204
    with pytest.raises(SalesforceResourceNotFound) as caught:
        client.Account.get(made["id"])
    assert error_of(caught.value)["errorCode"] in ("NOT_FOUND", "ENTITY_IS_DELETED")


def test_upsert_by_external_id_creates_then_changes(client: Any, org: Org) -> None:
    with_id = [field.name for field in org.object("Account").fields.values() if field.external_id]
    if not with_id:
        metadata_field(client, "Ext__c", type="Text", length=20, externalId=True, unique=True)
        with_id = ["Ext__c"]
    path = f"{with_id[0]}/E-1"
    assert client.Account.upsert(path, {"Name": "One"}) == 201
    assert client.Account.upsert(path, {"Name": "Two"}) in (200, 204)
    assert client.query(f"SELECT Name FROM Account WHERE {with_id[0]} = 'E-1'")["records"][0]["Name"] == "Two"


def metadata_field(client: Any, name: str, **properties: Any) -> None:
    kind = client.mdapi.CustomField
    client.mdapi.CustomField.create(kind(fullName=f"Account.{name}", label=name, **properties))
    permission = client.mdapi.PermissionSet
    grant = permission(
        fullName=f"Grant_{name.removesuffix('__c')}",
        label=name,
        fieldPermissions=[{"field": f"Account.{name}", "editable": True, "readable": True}],
    )
    permission.create(grant)
    found = client.query(f"SELECT Id FROM PermissionSet WHERE Name = 'Grant_{name.removesuffix('__c')}'")
    me = client.query("SELECT Id FROM User WHERE IsActive = true ORDER BY CreatedDate LIMIT 1")
    row = {"AssigneeId": me["records"][0]["Id"], "PermissionSetId": found["records"][0]["Id"]}
    client.PermissionSetAssignment.create(row)


def test_fields_and_value_sets_through_its_metadata_client(client: Any) -> None:
    api = client.mdapi
    values = [api.CustomValue(fullName=key, label=key.title(), default=False) for key in ("wind", "hydro")]
    api.GlobalValueSet.create(
        api.GlobalValueSet(fullName="Powers", masterLabel="Powers", sorted=False, customValue=values)
    )
    field = api.CustomField(
        fullName="Account.Power__c",
        label="Power",
        type=api.FieldType("Picklist"),
        valueSet=api.ValueSet(valueSetName="Powers", restricted=True),
    )
    api.CustomField.create(field)
    back = api.CustomField.read("Account.Power__c")
    assert (back.label, back.valueSet.valueSetName) == ("Power", "Powers")
    assert [value.fullName for value in api.GlobalValueSet.read("Powers").customValue] == ["wind", "hydro"]


def test_rules_and_permissions_through_its_metadata_client(client: Any, org: Org) -> None:
    api = client.mdapi
    api.CustomPermission.create(api.CustomPermission(fullName="Late", label="Late", isLicensed=False))
    rule = api.ValidationRule(
        fullName="Account.Not_late", active=True, errorConditionFormula="Site = 'late' && !$Permission.Late",
        errorDisplayField="Site", errorMessage="Too late.",
    )  # fmt: skip
    api.ValidationRule.create(rule)
    try:
        with pytest.raises(SalesforceMalformedRequest) as caught:
            client.Account.create({"Name": "x", "Site": "late"})
        error = {"message": "Too late.", "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "fields": ["Site"]}
        assert error_of(caught.value) == error
        back = api.ValidationRule.read("Account.Not_late")
        back.active = False
        api.ValidationRule.update(back)
        assert client.Account.create({"Name": "x", "Site": "late"})["success"] is True
    finally:
        api.ValidationRule.delete("Account.Not_late")
    values = [{"fullName": "Hot", "default": False}]
    kind = api.RecordType(
        fullName="Account.Held", active=True, label="Held", picklistValues=[{"picklist": "Rating", "values": values}]
    )
    api.RecordType.create(kind)
    assert api.RecordType.read("Account.Held").picklistValues[0]["values"][0]["fullName"] == "Hot"


def test_queries_of_several_pages_come_whole_and_in_order(client: Any, org: Org) -> None:
    org.insert("Account", [{"Name": f"Paged {number:05}"} for number in range(4_300)])
    soql = "SELECT Name FROM Account WHERE Name LIKE 'Paged %' ORDER BY Name"
    first = client.query(soql)
    assert (first["done"], first["totalSize"], len(first["records"])) == (False, 4_300, 2_000)
    more = client.query_more(first["nextRecordsUrl"], identifier_is_url=True)
    assert more["records"][0]["Name"] == "Paged 02000"
    names = [row["Name"] for row in client.query_all(soql)["records"]]
    assert names == [f"Paged {number:05}" for number in range(4_300)]
    assert sum(1 for _ in client.query_all_iter(soql)) == 4_300


def test_collections_answer_row_by_row(client: Any) -> None:
    rows = [
        {"attributes": {"type": "Account"}, "Name": "Good"},
        {"attributes": {"type": "Account"}},
        {"attributes": {"type": "Account"}, "Name": "x" * 256},
    ]
    body = {"allOrNone": False, "records": rows}
    answers = client.restful("composite/sobjects", method="POST", json=body)
    assert [answer["success"] for answer in answers] == [True, False, False]
    codes = [answer["errors"][0]["statusCode"] for answer in answers[1:]]
    assert codes == ["REQUIRED_FIELD_MISSING", "STRING_TOO_LONG"]


def test_bulk_jobs_write_every_row_or_say_why_not(client: Any, org: Org) -> None:
    rows = [{"Name": f"Bulked {n:03}", "NumberOfEmployees": str(n)} for n in range(300)]
    (loaded,) = client.bulk2.Account.insert(records=[*rows, {"Name": "", "NumberOfEmployees": "1"}], wait=0.05)
    assert (loaded["numberRecordsProcessed"], loaded["numberRecordsFailed"]) == (301, 1)
    assert "REQUIRED_FIELD_MISSING" in client.bulk2.Account.get_failed_records(loaded["job_id"])
    # With a batch size the client makes several jobs.
    found = org.query("SELECT Id FROM Account WHERE Name LIKE 'Bulked %' ORDER BY Name").records
    changes = [{"Id": row["Id"], "Site": "#N/A", "NumberOfEmployees": "7"} for row in found]
    jobs = client.bulk2.Account.update(records=changes, batch_size=100, wait=0.05)
    assert len(jobs) == 3
    assert sum(job["numberRecordsProcessed"] for job in jobs) == 300
    assert org.query("SELECT COUNT() FROM Account WHERE Name LIKE 'Bulked %' AND NumberOfEmployees = 7").total == 300


def test_bulk_queries_come_in_pages(client: Any, org: Org) -> None:
    org.insert("Account", [{"Name": f"Read {n:03}"} for n in range(250)])
    soql = "SELECT Name, CreatedDate FROM Account WHERE Name LIKE 'Read %' ORDER BY Name"
    parts = [part.splitlines() for part in client.bulk2.Account.query(soql, max_records=100, wait=0.05)]
    assert [len(part) for part in parts] == [101, 101, 51]
    assert {part[0] for part in parts} == {'"Name","CreatedDate"'}
    assert parts[2][-1].startswith('"Read 249","')


def test_searches_find_what_was_just_written(client: Any) -> None:
    made = client.Account.create({"Name": "Quicksilver Oy"})["id"]
    assert [row["Id"] for row in client.quick_search("quicksilver")["searchRecords"]] == [made]
    found = client.search("FIND {quick*} IN NAME FIELDS RETURNING Account(Name)")["searchRecords"]
    assert [row["Name"] for row in found] == ["Quicksilver Oy"]


def test_a_password_is_set_for_a_user(client: Any, served_tls: Served) -> None:
    user = client.query("SELECT Id FROM User WHERE IsActive = true ORDER BY CreatedDate LIMIT 1")["records"][0]["Id"]
    client.set_password(user, "Another-0ne!")
    with session(served_tls) as through:
        assert log_in(served_tls, "Another-0ne!", through).session_id
    client.set_password(user, served_tls.facts["password"])


def test_describe_and_limits(client: Any) -> None:
    account = client.Account.describe()
    names = {field["name"]: field for field in account["fields"]}
    assert names["Name"]["nillable"] is False
    assert names["ParentId"]["referenceTo"] == ["Account"]
    assert {"Account", "Order", "User"} <= {each["name"] for each in client.describe()["sobjects"]}
    limits = client.limits()["DailyApiRequests"]
    assert 0 < limits["Remaining"] <= limits["Max"]
    assert client.api_usage["api-usage"].total == limits["Max"]


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT Nme FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM Acount", "INVALID_TYPE"),
        ("SELECT FROM Account", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE CreatedDate = '2026'", "INVALID_FIELD"),
    ],
)
def test_bad_queries_have_the_vendors_codes(client: Any, soql: str, code: str) -> None:
    with pytest.raises(SalesforceMalformedRequest) as caught:
        client.query(soql)
    assert error_of(caught.value)["errorCode"] == code


def test_an_ended_session_is_told_as_such(served_tls: Served) -> None:
    with session(served_tls) as through:
        client = Salesforce(session_id="00D!gone", instance_url=served_tls.url, version="63.0", session=through)
        with pytest.raises(SalesforceExpiredSession):
            client.query("SELECT Id FROM Account")
