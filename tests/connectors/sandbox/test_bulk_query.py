"""Bulk API 2.0, reading: pages by locator, the form of values, what is refused, large results."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.sandbox.background import Served
from connectors.sandbox.org.org import Org

NAMED = 25


@pytest.fixture(scope="module", autouse=True)
def records(org: Org) -> None:
    rows = [{"Name": f"Bulk {n:02}", "AnnualRevenue": 1000 + n, "NumberOfEmployees": n} for n in range(NAMED - 1)]
    parent = org.insert("Account", [*rows, {"Name": 'Bulk "24", GmbH\nFiliale'}])[-1].id
    org.insert("Contact", [{"LastName": "Child", "AccountId": parent, "Email": "child@example.com"}])
    org.insert("Contact", [{"LastName": "Orphan"}])


def create(served: Served, query: str, operation: str = "query", **properties: Any) -> dict[str, Any]:
    answer = served.request("POST", "jobs/query", json={"operation": operation, "query": query, **properties})
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


def wait(served: Served, job: dict[str, Any]) -> dict[str, Any]:
    until = time.monotonic() + 60
    while True:
        shown: dict[str, Any] = served.request("GET", f"jobs/query/{job['id']}").json()
        if shown["state"] not in ("UploadComplete", "InProgress"):
            return shown
        assert time.monotonic() < until, shown
        time.sleep(0.02)


def pages(served: Served, job: dict[str, Any], most: int) -> Iterator[tuple[int, list[dict[str, str]]]]:
    locator = ""
    while locator != "null":
        params = {"maxRecords": str(most), **({"locator": locator} if locator else {})}
        answer = served.request("GET", f"jobs/query/{job['id']}/results", params=params)
        assert answer.headers["content-type"].startswith("text/csv")
        yield int(answer.headers["Sforce-NumberOfRecords"]), list(csv.DictReader(io.StringIO(answer.text, newline="")))
        locator = answer.headers["Sforce-Locator"]


def result(served: Served, query: str, operation: str = "query") -> list[dict[str, str]]:
    job = create(served, query, operation)
    assert wait(served, job)["state"] == "JobComplete"
    ((count, rows),) = pages(served, job, 1000)
    assert count == len(rows)
    return rows


def test_a_result_comes_in_pages_that_fit_together(served: Served) -> None:
    job = create(served, "SELECT Name FROM Account WHERE Name LIKE 'Bulk %' ORDER BY Name")
    assert job["state"] == "UploadComplete"
    assert wait(served, job)["numberRecordsProcessed"] == NAMED
    found = list(pages(served, job, 10))
    assert [count for count, _ in found] == [10, 10, 5]
    names = [row["Name"] for _, rows in found for row in rows]
    assert names == ['Bulk "24", GmbH\nFiliale', *(f"Bulk {n:02}" for n in range(NAMED - 1))]
    assert list(pages(served, job, 10)) == found


def test_values_have_the_form_of_bulk_and_not_of_rest(served: Served) -> None:
    (row,) = result(
        served, "SELECT Id, Name, AnnualRevenue, NumberOfEmployees, CreatedDate, IsDeleted, Site, Owner.CreatedDate "
        "FROM Account WHERE Name = 'Bulk 07'",
    )  # fmt: skip
    assert list(row)[-1] == "Owner.CreatedDate"
    assert (row["AnnualRevenue"], row["NumberOfEmployees"]) == ("1007.0", "7")
    assert (row["IsDeleted"], row["Site"]) == ("false", "")
    for name in ("CreatedDate", "Owner.CreatedDate"):
        assert time.strptime(row[name][:-5], "%Y-%m-%dT%H:%M:%S")
        assert row[name].endswith("Z")


def test_a_missing_parent_is_empty_and_cells_are_quoted(served: Served) -> None:
    job = create(served, "SELECT LastName, Account.Name FROM Contact ORDER BY LastName", columnDelimiter="PIPE",
                 lineEnding="CRLF")  # fmt: skip
    wait(served, job)
    answer = served.request("GET", f"jobs/query/{job['id']}/results")
    assert answer.content == (
        b'"LastName"|"Account.Name"\r\n"Child"|"Bulk ""24"", GmbH\nFiliale"\r\n"Orphan"|""\r\n'
    )  # fmt: skip


def test_query_all_reads_the_bin(served: Served, org: Org) -> None:
    (outcome,) = org.insert("Account", [{"Name": "Binned"}])
    org.delete("Account", [str(outcome.id)])
    soql = "SELECT Id, IsDeleted FROM Account WHERE Name = 'Binned'"
    assert result(served, soql) == []
    assert result(served, soql, "queryAll") == [{"Id": outcome.id, "IsDeleted": "true"}]


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT COUNT() FROM Account", "FEATURENOTENABLED"),
        ("SELECT MAX(Name) FROM Account", "FEATURENOTENABLED"),
        ("SELECT Industry FROM Account GROUP BY Industry", "FEATURENOTENABLED"),
        ("SELECT Id FROM Account LIMIT 5 OFFSET 5", "FEATURENOTENABLED"),
        ("SELECT Id, (SELECT Id FROM Contacts) FROM Account", "FEATURENOTENABLED"),
        ("SELECT Nothing FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM Nothing", "INVALID_TYPE"),
        ("SELECT FROM Account", "MALFORMED_QUERY"),
        ("", "MALFORMED_QUERY"),
    ],
)
def test_a_query_that_bulk_cannot_answer_is_refused_at_once(served: Served, soql: str, code: str) -> None:
    answer = served.request("POST", "jobs/query", json={"operation": "query", "query": soql})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


def test_results_wait_for_the_end_and_for_their_api_version(served: Served, org: Org) -> None:
    org.set_setting("bulk_delay", 0.5)
    try:
        job = create(served, "SELECT Id FROM Account LIMIT 1")
        early = served.request("GET", f"jobs/query/{job['id']}/results")
        assert (early.status_code, early.json()[0]["errorCode"]) == (400, "INVALIDJOBSTATE")
    finally:
        org.set_setting("bulk_delay", None)
    wait(served, job)
    other = served.request("GET", f"/services/data/v60.0/jobs/query/{job['id']}/results")
    assert other.status_code == 409
    bad = served.request("GET", f"jobs/query/{job['id']}/results", params={"locator": "nonsense"})
    assert bad.json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"


def test_an_aborted_job_has_no_results_and_can_be_deleted(served: Served, org: Org) -> None:
    org.set_setting("bulk_delay", 5)
    try:
        job = create(served, "SELECT Id FROM Account LIMIT 1")
        answer = served.request("PATCH", f"jobs/query/{job['id']}", json={"state": "Aborted"})
        assert answer.json()["state"] == "Aborted"
    finally:
        org.set_setting("bulk_delay", None)
    assert served.request("GET", f"jobs/query/{job['id']}/results").status_code == 400
    listed = [each["id"] for each in served.request("GET", "jobs/query").json()["records"]]
    assert job["id"] in listed
    assert served.request("DELETE", f"jobs/query/{job['id']}").status_code == 204
    assert served.request("GET", f"jobs/query/{job['id']}").status_code == 404


def test_a_field_without_permission_is_not_there(served: Served, org: Org) -> None:
    org.access.hide("Account", "Site")
    try:
        answer = served.request("POST", "jobs/query", json={"operation": "query", "query": "SELECT Site FROM Account"})
    finally:
        org.access.forget("Account", "Site")
    assert answer.json()[0]["errorCode"] == "INVALID_FIELD"


def test_query_jobs_are_counted(served: Served) -> None:
    before = served.request("GET", "limits").json()["DailyBulkV2QueryJobs"]["Remaining"]
    create(served, "SELECT Id FROM Account LIMIT 1")
    assert served.request("GET", "limits").json()["DailyBulkV2QueryJobs"]["Remaining"] == before - 1
