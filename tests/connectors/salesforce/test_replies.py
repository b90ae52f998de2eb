"""The connector against replies as Salesforce documents them: reads, writes and tasks."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.base import Change, Limits, Since, TaskSpec
from connectors.errors import Fatal, SchemaMismatch, Unavailable
from connectors.salesforce import bulk_writing

if TYPE_CHECKING:
    from tests.connectors.salesforce.conftest import CannedOrg, Request

A1, A2 = "001000000000001AAA", "001000000000002AAA"
COLLECTIONS = r"/services/data/v63\.0/composite/sobjects$"
QUERY = r"/services/data/v63\.0/query/\?q="
FIELDS: list[dict[str, Any]] = [
    {"name": "Id", "label": "Record ID", "type": "id"},
    {"name": "SystemModstamp", "label": "System Modstamp", "type": "datetime"},
    {"name": "Name", "label": "Name", "type": "string"},
    {"name": "AnnualRevenue", "label": "Annual Revenue", "type": "currency"},
    {"name": "NumberOfEmployees", "label": "Employees", "type": "int"},
    {"name": "OwnerId", "label": "Owner", "type": "reference", "relationshipName": "Owner", "referenceTo": ["User"]},
    {"name": "ActivityDate", "label": "Due", "type": "date"},
]
TASK = TaskSpec("TL-0042", "005000000000001AAA", "Fill in the value profile", "Three accounts", date(2026, 3, 1), A1)


def describe(canned: CannedOrg, name: str, fields: list[dict[str, Any]]) -> None:
    canned.on("GET", rf"/sobjects/{name}/describe/$", {"name": name, "fields": fields})


def page(*records: dict[str, Any], next_url: str = "") -> dict[str, Any]:
    more = {"nextRecordsUrl": next_url} if next_url else {}
    return {"totalSize": 9, "done": not next_url, **more, "records": list(records)}


def soql_of(request: Request) -> str:
    return parse_qs(urlsplit(request.path).query)["q"][0]


def row(record_id: str, stamp: str = "2026-01-01T00:00:00.000+0000", **values: Any) -> dict[str, Any]:
    return {"attributes": {"type": "Account"}, "Id": record_id, "SystemModstamp": stamp, **values}


def test_money_of_a_read_is_exact_and_empty_text_is_null(canned: CannedOrg) -> None:
    describe(canned, "Account", FIELDS)
    canned.on("GET", "ORDER\\+BY\\+SystemModstamp\\+DESC", page(row(A2)))
    body = (
        '{"totalSize":2,"done":true,"records":['
        f'{{"Id":"{A1}","SystemModstamp":"2026-01-01T00:00:00.000+0000","AnnualRevenue":1234567890123.4567,'
        '"NumberOfEmployees":12,"Name":""},'
        f'{{"Id":"{A2}","SystemModstamp":"2026-01-01T00:00:00.000+0000","AnnualRevenue":3.5E8,'
        '"NumberOfEmployees":null,"Name":"Ärlig Öl"}]}'
    )
    canned.on("GET", QUERY, body)
    wanted = {"id": "Id", "annual_revenue": "AnnualRevenue", "employees": "NumberOfEmployees", "name": "Name"}
    (batch,) = canned.open().pull("account", wanted, None)
    assert batch.to_pydict() == {
        "id": [A1, A2],
        "annual_revenue": [Decimal("1234567890123.4567"), Decimal("350000000.0000")],
        "employees": [12, None],
        "name": [None, "Ärlig Öl"],
    }


def test_a_lost_query_locator_continues_behind_the_last_row(canned: CannedOrg) -> None:
    describe(canned, "Account", FIELDS)
    canned.on("GET", "ORDER\\+BY\\+SystemModstamp\\+DESC", page(row(A2)))
    canned.on("GET", QUERY, page(row(A1), next_url="/services/data/v63.0/query/01gxx-2000"))
    canned.on("GET", QUERY, page(row(A2)))
    lost = [{"errorCode": "INVALID_QUERY_LOCATOR", "message": "invalid query locator"}]
    canned.on("GET", "/query/01gxx-2000$", lost, status=400)
    batches = canned.open().pull("account", {"id": "Id"}, None)
    assert [record_id for batch in batches for record_id in batch["id"].to_pylist()] == [A1, A2]
    continued = soql_of(canned.seen("GET", QUERY)[-1])
    assert f"SystemModstamp = 2026-01-01T00:00:00.000Z AND Id > '{A1}'" in continued


def test_a_row_changed_while_pages_are_read_is_left_to_the_next_read(canned: CannedOrg) -> None:
    describe(canned, "Account", FIELDS)
    canned.on("GET", "ORDER\\+BY\\+SystemModstamp\\+DESC", page(row(A2, "2026-01-02T00:00:00.000+0000")))
    canned.on("GET", QUERY, page(row(A1, "2026-01-02T00:00:07.000+0000"), row(A2, "2026-01-02T00:00:00.000+0000")))
    (batch,) = canned.open().pull("account", {"id": "Id"}, None)
    assert batch["id"].to_pylist() == [A2]


def test_nothing_newer_means_no_second_query(canned: CannedOrg) -> None:
    describe(canned, "Account", FIELDS)
    canned.on("GET", QUERY, page(row(A1)))
    crm = canned.open()
    assert list(crm.pull("account", {"id": "Id"}, Since(datetime(2026, 1, 2, tzinfo=UTC)))) == []
    assert crm.api_calls == 2


def test_an_unknown_mapped_field_is_named_with_its_neighbour(canned: CannedOrg) -> None:
    describe(canned, "Account", FIELDS)
    with pytest.raises(SchemaMismatch, match=r"no field AnualRevenue .* nearest name is AnnualRevenue"):
        canned.open().pull("account", {"annual_revenue": "AnualRevenue"}, None)


def test_a_field_of_the_wrong_type_is_refused_before_reading(canned: CannedOrg) -> None:
    describe(canned, "Account", FIELDS)
    with pytest.raises(SchemaMismatch, match=r"Account\.Name is of type string, but the column annual_revenue"):
        canned.open().pull("account", {"annual_revenue": "Name"}, None)


def test_tasks_and_events_are_read_as_one_in_order(canned: CannedOrg) -> None:
    describe(canned, "Task", [*FIELDS, {"name": "TaskSubtype", "label": "Subtype", "type": "picklist"}])
    describe(canned, "Event", FIELDS)
    for name in ("Task", "Event"):
        canned.on("GET", f"FROM\\+{name}\\+ORDER", page(row("-", "2026-01-03T00:00:00.000+0000")))
    canned.on(
        "GET",
        "FROM\\+Task\\+WHERE",
        page(
            row("00T000000000001AAA", "2026-01-01T00:00:00.000+0000", TaskSubtype="Call"),
            row("00T000000000002AAA", "2026-01-03T00:00:00.000+0000", TaskSubtype="Cadence"),
        ),
    )
    canned.on("GET", "FROM\\+Event\\+WHERE", page(row("00U000000000001AAA", "2026-01-02T00:00:00.000+0000")))
    (batch,) = canned.open().pull("activity", {"id": "Id", "activity_type": "TaskSubtype"}, None)
    assert batch["id"].to_pylist() == ["00T000000000001AAA", "00U000000000001AAA", "00T000000000002AAA"]
    assert batch["activity_type"].to_pylist() == ["call", "visit", "cadence"]


def test_outcomes_of_a_collections_call_are_matched_by_position(canned: CannedOrg) -> None:
    error = {
        "statusCode": "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "message": "bad value for restricted picklist field: Diamond",
        "fields": ["Tier__c"],
    }
    replies = [{"success": False, "errors": [error]}, {"id": A2, "success": True, "errors": []}]
    canned.on("PATCH", COLLECTIONS, replies)
    results = canned.open().push("account", [Change(A1[:15], {"Tier__c": "Diamond"}), Change(A2, {"Tier__c": None})])
    assert [(result.record_id, result.ok) for result in results] == [(A1[:15], False), (A2, True)]
    assert results[0].code == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    assert "Tier__c" in results[0].message
    assert results[0].next_step
    (request,) = canned.seen("PATCH", COLLECTIONS)
    assert request.headers["Sforce-Auto-Assign"] == "FALSE"
    assert request.headers["Sforce-Duplicate-Rule-Header"] == "allowSave=true"
    assert request.json == {
        "allOrNone": False,
        "records": [
            {"attributes": {"type": "Account"}, "Id": A1, "Tier__c": "Diamond"},
            {"attributes": {"type": "Account"}, "Id": A2, "Tier__c": None},
        ],
    }


@pytest.mark.parametrize("replies", [[], [{"id": A2, "success": True, "errors": []}], {"message": "?"}])
def test_a_reply_that_does_not_fit_the_records_sent_is_an_unknown_outcome(canned: CannedOrg, replies: Any) -> None:
    canned.on("PATCH", COLLECTIONS, replies)
    with pytest.raises(Unavailable) as caught:
        canned.open().push("account", [Change(A1, {"Name": "x"})])
    assert caught.value.code == "OUTCOME_UNKNOWN"


def test_a_write_whose_connection_dies_is_not_repeated(canned: CannedOrg) -> None:
    canned.on("PATCH", COLLECTIONS, dropped=True)
    with pytest.raises(Unavailable, match="broke the connection") as caught:
        canned.open().push("account", [Change(A1, {"Name": "x"})])
    assert caught.value.code == "NO_ANSWER"
    assert len(canned.seen("PATCH", COLLECTIONS)) == 1


def test_pushing_nothing_asks_nothing(canned: CannedOrg) -> None:
    crm = canned.open()
    assert crm.push("account", []) == []
    assert crm.api_calls == 0


def test_one_record_twice_in_a_push_is_the_callers_mistake(canned: CannedOrg) -> None:
    with pytest.raises(ValueError, match="each of them once"):
        canned.open().push("account", [Change(A1, {"Name": "x"}), Change(A1[:15], {"Name": "y"})])


def test_fetched_values_compare_with_planned_ones(canned: CannedOrg) -> None:
    describe(canned, "Account", FIELDS)
    body = f'[{{"Id":"{A1}","AnnualRevenue":12.50,"Name":"","ActivityDate":"2026-02-03"}},null]'
    canned.on("POST", "/composite/sobjects/Account", body)
    found = canned.open().fetch("account", [A1[:15], A2], ["AnnualRevenue", "Name", "ActivityDate"])
    assert found == {A1: {"AnnualRevenue": 12.5, "Name": None, "ActivityDate": date(2026, 2, 3)}}


def test_many_records_are_fetched_two_thousand_at_a_time(canned: CannedOrg) -> None:
    describe(canned, "Account", FIELDS)
    canned.on("POST", "/composite/sobjects/Account", [None] * 2000)
    canned.open().fetch("account", [f"001{number:012d}" for number in range(4000)], ["Name"])
    asked = canned.seen("POST", "/composite/sobjects/Account")
    assert [len(request.json["ids"]) for request in asked] == [2000, 2000]
    assert asked[0].json["fields"] == ["Id", "Name"]


def test_a_reply_with_fewer_records_than_asked_for_is_no_answer(canned: CannedOrg) -> None:
    describe(canned, "Account", FIELDS)
    canned.on("POST", "/composite/sobjects/Account", [None])
    with pytest.raises(Unavailable, match="incomplete"):
        canned.open().fetch("account", [A1, A2], ["Name"])


def test_deletions_are_asked_of_the_recycle_bin(canned: CannedOrg) -> None:
    canned.on("GET", "/queryAll/", page(row(A1)))
    assert list(canned.open().deleted("account", datetime(2026, 1, 1, tzinfo=UTC))) == [A1]
    soql = soql_of(canned.requests[0])
    assert "IsDeleted = true" in soql
    assert "SystemModstamp >= 2026-01-01T00:00:00.000Z" in soql


def on_identity(canned: CannedOrg) -> None:
    canned.on("GET", r"/v63\.0/$", {"identity": f"{canned.url}/id/00D000000000001EAA/005000000000009AAA"})


def test_a_task_carries_its_key_and_is_created_once(canned: CannedOrg) -> None:
    on_identity(canned)
    canned.on("GET", QUERY, page())
    canned.on("GET", QUERY, page({"Id": "00T000000000001AAA"}))
    canned.on("POST", "/sobjects/Task/$", {"id": "00T000000000001AAA", "success": True, "errors": []}, status=201)
    crm = canned.open()
    assert crm.create_task(TASK) == crm.create_task(TASK) == "00T000000000001AAA"
    (created,) = canned.seen("POST", "/sobjects/Task/$")
    assert created.json == {
        "OwnerId": TASK.owner_id,
        "Subject": "Fill in the value profile [TL-0042]",
        "Description": "Three accounts",
        "ActivityDate": "2026-03-01",
        "WhatId": A1,
    }
    assert "Subject LIKE '%[TL-0042]%'" in soql_of(canned.seen("GET", QUERY)[0])


def test_a_long_subject_is_cut_before_its_key(canned: CannedOrg) -> None:
    on_identity(canned)
    canned.on("GET", QUERY, page())
    canned.on("POST", "/sobjects/Task/$", {"id": "00T000000000001AAA", "success": True}, status=201)
    canned.open().create_task(TaskSpec("TL-1", TASK.owner_id, "x" * 400, "", date(2026, 3, 1)))
    subject = canned.requests[-1].json["Subject"]
    assert len(subject) == 255
    assert subject.endswith("xx [TL-1]")


def test_an_inactive_owner_cannot_receive_a_task(canned: CannedOrg) -> None:
    on_identity(canned)
    canned.on("GET", QUERY, page())
    refusal = {"errorCode": "INACTIVE_OWNER_OR_USER", "message": "owner or user is inactive.", "fields": ["OwnerId"]}
    canned.on("POST", "/sobjects/Task/$", [refusal], status=400)
    with pytest.raises(Fatal, match="owner is no longer active") as caught:
        canned.open().create_task(TASK)
    assert caught.value.code == "INACTIVE_OWNER_OR_USER"


def test_limits_come_from_the_last_reply_or_are_asked_for(canned: CannedOrg) -> None:
    usage = {"Sforce-Limit-Info": "api-usage=10018/100000; per-app-api-usage=17/250(appName=tierline)"}
    canned.on("GET", "/limits/$", {"DailyApiRequests": {"Max": 15000, "Remaining": 14900}})
    canned.on("GET", "/sobjects/$", {"sobjects": [{"name": "Account", "queryable": True}]}, headers=usage)
    crm = canned.open()
    assert crm.limits() == Limits(used=100, allowed=15000)
    assert list(crm.kinds()) == ["account"]
    assert crm.limits() == Limits(used=10018, allowed=100000)


def test_a_detail_record_hangs_on_its_own_account_or_on_the_one_named() -> None:
    changes = [Change(A1, {"Score__c": 1.5}), Change(A1, {"Score__c": None}, parent_id=A2)]
    lines = bulk_writing.upload(changes, bulk_writing.keyed("detail")).decode().splitlines()
    assert lines[0] == "Tierline_Account_Key__c,Tierline_Account__c,Score__c"
    assert lines[1:] == [f"{A1},{A1},1.5", f"{A1},{A2},#N/A"]
