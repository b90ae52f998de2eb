"""The fault plan: which request is hit, what the client sees, and whether the org was changed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from connectors.sandbox.background import Served

FAULTS, LOG = "/__sandbox__/faults", "/__sandbox__/log"


@pytest.fixture(autouse=True)
def no_rules_left(served: Served) -> Iterator[None]:
    yield
    served.request("DELETE", FAULTS)


def plan(served: Served, **rule: Any) -> None:
    assert served.request("POST", FAULTS, json=[rule]).status_code == 200


def create(served: Served, name: str) -> requests.Response:
    return served.request("POST", "sobjects/Account/", json={"Name": name})


def count(served: Served, name: str) -> int:
    query = f"SELECT COUNT() FROM Account WHERE Name = '{name}'"
    return int(served.request("GET", "query/", params={"q": query}).json()["totalSize"])


def test_the_nth_matching_request_is_hit_and_no_other(served: Served) -> None:
    plan(served, method="POST", path="/sobjects/Account", nth=2, action="status", status=503, reply=[])
    statuses = [create(served, f"nth {number}").status_code for number in range(3)]
    assert statuses == [201, 503, 201]
    assert [count(served, f"nth {number}") for number in range(3)] == [1, 0, 1]
    rule = served.request("GET", FAULTS).json()[0]
    assert (rule["matches"], rule["hits"]) == (3, 1)


def test_a_failure_after_it_was_applied_loses_only_the_answer(served: Served) -> None:
    plan(served, method="POST", path="Account", when="after", action="status", status=502, reply="Bad Gateway")
    answer = create(served, "applied")
    assert (answer.status_code, answer.text) == (502, "Bad Gateway")
    assert count(served, "applied") == 1


@pytest.mark.parametrize(("when", "applied"), [("before", 0), ("after", 1)])
def test_a_dropped_connection_answers_nothing(served: Served, when: str, applied: int) -> None:
    plan(served, method="POST", path="Account", when=when, action="drop")
    with pytest.raises(requests.ConnectionError):
        create(served, f"dropped {when}")
    assert count(served, f"dropped {when}") == applied
    last = [entry for entry in served.request("GET", LOG).json() if entry["fault"] == f"{when} drop"][-1]
    assert last["status"] == 0


def test_a_stalled_request_is_slow_but_right(served: Served) -> None:
    plan(served, path="/query", action="stall", seconds=0.3)
    started = time.monotonic()
    assert count(served, "nobody") == 0
    assert time.monotonic() - started >= 0.3


def test_a_corrupt_answer_is_no_json(served: Served) -> None:
    plan(served, path="/query", when="after", action="corrupt")
    with pytest.raises(requests.exceptions.JSONDecodeError):
        count(served, "nobody")


def test_a_rule_can_look_into_the_body_and_hit_for_ever(served: Served) -> None:
    plan(served, body="poison", times=0, action="status", status=500)
    assert [create(served, name).status_code for name in ("poison", "fine", "poison")] == [500, 201, 500]


def test_a_wrong_rule_is_refused_with_its_field(served: Served) -> None:
    answer = served.request("POST", FAULTS, json=[{"action": "stall", "path": "(", "colour": 1}])
    assert answer.status_code == 400
    text = " ".join(answer.json()["problems"])
    assert "path" in text
    assert "colour" in text


def test_the_log_counts_rows_and_keeps_no_token(served: Served) -> None:
    for number in range(2):
        create(served, f"logged {number}")
    served.request("DELETE", LOG)
    served.request("GET", "query/", params={"q": "SELECT Id FROM Account LIMIT 2"})
    rows = [{"attributes": {"type": "Account"}, "Name": f"row {number}"} for number in range(3)]
    served.request("POST", "composite/sobjects", json={"allOrNone": False, "records": rows})
    requests.get(f"{served.url}/services/oauth2/revoke?token=secret-token", timeout=30)
    query, collection, revoke = served.request("GET", LOG).json()
    assert (query["method"], query["rows_returned"]) == ("GET", 2)
    assert (collection["rows_sent"], collection["rows_returned"]) == (3, 3)
    assert "secret-token" not in str(revoke)
