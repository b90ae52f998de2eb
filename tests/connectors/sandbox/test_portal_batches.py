"""Batches: a hundred at a time, each id once, and every way in which HubSpot is known to tell of bad inputs."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import requests

from connectors.sandbox.background import ServedPortal
from connectors.sandbox.portal.standard import OBJECT_TYPES

BATCH = "/crm/v3/objects/companies/batch"


@pytest.fixture
def records(hub: ServedPortal) -> Iterator[list[str]]:
    """Two good ones and one that is gone."""
    kind = OBJECT_TYPES["companies"]
    ids = [str(each) for each in hub.portal.create(kind, [{"name": name} for name in ("One", "Two", "Gone")])]
    hub.portal.archive(kind, ids[2:])
    yield ids
    hub.portal.set_setting("batch_failures", None)


def update(hub: ServedPortal, *changes: tuple[str, dict[str, str]]) -> requests.Response:
    inputs = [{"id": record_id, "properties": values} for record_id, values in changes]
    return hub.request("POST", f"{BATCH}/update", json={"inputs": inputs})


def cities(hub: ServedPortal, ids: list[str]) -> list[str | None]:
    inputs = [{"id": each} for each in ids]
    answer = hub.request("POST", f"{BATCH}/read", json={"inputs": inputs, "properties": ["city"]}).json()
    return [each["properties"]["city"] for each in answer["results"]]


GOOD, BAD = {"city": "Turku"}, {"industry": "NOWHERE"}


def test_one_bad_value_refuses_the_whole_batch(hub: ServedPortal, records: list[str]) -> None:
    answer = update(hub, (records[0], GOOD), (records[1], BAD), (records[2], GOOD))
    assert answer.status_code == 400
    (inner,) = json.loads(answer.json()["message"].removeprefix("Property values were not valid: "))
    assert inner["name"] == "industry"
    assert cities(hub, records[:2]) == [None, None]


def test_ids_that_lead_nowhere_are_errors_among_the_results(hub: ServedPortal, records: list[str]) -> None:
    answer = update(hub, (records[0], GOOD), (records[2], GOOD), ("no id", GOOD))
    body = answer.json()
    assert (answer.status_code, body["status"], body["numErrors"]) == (207, "COMPLETE", 2)
    assert [each["id"] for each in body["results"]] == records[:1]
    assert [each["context"]["ids"] for each in body["errors"]] == [[records[2]], ["no id"]]
    assert {each["category"] for each in body["errors"]} == {"OBJECT_NOT_FOUND"}


def test_every_bad_input_can_be_an_error_of_its_own(hub: ServedPortal, records: list[str]) -> None:
    hub.portal.set_setting("batch_failures", "each")
    body = update(hub, (records[0], GOOD), (records[1], BAD), (records[2], GOOD)).json()
    assert [each["id"] for each in body["results"]] == records[:1]
    assert [(each["context"]["ids"], each["category"]) for each in body["errors"]] == [
        ([records[1]], "VALIDATION_ERROR"), ([records[2]], "OBJECT_NOT_FOUND"),
    ]  # fmt: skip


def test_one_bad_input_of_any_sort_can_refuse_all(hub: ServedPortal, records: list[str]) -> None:
    hub.portal.set_setting("batch_failures", "all")
    answer = update(hub, (records[0], GOOD), (records[2], GOOD))
    assert (answer.status_code, answer.json()["context"]) == (404, {"id": [records[2]]})
    assert cities(hub, records[:1]) == [None]


def test_bad_inputs_can_be_passed_over_in_silence(hub: ServedPortal, records: list[str]) -> None:
    hub.portal.set_setting("batch_failures", "silent")
    answer = update(hub, (records[1], BAD), (records[2], GOOD))
    assert (answer.status_code, answer.json()["results"]) == (207, [])
    assert "errors" not in answer.json()


def test_an_id_named_twice_and_too_many_inputs_are_refused(hub: ServedPortal, records: list[str]) -> None:
    twice = update(hub, (records[0], GOOD), (records[0], GOOD))
    assert (twice.status_code, twice.json()["context"]) == (400, {"id": records[:1]})
    many = update(hub, *((str(number), GOOD) for number in range(101)))
    assert many.status_code == 400
    assert cities(hub, records[:1]) == [None]


def test_a_trace_on_every_new_record_asks_for_an_outcome_each(hub: ServedPortal) -> None:
    inputs = [{"properties": {"name": "T1"}}, {"properties": {"name": "T2", **BAD}}]
    assert hub.request("POST", f"{BATCH}/create", json={"inputs": inputs}).status_code == 400
    traced = [{**each, "objectWriteTraceId": f"t{place}"} for place, each in enumerate(inputs)]
    answer = hub.request("POST", f"{BATCH}/create", json={"inputs": traced})
    assert answer.status_code == 207
    assert [each["objectWriteTraceId"] for each in answer.json()["results"]] == ["t0"]
    assert [each["context"]["objectWriteTraceId"] for each in answer.json()["errors"]] == [["t1"]]


def test_reading_names_what_is_not_there(hub: ServedPortal, records: list[str]) -> None:
    inputs = [{"id": each} for each in (*records, "5")]
    answer = hub.request("POST", f"{BATCH}/read", json={"inputs": inputs, "properties": ["name"]})
    assert answer.status_code == 207
    assert [each["properties"]["name"] for each in answer.json()["results"]] == ["One", "Two"]
    assert [each["context"]["ids"] for each in answer.json()["errors"]] == [[records[2], "5"]]
    gone = hub.request("POST", f"{BATCH}/read?archived=true", json={"inputs": inputs[2:3], "properties": ["name"]})
    assert [each["archived"] for each in gone.json()["results"]] == [True]


def test_only_unique_properties_name_records(hub: ServedPortal) -> None:
    body = {"inputs": [{"id": "x", "idProperty": "name", "properties": {}}]}
    answer = hub.request("POST", f"{BATCH}/upsert", json=body)
    assert answer.json()["message"] == "Unable to perform update/upsert by non-unique 0-2 property name"
