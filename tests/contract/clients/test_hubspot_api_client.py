"""The sandbox driven by `hubspot-api-client`, HubSpot's client for Python, over the older paths."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hubspot import HubSpot
from hubspot.crm.companies import ApiException
from urllib3.util import Retry

from connectors.sandbox.background import ServedPortal


@pytest.fixture(scope="module")
def client(portal: ServedPortal) -> Any:
    return HubSpot(access_token=portal.facts["access_token"], host=portal.url)


def test_the_client_makes_reads_searches_and_archives_records(client: Any) -> None:
    companies = client.crm.companies
    made = companies.basic_api.create(
        simple_public_object_input_for_create={"properties": {"name": "One", "annualrevenue": "12.50"}}
    )
    other = companies.basic_api.create(simple_public_object_input_for_create={"properties": {"name": "Two"}})
    assert {each.id for each in companies.get_all()} >= {made.id, other.id}
    read = companies.batch_api.read(
        batch_read_input_simple_public_object_id={"inputs": [{"id": made.id}], "properties": ["annualrevenue", "city"]}
    )
    assert read.results[0].properties["annualrevenue"] == "12.50"
    assert read.results[0].properties["city"] is None
    found = companies.search_api.do_search(
        public_object_search_request={
            "filterGroups": [{"filters": [{"propertyName": "annualrevenue", "operator": "GT", "value": "12"}]}]
        }
    )
    assert [each.id for each in found.results] == [made.id]
    companies.basic_api.archive(made.id)
    with pytest.raises(ApiException) as caught:
        companies.basic_api.get_by_id(made.id)
    assert (caught.value.status, json.loads(caught.value.body)["category"]) == (404, "OBJECT_NOT_FOUND")
    merged = companies.basic_api.merge(
        public_merge_input={
            "primaryObjectId": other.id,
            "objectIdToMerge": companies.basic_api.create(
                simple_public_object_input_for_create={"properties": {"name": "Three"}}
            ).id,
        }
    )
    assert companies.basic_api.get_by_id(other.id).id == merged.id


def test_a_partly_bad_batch_raises_nothing(client: Any) -> None:
    """The client's trap: 207 is another class, with errors."""
    good = client.crm.companies.basic_api.create(simple_public_object_input_for_create={"properties": {"name": "Good"}})
    answer = client.crm.companies.batch_api.update(
        batch_input_simple_public_object_batch_input={
            "inputs": [{"id": good.id, "properties": {"city": "Oulu"}}, {"id": "77", "properties": {"city": "Oulu"}}]
        }
    )
    assert [each.id for each in answer.results] == [good.id]
    assert [each.context["ids"] for each in answer.errors] == [["77"]]


def test_the_client_waits_out_a_rate_limit(portal: ServedPortal) -> None:
    """429 with the true body is what its retry waits for."""
    rule = {"method": "POST", "path": "/search", "action": "limit"}
    portal.request("POST", "/__sandbox__/faults", json=rule).raise_for_status()
    retry = Retry(total=2, status_forcelist=(429,), backoff_factor=0.01, allowed_methods=None)
    client: Any = HubSpot(access_token=portal.facts["access_token"], host=portal.url, retry=retry)
    client.crm.deals.search_api.do_search(public_object_search_request={})
    assert portal.request("GET", "/__sandbox__/faults").json()[0]["hits"] == 1
    portal.request("DELETE", "/__sandbox__/faults")


def test_definitions_owners_pipelines_and_associations(client: Any) -> None:
    properties = client.crm.properties.core_api
    properties.create(
        "deals",
        property_create={"name": "size", "label": "Size", "type": "number", "fieldType": "number",
                         "groupName": "dealinformation"},
    )  # fmt: skip
    assert "size" in {each.name for each in properties.get_all("deals").results}
    assert [each.email for each in client.crm.owners.get_all()] == ["admin@example.com"]
    assert (
        client.crm.pipelines.pipelines_api.get_all("tickets").results[0].stages[-1].metadata["ticketState"] == "CLOSED"
    )
    company = client.crm.companies.basic_api.create(simple_public_object_input_for_create={"properties": {"name": "C"}})
    task = client.crm.objects.tasks.basic_api.create(
        simple_public_object_input_for_create={"properties": {"hs_task_subject": "Call", "hs_timestamp": "2026-05-04"}}
    )
    v4 = client.crm.associations.v4
    v4.basic_api.create_default("tasks", task.id, "companies", company.id)
    (found,) = v4.basic_api.get_page("companies", company.id, "tasks").results
    assert str(found.to_object_id) == task.id
    v4.batch_api.archive(
        "tasks", "companies",
        batch_input_public_association_multi_archive={
            "inputs": [{"from": {"id": task.id}, "to": [{"id": company.id}]}]
        },
    )  # fmt: skip
    assert v4.basic_api.get_page("companies", company.id, "tasks").results == []


def test_the_older_associations_schemas_and_stages(client: Any) -> None:
    company = client.crm.companies.basic_api.create(
        simple_public_object_input_for_create={"properties": {"name": "V3"}}
    )
    person = client.crm.contacts.basic_api.create(
        simple_public_object_input_for_create={"properties": {"firstname": "P"}}
    )
    batch = client.crm.associations.batch_api
    one = {"from": {"id": person.id}, "to": {"id": company.id}, "type": "contact_to_company"}
    batch.create("contacts", "companies", batch_input_public_association={"inputs": [one]})
    (found,) = batch.read("contacts", "companies", batch_input_public_object_id={"inputs": [{"id": person.id}]}).results
    assert {(each.id, each.type) for each in found.to} == {
        (company.id, "contact_to_company"), (company.id, "contact_to_company_unlabeled"),
    }  # fmt: skip
    counted = client.crm.companies.basic_api.get_by_id(company.id, properties=["num_associated_contacts"])
    assert counted.properties["num_associated_contacts"] == "1"
    batch.archive("contacts", "companies", batch_input_public_association={"inputs": [one]})
    assert client.crm.schemas.core_api.get_all().results == []
    assert client.crm.schemas.core_api.get_by_id("companies").labels.plural == "Companies"
    stages = client.crm.pipelines.pipeline_stages_api
    made = stages.create(
        "deals",
        "default",
        pipeline_stage_input={"label": "Pilot", "displayOrder": 9, "metadata": {"probability": "0.3"}},
    )
    changed = stages.update("deals", "default", made.id, pipeline_stage_patch_input={"label": "Trial", "metadata": {}})
    assert (changed.label, changed.metadata["probability"]) == ("Trial", "0.3")
    stages.archive("deals", "default", made.id)
    assert made.id not in {each.id for each in stages.get_all("deals", "default").results}


def test_oauth_tokens_of_the_client(portal: ServedPortal) -> None:
    apps = portal.portal.apps
    client: Any = HubSpot(host=portal.url)
    code = apps.issue_code(apps.grant(portal.portal.admin.user_id, ["oauth"], "http://localhost/back"))
    known = {"client_id": apps.client.client_id, "client_secret": apps.client.secret}
    first = client.oauth.tokens_api.create(
        grant_type="authorization_code", code=code, redirect_uri="http://localhost/back", **known
    )
    second = client.oauth.tokens_api.create(grant_type="refresh_token", refresh_token=first.refresh_token, **known)
    assert second.access_token != first.access_token
    info = client.oauth.access_tokens_api.get(second.access_token)
    assert (info.user, info.hub_id, info.scopes) == ("admin@example.com", portal.portal.portal_id, ["oauth"])
