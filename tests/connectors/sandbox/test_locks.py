"""Row locks: rows refused because another write holds their parent, or because the fault plan says so."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.sandbox.background import Served
from connectors.sandbox.org.org import Org, RowOutcome, WriteOptions

FAULTS = "/__sandbox__/faults"


@pytest.fixture(autouse=True)
def nothing_left(served: Served, org: Org) -> Iterator[None]:
    yield
    served.request("DELETE", FAULTS)
    org.set_setting("row_locks", None)
    org.set_setting("lock_storm", None)


def accounts(org: Org, *names: str) -> list[str]:
    return [str(outcome.id) for outcome in org.insert("Account", [{"Name": name} for name in names])]


def codes(outcomes: list[RowOutcome]) -> list[str]:
    return [outcome.errors[0].status_code if outcome.errors else "" for outcome in outcomes]


def sent(served: Served, rows: list[dict[str, Any]], **more: Any) -> list[dict[str, Any]]:
    """The result of one collections update of accounts."""
    records = [{"attributes": {"type": "Account"}, **row} for row in rows]
    result: list[dict[str, Any]] = served.request(
        "PATCH", "composite/sobjects", json={"records": records, **more}
    ).json()
    return result


def refused(result: list[dict[str, Any]]) -> list[int]:
    locked = [at for at, row in enumerate(result) if not row["success"]]
    assert {row["errors"][0]["statusCode"] for row in result if not row["success"]} <= {"UNABLE_TO_LOCK_ROW"}
    return locked


def test_children_of_one_parent_written_at_once_meet_at_its_lock(org: Org) -> None:
    shared, other = accounts(org, "shared", "other")
    org.set_setting("row_locks", {"wait": 0.05, "hold": 0.6})
    first: list[RowOutcome] = []
    begun = threading.Event()

    def write() -> None:
        begun.set()
        first.extend(org.insert("Contact", [{"LastName": "one", "AccountId": shared}]))

    worker = threading.Thread(target=write)
    worker.start()
    begun.wait(5)
    threading.Event().wait(0.2)
    rows = [{"LastName": "two", "AccountId": shared}, {"LastName": "three", "AccountId": other}]
    second = org.insert("Contact", rows)
    worker.join(10)
    assert codes(first) == [""]
    assert codes(second) == ["UNABLE_TO_LOCK_ROW", ""]
    assert shared in second[0].errors[0].message


def test_a_write_that_waits_long_enough_gets_its_locks(org: Org) -> None:
    (shared,) = accounts(org, "waited for")
    org.set_setting("row_locks", {"wait": 10, "hold": 0.2})
    outcomes: list[RowOutcome] = []

    def write(site: str) -> None:
        outcomes.extend(org.update("Account", [{"Id": shared, "Site": site}]))

    workers = [threading.Thread(target=write, args=(site,)) for site in ("north", "south")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(10)
    assert codes(outcomes) == ["", ""]


def test_the_fault_plan_locks_given_rows_of_one_write(served: Served, org: Org) -> None:
    ids = accounts(org, *"abcd")
    served.request("POST", FAULTS, json=[{"path": "composite/sobjects", "action": "lock", "rows": [1, 3]}])
    rows = [{"Id": each, "Site": "moved"} for each in ids]
    assert refused(sent(served, rows)) == [1, 3]
    assert refused(sent(served, [rows[1], rows[3]])) == [], "the next write gets its locks"
    assert org.query("SELECT COUNT() FROM Account WHERE Site = 'moved'").total == 4


def test_one_locked_row_undoes_an_all_or_none_write(served: Served, org: Org) -> None:
    ids = accounts(org, "e", "f")
    served.request("POST", FAULTS, json=[{"path": "composite/sobjects", "action": "lock", "rows": [0]}])
    result = sent(served, [{"Id": each, "Site": "undone"} for each in ids], allOrNone=True)
    found = [row["errors"][0]["statusCode"] for row in result]
    assert found == ["UNABLE_TO_LOCK_ROW", "ALL_OR_NONE_OPERATION_ROLLED_BACK"]
    assert org.query("SELECT COUNT() FROM Account WHERE Site = 'undone'").total == 0


def test_a_storm_strikes_the_same_rows_for_the_same_seed(served: Served, org: Org) -> None:
    rows = [{"Id": each, "Site": "s"} for each in accounts(org, *map(str, range(40)))]
    struck = []
    for _ in range(2):
        served.request("POST", FAULTS, json=[{"path": "sobjects", "action": "lock", "share": 0.3, "seed": 5}])
        struck.append(refused(sent(served, rows)))
        served.request("DELETE", FAULTS)
    assert struck[0] == struck[1]
    assert 3 <= len(struck[0]) <= 25


def test_a_storm_over_the_org_reaches_every_way_of_writing_and_passes(org: Org) -> None:
    rows = [{"Id": each, "Site": "weather"} for each in accounts(org, *map(str, range(60)))]
    org.set_setting("lock_storm", {"probability": 0.5, "seed": 1, "objects": ["Account"]})
    assert codes(org.insert("Contact", [{"LastName": str(n)} for n in range(20)])) == [""] * 20
    tries = 0
    while rows and tries < 30:
        tries += 1
        outcomes = org.update("Account", rows, options=WriteOptions(secured=True))
        rows = [row for row, outcome in zip(rows, outcomes, strict=True) if not outcome.success]
    assert 2 < tries < 30
    assert org.query("SELECT COUNT() FROM Account WHERE Site = 'weather'").total == 60


def test_a_request_may_be_delivered_twice(served: Served, org: Org) -> None:
    served.request("POST", FAULTS, json=[{"method": "POST", "path": "sobjects/Account", "action": "duplicate"}])
    answer = served.request("POST", "sobjects/Account", json={"Name": "Twice"})
    assert answer.status_code == 201
    found = [row["Id"] for row in org.query("SELECT Id FROM Account WHERE Name = 'Twice' ORDER BY Id").records]
    assert found[1:] == [answer.json()["id"]]


def test_the_calls_of_the_day_may_be_used_up(served: Served) -> None:
    served.request("POST", FAULTS, json=[{"path": "/query", "action": "limit", "times": 2}])
    answers = [served.request("GET", "query", params={"q": "SELECT Id FROM Account LIMIT 1"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [403, 403, 200]
    assert answers[0].json()[0]["errorCode"] == "REQUEST_LIMIT_EXCEEDED"


@pytest.mark.parametrize(("when", "status"), [("before", 401), ("after", 200)])
def test_a_session_may_end_before_or_after_a_request(served: Served, org: Org, when: str, status: int) -> None:
    token = org.sessions.issue(org.admin_user_id)
    served.request("POST", FAULTS, json=[{"path": "/limits", "action": "expire", "when": when}])

    def ask() -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return served.session.get(f"{served.url}/services/data/v63.0/limits", headers=headers, timeout=30).status_code

    assert [ask(), ask()] == [status, 401]


def test_a_rule_may_strike_by_chance_and_alike_for_one_seed(served: Served) -> None:
    rule = {"path": "/limits", "action": "status", "times": 0, "probability": 0.5, "seed": 3}
    runs = []
    for _ in range(2):
        served.request("POST", FAULTS, json=[rule])
        runs.append([served.request("GET", "limits").status_code for _ in range(20)])
        served.request("DELETE", FAULTS)
    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 503}


def test_a_storm_reaches_deletions_and_bulk_jobs(served: Served, org: Org) -> None:
    first, second = accounts(org, "kept", "kept too")
    org.set_setting("lock_storm", {"probability": 1})
    assert codes(org.delete("Account", [first, second])) == ["UNABLE_TO_LOCK_ROW"] * 2
    job = served.request("POST", "jobs/ingest", json={"object": "Account", "operation": "update"}).json()["id"]
    served.request(
        "PUT", f"jobs/ingest/{job}/batches", data=f"Id,Site\n{first},x\n", headers={"Content-Type": "text/csv"}
    )
    served.request("PATCH", f"jobs/ingest/{job}", json={"state": "UploadComplete"})
    for _ in range(200):
        if served.request("GET", f"jobs/ingest/{job}").json()["state"] == "JobComplete":
            break
        threading.Event().wait(0.02)
    assert "UNABLE_TO_LOCK_ROW" in served.request("GET", f"jobs/ingest/{job}/failedResults").text
