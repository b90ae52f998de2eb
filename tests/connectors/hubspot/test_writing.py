"""Writing to HubSpot: every record sent has a result, whatever HubSpot makes of the batch; tasks reach people once."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from connectors.base import Change, Scalar, TaskSpec, WriteResult
from connectors.errors import Fatal, Unavailable
from tests.connectors.hubspot.conftest import Reply

if TYPE_CHECKING:
    from tests.connectors.hubspot.conftest import CannedAccount, Request

UPDATE = r"/crm/v3/objects/companies/batch/update$"
READ = r"/crm/v3/objects/companies/batch/read$"
FIELDS: list[dict[str, Any]] = [
    {"name": "tier", "label": "Tier", "type": "enumeration", "fieldType": "select", "options": []},
    {"name": "score", "label": "Score", "type": "number", "fieldType": "number"},
    {"name": "since", "label": "Since", "type": "date", "fieldType": "date"},
    {"name": "flag", "label": "Flag", "type": "bool", "fieldType": "booleancheckbox"},
]
GOLD = [Change(str(number), {"tier": "gold"}) for number in range(1, 101)]
BAD = {"7": "plutonium", "60": "lead"}


@pytest.fixture
def companies(canned: CannedAccount) -> CannedAccount:
    canned.has("companies", *FIELDS)
    return canned


def done(*ids: str) -> list[dict[str, Any]]:
    return [{"id": each, "properties": {}, "updatedAt": "2026-01-01T00:00:00Z"} for each in ids]


def wrong_option(value: str) -> dict[str, Any]:
    inside = [
        {
            "isValid": False,
            "message": f"{value} was not one of the allowed options: [gold, silver]",
            "error": "INVALID_OPTION",
            "name": "tier",
        }
    ]
    message = f"Property values were not valid: {json.dumps(inside)}"
    return {"status": "error", "message": message, "correlationId": "c", "category": "VALIDATION_ERROR"}


def whole_batch_refused(request: Request) -> Reply:
    """One bad record refuses all, and only the first is named."""
    sent = request.json["inputs"]
    bad = [each["properties"]["tier"] for each in sent if each["properties"]["tier"] in BAD.values()]
    return Reply(wrong_option(bad[0]), 400) if bad else Reply({"status": "COMPLETE", "results": done(*ids(request))})


def ids(request: Request) -> list[str]:
    return [each["id"] for each in request.json["inputs"]]


def test_values_are_sent_as_text_and_read_back_as_they_were(companies: CannedAccount) -> None:
    companies.on("POST", UPDATE, {"status": "COMPLETE", "results": done("1")})
    values: dict[str, Scalar] = {"tier": "gold", "score": 12.0, "since": date(2026, 3, 1), "flag": True}
    crm = companies.open()
    assert crm.push("account", [Change("1", values)]) == [WriteResult("1", ok=True)]
    (sent,) = companies.seen("POST", UPDATE)
    assert sent.json == {
        "inputs": [{"id": "1", "properties": {"tier": "gold", "score": "12", "since": "2026-03-01", "flag": "true"}}]
    }
    held = {"tier": "gold", "score": "12.0", "since": "2026-03-01", "flag": "true"}
    companies.on("POST", READ, {"results": [{"id": "1", "properties": held}]})
    assert crm.fetch("account", ["1", "1"], list(values)) == {"1": values}
    assert crm.push("detail", [Change("1", dict.fromkeys(values), remove=True)])[0].ok  # details are properties too
    assert companies.seen("POST", UPDATE)[-1].json["inputs"][0]["properties"] == dict.fromkeys(values, "")


def test_a_record_that_is_not_there_is_absent_only_if_hubspot_says_so(companies: CannedAccount) -> None:
    missing = {"status": "error", "category": "OBJECT_NOT_FOUND", "message": "Could not get some COMPANY objects",
               "context": {"ids": ["2"]}}  # fmt: skip
    row = {"id": "1", "properties": {"tier": "gold"}}
    companies.on(
        "POST", READ, Reply({"status": "COMPLETE", "results": [row], "numErrors": 1, "errors": [missing]}, 207)
    )
    companies.on("POST", READ, {"status": "COMPLETE", "results": [row]}, {"status": "COMPLETE", "results": []})
    crm = companies.open()
    assert crm.fetch("account", ["1", "2"], ["tier"]) == {"1": {"tier": "gold"}}
    with pytest.raises(Unavailable) as caught:
        crm.fetch("account", ["1", "2"], ["tier"])
    assert caught.value.code == "BAD_REPLY"


def test_single_bad_records_of_a_batch_that_is_refused_as_a_whole_are_found(companies: CannedAccount) -> None:
    companies.on("POST", UPDATE, whole_batch_refused)
    changes = [Change(each.record_id, {"tier": BAD.get(each.record_id, "gold")}) for each in GOLD]
    results = companies.open().push("account", changes)
    assert [each.record_id for each in results] == [each.record_id for each in changes]
    refused = {each.record_id: each for each in results if not each.ok}
    assert refused.keys() == BAD.keys()
    assert {each.code for each in refused.values()} == {"INVALID_OPTION"}
    assert all(each.fields == ("tier",) and each.next_step and not each.retryable for each in refused.values())
    # The refusal names the value, so the bad ones are set apart at once: 100, {7}, 99, {60}, 98.
    assert len(companies.seen("POST", UPDATE)) == 5


def test_a_refusal_that_names_nothing_is_narrowed_down(companies: CannedAccount) -> None:
    def refuses_seven(request: Request) -> Reply:
        if "7" in ids(request):
            return Reply({"status": "error", "category": "CONFLICT", "message": "Conflict."}, 409)
        return Reply({"results": done(*ids(request))})

    companies.on("POST", UPDATE, refuses_seven)
    results = companies.open().push("account", GOLD)
    assert [(each.record_id, each.code) for each in results if not each.ok] == [("7", "CONFLICT")]
    assert len(companies.seen("POST", UPDATE)) <= 15


def test_a_batch_that_half_failed_gives_each_record_its_result(companies: CannedAccount) -> None:
    gone = {"status": "error", "category": "OBJECT_NOT_FOUND", "message": "No such object",
            "context": {"ids": ["2", "3"]}}  # fmt: skip
    companies.on("POST", UPDATE, Reply({"status": "COMPLETE", "results": done("1"), "errors": [gone]}, 207))
    results = companies.open().push("account", GOLD[:3])
    assert [each.ok for each in results] == [True, False, False]
    assert "deleted" in results[1].message


def test_errors_without_ids_are_tried_record_by_record(companies: CannedAccount) -> None:
    def nameless(request: Request) -> Reply:
        if "2" not in ids(request):
            return Reply({"results": done(*ids(request))})
        return Reply({"status": "COMPLETE", "results": [], "errors": [{"category": "VALIDATION_ERROR"}]}, 207)

    companies.on("POST", UPDATE, nameless)
    results = companies.open().push("account", GOLD[:3])
    assert [each.ok for each in results] == [True, False, True]
    assert results[1].message.endswith(".")


def test_a_record_that_hubspot_says_nothing_of_is_looked_at(companies: CannedAccount) -> None:
    companies.on("POST", UPDATE, Reply({"status": "COMPLETE", "results": done("1")}, 207))
    held = [{"id": "2", "properties": {"score": "5.0"}}, {"id": "3", "properties": {"score": "4"}}]
    companies.on("POST", READ, {"results": held})
    results = companies.open().push("account", [Change(each, {"score": 5.0}) for each in ("1", "2", "3", "4")])
    assert [(each.ok, each.code) for each in results] == [
        (True, ""), (True, ""), (False, "NO_OUTCOME"), (False, "NO_OUTCOME"),
    ]  # fmt: skip


def test_a_merge_in_between_is_no_success(companies: CannedAccount) -> None:
    companies.on("POST", UPDATE, {"results": done("1", "99")})
    results = companies.open().push("account", GOLD[:2])
    assert [(each.ok, each.code) for each in results] == [(True, ""), (False, "MERGED")]
    companies.on("POST", READ, {"results": [{"id": "99", "properties": {"tier": "gold"}}]})
    assert companies.open().fetch("account", ["2"], ["tier"]) == {}


def test_results_for_records_that_were_not_sent_are_believed_to_nobody(companies: CannedAccount) -> None:
    companies.on("POST", UPDATE, {"results": done("1", "2", "3", "99")})
    with pytest.raises(Unavailable) as caught:
        companies.open().push("account", GOLD[:3])
    assert caught.value.code == "OUTCOME_UNKNOWN"


TASK = TaskSpec("TL-42", "31", "Fill in the value profile", "Three <companies>\nwait", date(2026, 3, 1), "101")
TASKS, SEARCH = r"/crm/v3/objects/tasks$", r"/crm/v3/objects/tasks/search$"


def test_a_task_has_its_key_its_company_and_its_owner(canned: CannedAccount) -> None:
    canned.on("GET", r"/crm/v3/owners/\?archived=false", {"results": [{"id": "31"}]})
    canned.on("POST", TASKS, {"id": "900"}, status=201)
    assert canned.open().create_task(replace(TASK, first_attempt=True)) == "900"
    (sent,) = canned.seen("POST", TASKS)
    assert sent.json["properties"] == {
        "hs_timestamp": "2026-03-01T12:00:00.000Z",
        "hs_task_subject": "Fill in the value profile [TL-42]",
        "hs_task_body": "Three &lt;companies&gt;<br>wait",
        "hs_task_status": "NOT_STARTED",
        "hs_task_type": "TODO",
        "hubspot_owner_id": "31",
    }
    assert sent.json["associations"][0]["to"] == {"id": "101"}


def test_a_task_is_looked_for_where_it_hangs_before_it_is_made_again(canned: CannedAccount) -> None:
    """The search lags behind; the company itself knows at once."""
    ends = [{"toObjectId": each, "associationTypes": [{"typeId": 191}]} for each in (700, 900)]
    canned.on("POST", "/associations/companies/tasks/batch/read", {"results": [{"from": {"id": "101"}, "to": ends}]})
    subjects = {"700": "Other [TL-420]", "900": "Fill in the value profile [TL-42]"}
    rows = [{"id": each, "properties": {"hs_task_subject": subject}} for each, subject in subjects.items()]
    canned.on("POST", "/crm/v3/objects/tasks/batch/read", {"results": rows})
    assert canned.open().create_task(TASK) == "900"
    assert not canned.seen("POST", TASKS)


def test_a_task_without_a_record_is_searched_for_by_owner_and_key(canned: CannedAccount) -> None:
    rows = [{"id": "5", "properties": {"hs_task_subject": "Digest [TL-1]"}}]
    canned.on("POST", SEARCH, {"total": 1, "results": rows})
    canned.on("GET", r"/crm/v3/owners/\?archived=false", {"results": [{"id": "31"}]})
    canned.on("POST", TASKS, {"id": "6"}, status=201)
    crm = canned.open()
    assert crm.create_task(TaskSpec("TL-1", "31", "Digest", "b", date(2026, 3, 1))) == "5"
    for key in ("TL-11", "TL-12"):
        assert crm.create_task(TaskSpec(key, "31", "Digest", "b", date(2026, 3, 1))) == "6"
    assert len(canned.seen("GET", "/owners/")) == 1


def test_nobody_who_left_gets_a_task(canned: CannedAccount) -> None:
    canned.on("POST", SEARCH, {"total": 0, "results": []})
    canned.on("GET", r"/crm/v3/owners/\?archived=false", {"results": [{"id": "32"}]})
    with pytest.raises(Fatal, match="no longer active"):
        canned.open().create_task(TaskSpec("TL-1", "31", "Digest", "b", date(2026, 3, 1)))
    assert not canned.seen("POST", TASKS)
