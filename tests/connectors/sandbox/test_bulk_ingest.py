"""Bulk API 2.0, writing: states, CSV rules, results row by row, abortion, restarts."""

from __future__ import annotations

import csv
import http.client
import io
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors.sandbox.background import Served, serving
from connectors.sandbox.org.bulk_jobs import BulkJob, BulkJobs
from connectors.sandbox.org.org import Org
from connectors.sandbox.org.schema import FieldDef
from connectors.sandbox.salesforce_api.bulk_ingest import fits

FINISHED = ("JobComplete", "Failed", "Aborted")
Row = dict[str, str]


@pytest.fixture(scope="module", autouse=True)
def key(org: Org) -> str:
    org.save_field("Account", FieldDef("Key__c", "Key", "string", length=20, external_id=True, custom=True))
    return "Key__c"


@pytest.fixture
def slow(org: Org) -> Iterator[None]:
    """Small batches with a pause before each: a job can be watched in progress."""
    org.set_setting("bulk_delay", 0.3)
    org.set_setting("bulk_batch_size", 2)
    yield
    org.set_setting("bulk_delay", None)
    org.set_setting("bulk_batch_size", None)


def create(served: Served, operation: str = "insert", **properties: Any) -> dict[str, Any]:
    body = {"object": "Account", "operation": operation, **properties}
    answer = served.request("POST", "jobs/ingest", json=body)
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


def upload(served: Served, job: Mapping[str, Any], text: str) -> requests.Response:
    headers = {"Content-Type": "text/csv; charset=UTF-8"}
    return served.request("PUT", f"/{job['contentUrl']}", data=text.encode(), headers=headers)


def close(served: Served, job: Mapping[str, Any], state: str = "UploadComplete") -> requests.Response:
    return served.request("PATCH", f"jobs/ingest/{job['id']}", json={"state": state})


def info(served: Served, job: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = served.request("GET", f"jobs/ingest/{job['id']}").json()
    return shown


def wait(served: Served, job: Mapping[str, Any], *states: str) -> dict[str, Any]:
    until = time.monotonic() + 20
    while (shown := info(served, job))["state"] not in (states or FINISHED):
        assert time.monotonic() < until, shown
        time.sleep(0.02)
    return shown


def run(served: Served, operation: str, text: str, **properties: Any) -> dict[str, Any]:
    job = create(served, operation, **properties)
    assert upload(served, job, text).status_code == 201
    assert close(served, job).json()["state"] == "UploadComplete"
    return wait(served, job)


def results(served: Served, job: Mapping[str, Any], which: str, **form: Any) -> list[Row]:
    answer = served.request("GET", f"jobs/ingest/{job['id']}/{which}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.content.decode(), newline=""), **form))


def record(org: Org, key: str, fields: str) -> dict[str, Any]:
    (found,) = org.query(f"SELECT {fields} FROM Account WHERE Key__c = '{key}'").records
    return found


def test_a_job_starts_open_with_the_defaults(served: Served) -> None:
    job = create(served)
    assert (job["state"], job["contentType"], job["columnDelimiter"], job["lineEnding"]) == (
        "Open",
        "CSV",
        "COMMA",
        "LF",
    )
    assert job["contentUrl"] == f"services/data/v63.0/jobs/ingest/{job['id']}/batches"
    assert job["id"].startswith("750")


def test_rows_end_among_the_done_or_the_refused_and_not_in_order(served: Served, org: Org) -> None:
    rows = "".join(f"Many {n:04},M-{n},\n" for n in range(450))
    job = run(served, "insert", f"Name,Key__c,NumberOfEmployees\n{rows},M-x,7\nOdd,M-y,many\n")
    assert (job["state"], job["numberRecordsProcessed"], job["numberRecordsFailed"]) == ("JobComplete", 452, 2)
    done, refused = results(served, job, "successfulResults"), results(served, job, "failedResults")
    assert list(done[0]) == ["sf__Id", "sf__Created", "Name", "Key__c", "NumberOfEmployees"]
    assert {row["sf__Created"] for row in done} == {"true"}
    assert [row["Key__c"] for row in done] != [f"M-{n}" for n in range(450)]
    assert sorted(row["Key__c"] for row in done) == sorted(f"M-{n}" for n in range(450))
    assert record(org, "M-77", "Id, Name") == {**record(org, "M-77", "Id, Name"), "Name": "Many 0077"}
    assert {row["Key__c"]: row["sf__Id"] for row in done}["M-77"] == record(org, "M-77", "Id")["Id"]
    errors = {row["Key__c"]: row["sf__Error"] for row in refused}
    assert errors["M-x"] == "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --"
    assert errors["M-y"].startswith("INVALID_TYPE_ON_FIELD_IN_RECORD:")
    assert results(served, job, "unprocessedrecords") == []


def test_two_rows_are_not_answered_in_their_order_either(served: Served) -> None:
    job = run(served, "insert", "Name\nfirst\nsecond\n")
    assert [row["Name"] for row in results(served, job, "successfulResults")] == ["second", "first"]


def test_an_empty_cell_changes_nothing_and_na_empties(served: Served, org: Org) -> None:
    (outcome,) = org.insert("Account", [{"Name": "Cells", "Key__c": "C-1", "Industry": "Energy", "Site": "North"}])
    run(served, "update", f"Id,Industry,Site\n{outcome.id},,#N/A\n")
    assert record(org, "C-1", "Industry, Site").items() >= {"Industry": "Energy", "Site": None}.items()


def test_upsert_tells_new_from_changed_and_takes_references_by_key(served: Served, org: Org) -> None:
    text = "Key__c,Name,Parent.Key__c\nU-1,Parent,\nU-2,{},U-1\n"
    run(served, "upsert", text.format("Child").replace("U-2,Child,U-1\n", ""), externalIdFieldName="Key__c")
    job = run(served, "upsert", text.format('"Child, ""one""\nand two"'), externalIdFieldName="Key__c")
    assert {row["Key__c"]: row["sf__Created"] for row in results(served, job, "successfulResults")} == {
        "U-1": "false",
        "U-2": "true",
    }
    child = record(org, "U-2", "Name, ParentId")
    assert child["ParentId"] == record(org, "U-1", "Id")["Id"]
    assert child["Name"] == 'Child, "one"\nand two'


@pytest.mark.parametrize(("operation", "left"), [("delete", 1), ("hardDelete", 0)])
def test_deleted_rows_are_in_the_bin_or_gone(served: Served, org: Org, operation: str, left: int) -> None:
    (outcome,) = org.insert("Account", [{"Name": f"Gone by {operation}"}])
    job = run(served, operation, f"Id\n{outcome.id}\n001000000000000AAA\n")
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (2, 1)
    assert results(served, job, "failedResults")[0]["sf__Id"] == "001000000000000AAA"
    assert org.query(f"SELECT COUNT() FROM Account WHERE Id = '{outcome.id}'", include_deleted=True).total == left


@pytest.mark.parametrize(("name", "sign"), [("SEMICOLON", ";"), ("TAB", "\t"), ("PIPE", "|"), ("CARET", "^")])
def test_delimiters_and_line_ends_are_the_jobs(served: Served, name: str, sign: str) -> None:
    text = f"Name{sign}Site\r\nDelimited, {name}{sign}x\r\n"
    job = run(served, "insert", text, columnDelimiter=name, lineEnding="CRLF")
    (row,) = results(served, job, "successfulResults", delimiter=sign)
    assert (row["Name"], row["Site"]) == (f"Delimited, {name}", "x")
    assert served.request("GET", f"jobs/ingest/{job['id']}/successfulResults").content.endswith(b"\r\n")


@pytest.mark.parametrize(
    ("operation", "text", "message"),
    [
        ("insert", "Name,Colour__c\nA,red\n", "InvalidBatch : Field name not found : Colour__c"),
        ("update", "Name\nA\n", "InvalidBatch : Field name not found : Id"),
        ("delete", "Id,Name\n001000000000000AAA,A\n", "InvalidBatch : The 'delete' batch must contain only ids"),
        ("insert", "Name\r\nA\r\n", "LineEnding is invalid on user data. Current LineEnding setting is LF"),
        ("insert", "Name,Site\nA\n", "InvalidBatch : A row has 1 cells, the header has 2"),
    ],
)
def test_a_file_that_cannot_be_read_fails_the_job(served: Served, operation: str, text: str, message: str) -> None:
    job = run(served, operation, text)
    assert job["state"] == "Failed"
    assert message in job["errorMessage"]
    answer = served.request("GET", f"jobs/ingest/{job['id']}/unprocessedRecords")
    assert answer.text == text


def test_bytes_that_are_not_utf8_fail_the_job(served: Served) -> None:
    job = create(served)
    assert served.request("PUT", f"/{job['contentUrl']}", data="Name\nKöln\n".encode("latin-1")).status_code == 201
    close(served, job)
    assert "UTF-8" in wait(served, job)["errorMessage"]


def test_a_job_takes_one_upload_and_only_while_open(served: Served) -> None:
    job = create(served)
    assert close(served, job).json()[0]["errorCode"] == "INVALIDJOBSTATE"
    assert upload(served, job, "Name\nOnce\n").status_code == 201
    again = upload(served, job, "Name\nTwice\n")
    assert (again.status_code, again.json()[0]["errorCode"]) == (400, "INVALIDJOBSTATE")
    close(served, job)
    wait(served, job)
    assert upload(served, job, "Name\nLate\n").status_code == 400
    assert close(served, job).json()[0]["message"] == "Closing already JobComplete Job not allowed"
    assert close(served, job, "Aborted").status_code == 400


def test_an_upload_may_come_in_chunks(served: Served) -> None:
    job = create(served)
    parts = (part.encode() for part in ("Name\nIn ", "pieces\n"))
    assert served.request("PUT", f"jobs/ingest/{job['id']}/batches/", data=parts).status_code == 201
    close(served, job)
    assert wait(served, job)["numberRecordsProcessed"] == 1


def test_an_upload_that_breaks_off_is_no_upload(served: Served) -> None:
    job = create(served)
    connection = http.client.HTTPConnection(served.url.removeprefix("http://"), timeout=10)
    connection.putrequest("PUT", f"/{job['contentUrl']}")
    connection.putheader("Authorization", f"Bearer {served.facts['access_token']}")
    connection.putheader("Content-Length", "1000")
    connection.endheaders(b"Name\nHalf of it\n")
    connection.close()
    time.sleep(0.1)
    assert upload(served, job, "Name\nWhole\n").status_code == 201


def test_a_file_is_measured_in_base64() -> None:
    assert fits(112 * 1024 * 1024)
    assert not fits(113 * 1024 * 1024)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"object": "Nothing", "operation": "insert"}, "INVALID_TYPE"),
        ({"object": "Account", "operation": "merge"}, "INVALIDJOB"),
        ({"object": "Account", "operation": "upsert"}, "INVALIDJOB"),
        ({"object": "Account", "operation": "upsert", "externalIdFieldName": "Name"}, "INVALIDJOB"),
        ({"object": "Account", "operation": "insert", "lineEnding": "CR"}, "INVALIDJOB"),
        ({"object": "Account", "operation": "insert", "contentType": "JSON"}, "INVALIDJOB"),
        ({"object": "Account", "operation": "insert", "assignmentRuleId": "01Q000000000001"}, "INVALIDJOB"),
    ],
)
def test_a_job_that_cannot_be_is_refused(served: Served, body: dict[str, str], code: str) -> None:
    answer = served.request("POST", "jobs/ingest", json=body)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


@pytest.mark.usefixtures("slow")
def test_a_job_can_be_watched_and_aborted_and_what_is_done_stays_done(served: Served, org: Org) -> None:
    job = create(served)
    upload(served, job, "Name,Key__c\n" + "".join(f"Slow,S-{n}\n" for n in range(100)))
    close(served, job)
    assert info(served, job)["state"] == "UploadComplete"
    wait(served, job, "InProgress")
    refused = served.request("GET", f"jobs/ingest/{job['id']}/successfulResults")
    assert refused.json()[0]["errorCode"] == "INVALIDJOBSTATE"
    assert served.request("DELETE", f"jobs/ingest/{job['id']}").status_code == 400
    while not info(served, job)["numberRecordsProcessed"]:
        time.sleep(0.02)
    assert close(served, job, "Aborted").json()["state"] == "Aborted"
    done, left = results(served, job, "successfulResults"), results(served, job, "unprocessedrecords")
    assert 0 < len(done) < 100
    assert len(done) == info(served, job)["numberRecordsProcessed"] == org.query(
        "SELECT COUNT() FROM Account WHERE Name = 'Slow'"
    ).total  # fmt: skip
    assert {row["Key__c"] for row in done + left} == {f"S-{n}" for n in range(100)}
    assert len(done) + len(left) == 100


def test_a_job_goes_on_where_a_stopped_server_left_it(tmp_path: Path) -> None:
    with Org.open(tmp_path) as org:
        org.set_setting("bulk_delay", 0.05)
        org.set_setting("bulk_batch_size", 10)
        with serving(org) as served:
            job = create(served)
            upload(served, job, "Name\n" + "".join(f"Row {n}\n" for n in range(60)))
            close(served, job)
            while not info(served, job)["numberRecordsProcessed"]:
                time.sleep(0.01)
    with Org.open(tmp_path) as org:
        jobs = BulkJobs(org.store, org.clock, org.home)
        left = jobs.get("ingest", job["id"])
        assert left is not None
        assert (left.state, 0 < left.processed < 60) == ("InProgress", True)
        # A chunk that was undone by a crash leaves lines behind the committed size.
        with jobs.succeeded(left).open("ab") as file:
            file.write(b'"torn')
        org.set_setting("bulk_delay", None)
        with serving(org) as served:
            shown = wait(served, job)
            assert (shown["state"], shown["numberRecordsProcessed"]) == ("JobComplete", 60)
            names = [row["Name"] for row in results(served, job, "successfulResults")]
            assert sorted(names) == sorted(f"Row {n}" for n in range(60))
        assert org.query("SELECT COUNT() FROM Account").total == 60


def test_assignment_and_duplicate_rules_follow_the_headers_of_the_creating_call(served: Served, org: Org) -> None:
    (owner,) = org.insert("User", [{
        "Username": "bulk@sandbox.invalid", "LastName": "Bulk", "Email": "b@sandbox.invalid", "Alias": "bulk",
        "ProfileId": org.query("SELECT Id FROM Profile LIMIT 1").records[0]["Id"], "IsActive": True,
    }])  # fmt: skip
    org.set_setting("assignment_rules", {"Account": {"field": "BillingCountry", "owners": {"FI": owner.id}}})
    org.set_setting("duplicate_rules", {"Account": {"fields": ["Name"], "action": "alert"}})
    try:
        seen = [
            _written(served, {}),
            _written(served, {"Sforce-Auto-Assign": "FALSE"}),
            _written(served, {"Sforce-Auto-Assign": "FALSE", "Sforce-Duplicate-Rule-Header": "allowSave=true"}),
        ]
    finally:
        org.set_setting("assignment_rules", None)
        org.set_setting("duplicate_rules", None)
    assert [(job["numberRecordsFailed"], job["numberRecordsProcessed"]) for job in seen] == [(0, 1), (1, 1), (0, 1)]
    owners = org.query("SELECT OwnerId FROM Account WHERE Name = 'Twin' ORDER BY CreatedDate, Id").records
    assert [row["OwnerId"] for row in owners] == [owner.id, org.admin_user_id]


def _written(served: Served, headers: Mapping[str, str]) -> dict[str, Any]:
    body = {"object": "Account", "operation": "insert"}
    job = served.request("POST", "jobs/ingest", json=body, headers=headers).json()
    upload(served, job, "Name,BillingCountry\nTwin,FI\n")
    close(served, job)
    return wait(served, job)


def test_jobs_are_listed_in_pages_and_deleted_with_their_files(served: Served, org: Org) -> None:
    made = {create(served)["id"] for _ in range(3)}
    jobs = BulkJobs(org.store, org.clock, org.home)
    with org.store.writing():
        for _ in range(1000):
            jobs.add(_empty_job(jobs))
    first = served.request("GET", "jobs/ingest").json()
    assert (first["done"], len(first["records"])) == (False, 1000)
    second = served.request("GET", first["nextRecordsUrl"]).json()
    assert (second["done"], second["nextRecordsUrl"]) == (True, None)
    assert made <= {job["id"] for page in (first, second) for job in page["records"]}
    assert served.request("GET", "jobs/ingest", params={"jobType": "Classic"}).json()["records"] == []
    gone = made.pop()
    assert served.request("DELETE", f"jobs/ingest/{gone}").status_code == 204
    assert served.request("GET", f"jobs/ingest/{gone}").json()[0]["errorCode"] == "NOT_FOUND"
    assert not (org.home / "bulk" / gone).exists()


def _empty_job(jobs: BulkJobs) -> BulkJob:
    return BulkJob(
        id=jobs.new_id(), kind="ingest", state="Open", operation="insert", object="Account", user_id="",
        created="2020-01-01T00:00:00.000+0000", modified="2020-01-01T00:00:00.000+0000", api_version="63.0",
    )  # fmt: skip


def test_bulk_calls_count_and_tell_the_budget(served: Served) -> None:
    before = served.request("GET", "limits").json()["DailyBulkApiBatches"]["Remaining"]
    job = run(served, "insert", "Name\nCounted\n")
    answer = served.request("GET", f"jobs/ingest/{job['id']}/failedResults")
    assert answer.headers["Sforce-Limit-Info"].startswith("api-usage=")
    assert served.request("GET", "limits").json()["DailyBulkApiBatches"]["Remaining"] == before - 1


def test_the_fault_plan_reaches_uploads(served: Served) -> None:
    job = create(served)
    rule = {"method": "PUT", "path": "/batches", "when": "after", "action": "drop"}
    served.request("POST", "/__sandbox__/faults", json=[rule])
    try:
        with pytest.raises(requests.ConnectionError):
            upload(served, job, "Name\nLost answer\n")
    finally:
        served.request("DELETE", "/__sandbox__/faults")
    close(served, job)
    assert wait(served, job)["numberRecordsProcessed"] == 1
