"""HubSpot's facts against the sandbox by plain HTTP, and the table that says which test shows which fact."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors.sandbox.background import ServedPortal, serving_portal
from connectors.sandbox.portal.limits import PLANS
from connectors.sandbox.portal.portal import Portal

ROOT = Path(__file__).parents[2]
SANDBOX = ROOT / "connectors" / "sandbox"
OBJECTS = "/crm/v3/objects"
COMPANIES = f"{OBJECTS}/companies"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedPortal]:
    with Portal.open(tmp_path_factory.mktemp("portal")) as opened, serving_portal(opened) as found:
        yield found


def facts() -> list[list[str]]:
    text = (SANDBOX / "HUBSPOT_FACTS.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("| ")][2:]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize(("fact", "where", "shown_by"), facts(), ids=lambda text: text[:40])
def test_every_fact_has_a_place_and_a_test(fact: str, where: str, shown_by: str) -> None:
    assert (SANDBOX / where).is_file(), f"{fact}: {where}"
    path, _, name = shown_by.partition("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert name in {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}, f"{fact}: {shown_by}"


def test_every_fact_shown_here_is_in_the_table() -> None:
    here = {name for name in globals() if name.startswith("test_") and not name.startswith("test_every_fact")}
    assert here == {shown.partition("::")[2] for _, _, shown in facts() if shown.startswith("tests/contract/test_hub")}


@pytest.mark.parametrize(("plan", "burst", "day"), [("starter", 100, 250_000), ("professional", 190, 625_000),
                                                    ("api_add_on", 250, 1_000_000)])  # fmt: skip
def test_a_plan_says_how_many_calls_there_are(hub: ServedPortal, plan: str, burst: int, day: int) -> None:
    assert plan in PLANS
    hub.portal.limits.set_plan(plan)
    try:
        headers = hub.request("GET", COMPANIES).headers
    finally:
        hub.portal.limits.set_plan("")
    told = [headers[f"X-HubSpot-RateLimit-{name}"] for name in ("Max", "Daily")]
    assert told == [str(burst), str(day)]


def refusals(hub: ServedPortal) -> Iterator[tuple[int, requests.Response]]:
    nobody = {"Authorization": "Bearer nobody"}
    poor = {"Authorization": f"Bearer {hub.portal.apps.add_private_app(['oauth'])}"}
    person = {"properties": {"email": "twice@example.com"}}
    hub.request("POST", f"{OBJECTS}/contacts", json=person)
    yield 400, hub.request("POST", COMPANIES, json={"properties": {"industry": "NOWHERE"}})
    yield 401, hub.request("GET", COMPANIES, headers=nobody)
    yield 403, hub.request("GET", COMPANIES, headers=poor)
    yield 404, hub.request("GET", f"{COMPANIES}/7")
    yield 404, hub.request("GET", "/crm/v3/lists")
    yield 405, hub.request("DELETE", "/crm/v3/owners")
    yield 409, hub.request("POST", f"{OBJECTS}/contacts", json=person)
    hub.request("POST", "/__sandbox__/faults", json={"path": "/companies", "action": "limit"})
    yield 429, hub.request("GET", COMPANIES)


def test_every_refusal_has_the_form_of_hubspots_errors(hub: ServedPortal) -> None:
    for status, answer in refusals(hub):
        body = answer.json()
        assert (answer.status_code, body["status"]) == (status, "error"), answer.text
        assert body["message"]
        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", body["correlationId"])
        named = "policyName" if status == 429 else "category"
        assert body[named]
        assert "Retry-After" not in answer.headers


def test_a_batch_gives_all_its_records_one_date(hub: ServedPortal) -> None:
    made = hub.request(
        "POST", f"{COMPANIES}/batch/create", json={"inputs": [{"properties": {"name": "S"}}] * 100}
    ).json()
    changes = [{"id": each["id"], "properties": {"city": "Pori"}} for each in made["results"]]
    done = hub.request("POST", f"{COMPANIES}/batch/update", json={"inputs": changes}).json()["results"]
    assert (len(done), len({each["properties"]["hs_lastmodifieddate"] for each in done})) == (100, 1)


@pytest.mark.parametrize(("groups", "status"), [([6, 6, 6], 200), ([3] * 5, 200), ([7], 400), ([1] * 6, 400),
                                                ([6, 6, 6, 1], 400)])  # fmt: skip
def test_filters_have_limits(hub: ServedPortal, groups: list[int], status: int) -> None:
    one = {"propertyName": "city", "operator": "HAS_PROPERTY"}
    body = {"filterGroups": [{"filters": [one] * number} for number in groups]}
    assert hub.request("POST", f"{COMPANIES}/search", json=body).status_code == status


def test_one_duplicate_refuses_a_batch_of_contacts(hub: ServedPortal) -> None:
    rows = [{"properties": {"email": f"{name}@example.com"}} for name in ("held", "new")]
    first = hub.request("POST", f"{OBJECTS}/contacts", json=rows[0]).json()["id"]
    answer = hub.request("POST", f"{OBJECTS}/contacts/batch/create", json={"inputs": rows})
    assert (answer.status_code, answer.json()["category"]) == (409, "CONFLICT")
    assert answer.json()["message"] == f"Contact already exists. Existing ID: {first}"
    assert hub.request("GET", f"{OBJECTS}/contacts/new@example.com?idProperty=email").status_code == 404


def test_options_match_on_value_and_external_ones_have_no_list(hub: ServedPortal) -> None:
    stage: dict[str, Any] = hub.request("GET", "/crm/v3/properties/companies/lifecyclestage").json()
    lead = next(each for each in stage["options"] if each["value"] == "lead")
    assert lead["label"] == "Lead"
    for given, status in (("lead", 201), ("Lead", 400)):
        answer = hub.request("POST", COMPANIES, json={"properties": {"lifecyclestage": given}})
        assert answer.status_code == status
    owner = hub.request("GET", "/crm/v3/properties/companies/hubspot_owner_id").json()
    assert (owner["externalOptions"], owner["options"]) == (True, [])
    meant = [each["modificationMetadata"]["readOnlyOptions"] for each in (stage, owner)]
    assert meant == [False, True]


def test_nothing_makes_a_property_required(hub: ServedPortal) -> None:
    definition = {
        "name": "must", "label": "Must", "type": "string", "fieldType": "text", "groupName": "companyinformation",
        "required": True,
    }  # fmt: skip
    made = hub.request("POST", "/crm/v3/properties/companies", json=definition)
    assert (made.status_code, "required" in made.json()) == (201, False)
    assert hub.request("GET", "/crm/v3/schemas/companies").json()["requiredProperties"] == []
    company = hub.request("POST", COMPANIES, json={"properties": {"must": "x"}}).json()["id"]
    emptied = hub.request("PATCH", f"{COMPANIES}/{company}", json={"properties": {"must": ""}})
    assert (emptied.status_code, emptied.json()["properties"]["must"]) == (200, None)
    assert hub.request("POST", COMPANIES, json={"properties": {}}).status_code == 201
