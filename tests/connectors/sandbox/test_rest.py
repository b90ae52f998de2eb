"""The REST face: statuses, error bodies and headers of single records, collections, pages and composite calls."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from connectors.sandbox.background import VERSION, Served
from connectors.sandbox.org.schema import FieldDef


def errors(answer: requests.Response) -> list[tuple[str, list[str]]]:
    return [(error["errorCode"], error.get("fields", [])) for error in answer.json()]


def create(served: Served, **values: Any) -> str:
    answer = served.request("POST", "sobjects/Account/", json={"Name": "Test", **values})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def select(served: Served, soql: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = served.request("GET", "query/", params={"q": soql}).json()["records"]
    return found


def test_a_record_is_made_read_changed_and_deleted(served: Served) -> None:
    made = create(served, NumberOfEmployees=3)
    assert re.fullmatch(r"001\w{15}", made)
    read = served.request("GET", f"sobjects/Account/{made[:15]}", params={"fields": "Name,NumberOfEmployees"})
    assert (read.status_code, read.json()["NumberOfEmployees"]) == (200, 3)
    assert read.json()["attributes"] == {"type": "Account", "url": f"/services/data/{VERSION}/sobjects/Account/{made}"}
    changed = served.request("PATCH", f"sobjects/Account/{made}", json={"NumberOfEmployees": None})
    assert (changed.status_code, changed.content) == (204, b"")
    assert select(served, f"SELECT NumberOfEmployees FROM Account WHERE Id = '{made}'")[0]["NumberOfEmployees"] is None
    assert served.request("DELETE", f"sobjects/Account/{made}").status_code == 204
    gone = served.request("PATCH", f"sobjects/Account/{made}", json={"Name": "late"})
    assert (gone.status_code, errors(gone)[0][0]) == (404, "ENTITY_IS_DELETED")


@pytest.mark.parametrize(
    ("values", "status", "code", "fields"),
    [
        ({"Name": None}, 400, "REQUIRED_FIELD_MISSING", ["Name"]),
        ({"Nme": "x"}, 400, "INVALID_FIELD", []),
        ({"Name": "x" * 256}, 400, "STRING_TOO_LONG", ["Name"]),
        ({"Name": "x", "NumberOfEmployees": "many"}, 400, "INVALID_TYPE_ON_FIELD_IN_RECORD", ["NumberOfEmployees"]),
        ({"Name": "x", "ParentId": "001"}, 400, "MALFORMED_ID", ["ParentId"]),
        ({"Name": "x", "OwnerId": "005000000000000AAA"}, 400, "INVALID_CROSS_REFERENCE_KEY", ["OwnerId"]),
        ({"Name": "x", "SystemModstamp": "2026-01-01T00:00:00Z"}, 400, "INVALID_FIELD_FOR_INSERT_UPDATE", None),
    ],
)
def test_a_bad_record_is_refused_with_the_field(
    served: Served, values: dict[str, Any], status: int, code: str, fields: list[str] | None
) -> None:
    answer = served.request("POST", "sobjects/Account/", json=values)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (status, code), answer.text
    assert fields is None or errors(answer)[0][1] == fields


def test_the_system_stamps_move_with_a_change_and_only_then(served: Served) -> None:
    made = create(served)
    soql = f"SELECT CreatedDate, LastModifiedDate, SystemModstamp, CreatedById FROM Account WHERE Id = '{made}'"
    (before,) = select(served, soql)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", before["SystemModstamp"])
    assert before["CreatedById"] == served.org.admin_user_id
    assert select(served, soql) == [before]
    served.request("PATCH", f"sobjects/Account/{made}", json={"Name": "Moved"})
    (after,) = select(served, soql)
    assert after["CreatedDate"] == before["CreatedDate"]
    assert after["SystemModstamp"] >= before["SystemModstamp"]


def test_collections_answer_each_row_in_its_place(served: Served) -> None:
    kept = create(served)
    rows = [
        {"attributes": {"type": "Account"}, "id": kept, "Name": "Good"},
        {"attributes": {"type": "Account"}, "id": kept[:-3] + "ZZZ", "Name": "No such record"},
        {"attributes": {"type": "Account"}, "id": create(served), "Name": None},
    ]
    answer = served.request("PATCH", "composite/sobjects", json={"allOrNone": False, "records": rows})
    assert answer.status_code == 200
    assert [row["success"] for row in answer.json()] == [True, False, False]
    assert "id" not in answer.json()[2]
    assert answer.json()[2]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    assert select(served, f"SELECT Name FROM Account WHERE Id = '{kept}'")[0]["Name"] == "Good"


def test_all_or_none_undoes_what_was_good(served: Served) -> None:
    kept = create(served)
    rows = [{"attributes": {"type": "Account"}, "id": kept, "Name": name} for name in ("Changed", "x" * 300)]
    rows[1]["id"] = create(served)
    answer = served.request("PATCH", "composite/sobjects", json={"allOrNone": True, "records": rows})
    codes = [row["errors"][0]["statusCode"] for row in answer.json()]
    assert codes == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "STRING_TOO_LONG"]
    assert select(served, f"SELECT Name FROM Account WHERE Id = '{kept}'")[0]["Name"] == "Test"


def test_more_than_two_hundred_records_are_refused_whole(served: Served) -> None:
    rows = [{"attributes": {"type": "Account"}, "Name": f"Many {number}"} for number in range(201)]
    answer = served.request("POST", "composite/sobjects", json={"records": rows})
    assert answer.status_code == 400
    assert select(served, "SELECT Id FROM Account WHERE Name LIKE 'Many %'") == []
    assert served.request("POST", "composite/sobjects", json={"records": rows[:200]}).json()[199]["success"] is True


def test_a_long_result_comes_in_pages(served: Served) -> None:
    served.org.insert("Account", [{"Name": f"Page {number:04}"} for number in range(450)])
    soql = {"q": "SELECT Name FROM Account WHERE Name LIKE 'Page %' ORDER BY Name"}
    options = {"Sforce-Query-Options": "batchSize=200"}
    page = served.request("GET", "query/", params=soql, headers=options).json()
    sizes, names = [len(page["records"])], [row["Name"] for row in page["records"]]
    while not page["done"]:
        page = served.request("GET", page["nextRecordsUrl"]).json()
        sizes.append(len(page["records"]))
        names += [row["Name"] for row in page["records"]]
    assert (sizes, page["totalSize"]) == ([200, 200, 50], 450)
    assert names == [f"Page {number:04}" for number in range(450)]
    wrong = served.request("GET", "query/01gNOSUCH-200")
    assert (wrong.status_code, wrong.json()[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")


def test_every_answer_says_how_much_of_the_limit_is_used(served: Served) -> None:
    used = []
    for _ in range(2):
        header = served.request("GET", "sobjects").headers["Sforce-Limit-Info"]
        found = re.fullmatch(r"api-usage=(\d+)/(\d+)", header)
        assert found is not None
        used.append(int(found[1]))
    assert used[1] == used[0] + 1


def test_without_a_valid_session_nothing_is_answered(served: Served) -> None:
    answer = requests.get(
        f"{served.url}/services/data/{VERSION}/limits", headers={"Authorization": "Bearer gone"}, timeout=30
    )
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "sobjects/Acount/describe", 404, "NOT_FOUND"),
        ("GET", "sobjects/Account/001000000000000AAA", 404, "NOT_FOUND"),
        ("GET", "nowhere", 404, "NOT_FOUND"),
        ("PUT", "sobjects/Account/", 405, "METHOD_NOT_ALLOWED"),
    ],
)
def test_what_is_not_there_says_so(served: Served, method: str, path: str, status: int, code: str) -> None:
    answer = served.request(method, path)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (status, code), answer.text


def test_a_body_that_is_no_json_is_refused(served: Served) -> None:
    answer = served.request("POST", "sobjects/Account/", data="{", headers={"Content-Type": "application/json"})
    assert (answer.status_code, errors(answer)[0][0]) == (400, "JSON_PARSER_ERROR")


def test_a_composite_call_uses_what_an_earlier_part_made(served: Served) -> None:
    base = f"/services/data/{VERSION}/sobjects"
    parts = [
        {"method": "POST", "url": f"{base}/Account", "referenceId": "parent", "body": {"Name": "Parent"}},
        {"method": "POST", "url": f"{base}/Account", "referenceId": "child",
         "body": {"Name": "Child", "ParentId": "@{parent.id}"}},
    ]  # fmt: skip
    answer = served.request("POST", "composite", json={"compositeRequest": parts}).json()["compositeResponse"]
    assert [part["httpStatusCode"] for part in answer] == [201, 201]
    child = answer[1]["body"]["id"]
    assert select(served, f"SELECT Parent.Name FROM Account WHERE Id = '{child}'")[0]["Parent"]["Name"] == "Parent"


def test_a_composite_call_holds_five_queries_and_counts_once(served: Served) -> None:
    url = f"/services/data/{VERSION}/query/?q=SELECT+COUNT()+FROM+User"
    parts = [{"method": "GET", "url": url, "referenceId": f"part{number}"} for number in range(6)]
    refused = served.request("POST", "composite", json={"compositeRequest": parts})
    assert refused.status_code == 400
    before = served.org.usage.used()
    answer = served.request("POST", "composite", json={"compositeRequest": parts[:5]}).json()["compositeResponse"]
    assert [part["httpStatusCode"] for part in answer] == [200] * 5
    assert served.org.usage.used() == before + 1
    many = {"compositeRequest": [{**parts[0], "url": f"/services/data/{VERSION}/limits"}] * 26}
    assert served.request("POST", "composite", json=many).status_code == 400


def test_upsert_by_key_says_whether_it_created_and_lists_several(served: Served) -> None:
    org = served.org
    org.save_field("Contact", FieldDef("Ref__c", "Ref", "string", length=20, external_id=True, custom=True))
    path = "sobjects/Contact/Ref__c/R%201"
    first = served.request("PATCH", path, json={"LastName": "One"})
    second = served.request("PATCH", path, json={"LastName": "Two"})
    assert [(each.status_code, each.json()["created"]) for each in (first, second)] == [(201, True), (200, False)]
    assert served.request("GET", path).json()["LastName"] == "Two"
    org.insert("Contact", [{"LastName": "Three", "Ref__c": "R 1"}])
    several = served.request("PATCH", path, json={"LastName": "Four"})
    assert (several.status_code, len(several.json())) == (300, 2)
    unknown = served.request("PATCH", "sobjects/Contact/Email/x", json={"LastName": "Five"})
    assert (unknown.status_code, errors(unknown)[0][0]) == (404, "NOT_FOUND")


def test_updated_and_deleted_name_the_records_of_a_time_span(served: Served) -> None:
    kept, gone = create(served), create(served)
    served.request("DELETE", f"sobjects/Account/{gone}")
    now = datetime.now(UTC)
    span = {"start": (now - timedelta(hours=1)).isoformat(), "end": (now + timedelta(hours=1)).isoformat()}
    assert kept in served.request("GET", "sobjects/Account/updated", params=span).json()["ids"]
    deleted = served.request("GET", "sobjects/Account/deleted/", params=span).json()["deletedRecords"]
    assert gone in [row["id"] for row in deleted]
    assert kept not in [row["id"] for row in deleted]
    for wrong in ({"start": span["start"][:19]}, {"start": span["end"]}, {"start": "2020-01-01T00:00:00Z"}):
        answer = served.request("GET", "sobjects/Account/deleted/", params=span | wrong)
        assert (answer.status_code, errors(answer)[0][0]) == (400, "INVALID_REPLICATION_DATE")


def test_describe_tells_what_a_client_needs_to_write(served: Served) -> None:
    described = served.request("GET", "sobjects/Account/describe/").json()
    fields = {field["name"]: field for field in described["fields"]}
    assert (described["keyPrefix"], described["queryable"], described["custom"]) == ("001", True, False)
    assert {fields["Name"][key] for key in ("createable", "updateable", "nillable")} == {True, False}
    assert (fields["Name"]["length"], fields["Name"]["nameField"]) == (255, True)
    assert (fields["SystemModstamp"]["type"], fields["SystemModstamp"]["updateable"]) == ("datetime", False)
    assert (fields["OwnerId"]["referenceTo"], fields["OwnerId"]["relationshipName"]) == (["User"], "Owner")
    assert {"active", "defaultValue", "label", "value"} <= fields["Industry"]["picklistValues"][0].keys()
    children = {child["relationshipName"]: child["field"] for child in described["childRelationships"]}
    assert (children["Opportunities"], children["ChildAccounts"]) == ("AccountId", "ParentId")


def test_an_exhausted_budget_refuses_calls(served: Served) -> None:
    usage = served.org.usage
    before = usage.limit
    served.request("GET", "limits")
    usage.set_limit(usage.used())
    try:
        answer = served.request("GET", "limits")
    finally:
        usage.set_limit(before)
    assert (answer.status_code, errors(answer)[0][0]) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert served.request("GET", "limits").status_code == 200


def test_all_or_none_composite_undoes_the_parts_before(served: Served) -> None:
    base = f"/services/data/{VERSION}/sobjects/Account"
    parts = [
        {"method": "POST", "url": base, "referenceId": name, "body": {"Name": value}}
        for name, value in (("good", "Undone"), ("bad", "x" * 256))
    ]
    answer = served.request("POST", "composite", json={"allOrNone": True, "compositeRequest": parts}).json()
    codes = [part["body"][0]["errorCode"] for part in answer["compositeResponse"]]
    assert codes == ["PROCESSING_HALTED", "STRING_TOO_LONG"]
    assert select(served, "SELECT Id FROM Account WHERE Name = 'Undone'") == []
