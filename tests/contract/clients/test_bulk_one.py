"""Bulk API 1.0, driven by `simple-salesforce` in JSON and by requests of the documentation in XML and CSV."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceGeneralError

from connectors.sandbox.background import Served
from connectors.sandbox.org.org import Org
from tests.contract.clients.simple import VERSION, session

XML = "http://www.force.com/2009/06/asyncapi/dataload"


@pytest.fixture
def quick(served_tls: Served, trusted: None) -> Iterator[Any]:
    with session(served_tls) as through:
        yield Salesforce(
            session_id=served_tls.facts["access_token"], instance_url=served_tls.url, version=VERSION, session=through
        )


def send(
    served: Served, path: str, body: str | None = None, kind: str = "application/xml", token: str = ""
) -> requests.Response:
    headers = {"X-SFDC-Session": token or served.facts["access_token"], "Content-Type": f"{kind}; charset=UTF-8"}
    address = f"{served.url}/services/async/{VERSION}/job{path}"
    data = None if body is None else body.encode()
    return requests.request("GET" if body is None else "POST", address, data=data, headers=headers, timeout=30)


def create(served: Served, operation: str, kind: str = "CSV") -> requests.Response:
    asked = f"<operation>{operation}</operation><object>Account</object><contentType>{kind}</contentType>"
    return send(served, "", f'<?xml version="1.0"?><jobInfo xmlns="{XML}">{asked}</jobInfo>')


def told(answer: requests.Response, name: str) -> str:
    assert f'xmlns="{XML}"' in answer.text
    return str(re.findall(f"<{name}>(.*?)</{name}>", answer.text)[0])


def test_rows_end_in_their_order_each_with_what_became_of_it(quick: Any, org: Org) -> None:
    rows = [{"Name": "One by one", "NumberOfEmployees": 3}, {"Name": None}, {"Name": "Third"}]
    results = quick.bulk.Account.insert(rows, batch_size=10)
    assert [result["success"] for result in results] == [True, False, True]
    assert results[1]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    first = results[0]["id"]
    (changed,) = quick.bulk.Account.update([{"Id": first, "NumberOfEmployees": None, "Site": "A"}])
    assert (changed["success"], changed["created"]) == (True, False)
    soql = f"SELECT Site, NumberOfEmployees, Owner.Name, CreatedDate FROM Account WHERE Id = '{first}'"
    (row,) = quick.bulk.Account.query(soql)
    assert (row["Site"], row["NumberOfEmployees"], type(row["CreatedDate"])) == ("A", None, int)
    assert row["Owner"]["Name"]
    assert all(result["success"] for result in quick.bulk.Account.delete([{"Id": first}]))
    assert org.query(f"SELECT COUNT() FROM Account WHERE Id = '{first}'").total == 0


def test_a_query_that_cannot_be_read_fails_its_batch_with_the_reason(quick: Any) -> None:
    with pytest.raises(SalesforceGeneralError) as failed:
        quick.bulk.Account.query("SELECT Nothing__c FROM Account")
    assert "No such column 'Nothing__c'" in str(failed.value)


def test_batches_sent_at_once_are_all_counted(served: Served, org: Org) -> None:
    job = told(create(served, "insert"), "id")

    def add(number: int) -> requests.Response:
        return send(served, f"/{job}/batch", f"Name,Site\nAt once {number},#N/A\n,x\n", "text/csv")

    with ThreadPoolExecutor(4) as pool:
        added = list(pool.map(add, range(6)))
    assert {(answer.status_code, told(answer, "state")) for answer in added} == {(201, "Queued")}
    closed = send(served, f"/{job}", f'<jobInfo xmlns="{XML}"><state>Closed</state></jobInfo>')
    counted = [told(closed, name) for name in ("state", "numberBatchesTotal", "numberRecordsProcessed")]
    assert (counted, told(closed, "numberRecordsFailed")) == (["Closed", "6", "12"], "6")
    assert org.query("SELECT COUNT() FROM Account WHERE Name LIKE 'At once %'").total == 6
    batch = told(added[0], "id")
    good, bad = send(served, f"/{job}/batch/{batch}/result").text.splitlines()[1:]
    assert re.fullmatch(r'"001\w{15}","true","true",""', good)
    assert bad.startswith('"","false","false","REQUIRED_FIELD_MISSING:')
    assert "Name,Site" in send(served, f"/{job}/batch/{batch}/request").text
    late = send(served, f"/{job}/batch", "Name\nLate\n", "text/csv")
    assert (late.status_code, told(late, "exceptionCode")) == (400, "InvalidJobState")


def test_a_query_in_csv_is_found_by_its_result_list(served: Served, org: Org) -> None:
    org.insert("Account", [{"Name": "Listed, once"}])
    job = told(create(served, "query"), "id")
    added = send(served, f"/{job}/batch", "SELECT Name FROM Account WHERE Name = 'Listed, once'", "text/csv")
    path = f"/{job}/batch/{told(added, 'id')}"
    assert told(send(served, path), "state") == "Completed"
    result = told(send(served, f"{path}/result"), "result")
    assert send(served, f"{path}/result/{result}").text == '"Name"\n"Listed, once"\n'


def test_a_batch_with_an_unknown_column_fails_and_writes_nothing(served: Served, org: Org) -> None:
    job = told(create(served, "insert"), "id")
    batch = told(send(served, f"/{job}/batch", "Name,Nothing__c\nNever,1\n", "text/csv"), "id")
    state = send(served, f"/{job}/batch/{batch}")
    assert (told(state, "state"), "Nothing__c" in told(state, "stateMessage")) == ("Failed", True)
    assert told(send(served, f"/{job}"), "numberBatchesFailed") == "1"
    assert org.query("SELECT COUNT() FROM Account WHERE Name = 'Never'").total == 0


@pytest.mark.parametrize(
    ("path", "token", "code"),
    [("/750000000000001", "", "InvalidJob"), ("/750000000000001", "old", "InvalidSessionId")],
)
def test_refusals_have_the_documented_codes(served: Served, path: str, token: str, code: str) -> None:
    assert told(send(served, path, token=token), "exceptionCode") == code


@pytest.mark.parametrize(("operation", "kind"), [("insert", "XML"), ("nothing", "CSV")])
def test_jobs_that_are_not_done_here_are_refused_at_once(served: Served, operation: str, kind: str) -> None:
    assert told(create(served, operation, kind), "exceptionCode") == "InvalidJob"


def test_the_two_bulk_apis_keep_their_jobs_apart(served: Served) -> None:
    job = told(create(served, "insert"), "id")
    assert served.request("GET", f"jobs/ingest/{job}").status_code == 404
    assert job not in served.request("GET", "jobs/ingest").text
