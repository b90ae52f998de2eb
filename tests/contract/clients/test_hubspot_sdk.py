"""Every reply of the sandbox's HubSpot face through HubSpot's newest client, which refuses what is not as specified."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hubspot_sdk import APIStatusError, HubSpot

from connectors.sandbox.background import ServedPortal


@pytest.fixture(scope="module")
def sdk(portal: ServedPortal) -> Iterator[HubSpot]:
    """It speaks the dated paths."""
    with HubSpot(
        access_token=portal.facts["access_token"], base_url=portal.url, max_retries=0, _strict_response_validation=True
    ) as client:
        yield client


def test_records_pass_strict_validation(sdk: HubSpot) -> None:
    companies = sdk.crm.objects.companies
    made = companies.create(associations=[], properties={"name": "Strict", "domain": "strict.example"})
    read = companies.get(made.id, properties=["name"], properties_with_history=["name"])
    assert read.properties_with_history is not None
    assert [entry.value for entry in read.properties_with_history["name"]] == ["Strict"]
    assert companies.update(made.id, properties={"name": "Stricter"}).properties["name"] == "Stricter"
    batch = companies.batch.create(
        inputs=[{"properties": {"name": f"Many {number}", "domain": "m"}, "associations": []} for number in range(3)]
    )
    ids = [each.id for each in batch.results]
    companies.batch.update(inputs=[{"id": each, "properties": {"city": "Turku"}} for each in ids])
    again = companies.batch.get(inputs=[{"id": each} for each in ids], properties=["city"], properties_with_history=[])
    assert [each.properties["city"] for each in again.results] == ["Turku"] * 3
    assert [each.id for each in companies.list(limit=2)] == [made.id, *ids]  # page by page
    found: Any = companies.search(
        filter_groups=[{"filters": [{"property_name": "city", "operator": "EQ", "value": "turku"}]}],
        after="0", limit=2, properties=["city"], sorts=["hs_object_id"],
    )  # fmt: skip
    assert (found.total, [each.id for each in found.results]) == (3, ids[:2])
    merged = companies.merge(primary_object_id=ids[0], object_id_to_merge=ids[1])
    assert merged.id not in ids
    assert companies.get(ids[1]).id == merged.id
    companies.batch.delete(inputs=[{"id": merged.id}, {"id": ids[2]}])
    companies.delete(made.id)
    assert list(companies.list()) == []
    gone = companies.list(archived=True)
    assert [each.id for each in gone] == [made.id, ids[2], merged.id]


def test_upserts_go_by_a_unique_property(sdk: HubSpot) -> None:
    people: list[Any] = [
        {"id": f"p{number}@example.com", "id_property": "email", "properties": {"firstname": "P", "lastname": "Q"}}
        for number in range(2)
    ]
    contacts = sdk.crm.objects.contacts
    first = contacts.batch.upsert(inputs=people[:1])
    both = contacts.batch.upsert(inputs=people)
    assert [each.new for each in first.results] == [True]
    assert [each.new for each in both.results] == [False, True]
    with pytest.raises(APIStatusError) as caught:
        contacts.create(associations=[], properties={"email": "P1@example.com"})
    assert caught.value.status_code == 409


def test_definitions_pass_strict_validation(sdk: HubSpot) -> None:
    group = sdk.crm.properties.groups.create("companies", name="value", label="Value", display_order=1)
    assert group.name in [each.name for each in sdk.crm.properties.groups.list("companies").results]
    options: Any = [{"label": "Grow", "value": "grow", "hidden": False, "display_order": 0}]
    made = sdk.crm.properties.create(
        "companies", name="plan", label="Plan", type="enumeration", field_type="select", group_name="value",
        options=options,
    )  # fmt: skip
    assert [each.value for each in made.options] == ["grow"]
    kept: Any = [{"label": "Keep", "value": "keep", "hidden": False, "display_order": 0}]
    changed = sdk.crm.properties.update("plan", object_type="companies", options=kept)
    assert [each.value for each in changed.options] == ["keep"]  # the whole list is replaced
    assert len(sdk.crm.properties.list("companies").results) > 20
    batch = sdk.crm.properties.batch.get(
        "companies", archived=False, data_sensitivity="non_sensitive", inputs=[{"name": "plan"}, {"name": "name"}]
    )
    assert [each.name for each in batch.results] == ["plan", "name"]
    sdk.crm.properties.delete("plan", object_type="companies")
    sdk.crm.properties.groups.delete("value", object_type="companies")
    pipelines = sdk.crm.pipelines.list("deals").results
    assert [each.id for each in pipelines] == ["default"]
    stage: Any = {"label": "Pilot", "display_order": 0, "metadata": {"probability": "0.5"}}
    second = sdk.crm.pipelines.create("deals", label="Projects", display_order=1, stages=[stage])
    assert sdk.crm.pipelines.get(second.id, object_type="deals").stages[0].metadata["isClosed"] == "false"


def test_schemas_stages_and_labels_pass_strict_validation(sdk: HubSpot) -> None:
    assert sdk.crm.object_schemas.list(archived=False).results == []
    schema = sdk.crm.object_schemas.get("deals")
    assert schema.object_type_id == "0-3"
    assert "amount" in {each.name for each in schema.properties}
    other: Any = {"label": "Second", "display_order": 1, "metadata": {"probability": "0.6"}}
    stage: Any = {"label": "Only", "display_order": 0, "metadata": {"probability": "0.4"}}
    made = sdk.crm.pipelines.create("deals", label="Short", display_order=2, stages=[stage, other])
    first = made.stages[0].id
    at: Any = {"object_type": "deals", "pipeline_id": made.id}
    assert sdk.crm.pipelines.update_stage(first, **at, label="Renamed", metadata={}).label == "Renamed"
    sdk.crm.pipelines.delete_stage(first, **at)
    assert [each.label for each in sdk.crm.pipelines.list_stages(made.id, object_type="deals").results] == ["Second"]
    sdk.crm.pipelines.delete(made.id, object_type="deals")
    labels = sdk.crm.associations_schema.labels
    between: Any = {"from_object_type": "contacts", "to_object_type": "companies"}
    (there, _) = labels.create_label("companies", from_object_type="contacts", name="boss", label="Boss").results
    labels.update_label(**between, association_type_id=there.type_id, label="Chief")
    listed = labels.list_labels("companies", from_object_type="contacts").results
    assert "Chief" in {each.label for each in listed}
    labels.delete_label(there.type_id, **between)


def test_people_account_and_associations_pass_strict_validation(portal: ServedPortal, sdk: HubSpot) -> None:
    (owner,) = sdk.crm.owners.list(email="admin@example.com")
    assert sdk.crm.owners.get(int(owner.id), archived=False, id_property="id").user_id == owner.user_id
    company = sdk.crm.objects.companies.create(associations=[], properties={"name": "C", "domain": "c"})
    to: Any = {
        "to": {"id": company.id},
        "types": [{"association_category": "HUBSPOT_DEFINED", "association_type_id": 5}],
    }
    values = {"dealname": "D", "amount": "1", "closedate": "2026-01-01"}
    deal = sdk.crm.objects.deals.create(associations=[to], properties=values)
    found = sdk.crm.associations.batch.get("companies", from_object_type="deals", inputs=[{"id": deal.id}])
    assert [(each.from_.id, each.to[0].to_object_id) for each in found.results] == [(deal.id, company.id)]
    assert [each.label for each in found.results[0].to[0].association_types] == ["Primary", None]
    labels = sdk.crm.associations_schema.labels.list_labels("companies", from_object_type="deals").results
    assert {(each.type_id, each.label) for each in labels} == {(341, None), (5, "Primary")}
    details = sdk.account.get()
    assert details.portal_id == portal.portal.portal_id
    assert sdk.settings.currencies.get_company_currency().id == details.company_currency == "EUR"
    (user,) = sdk.settings.users.list()
    assert (user.email, user.super_admin) == ("admin@example.com", True)
    (usage,) = sdk.account.get_daily_private_apps_usage().results
    assert 0 < usage.current_usage < usage.usage_limit


def test_tokens_pass_strict_validation(portal: ServedPortal, sdk: HubSpot) -> None:
    apps = portal.portal.apps
    client: Any = {"client_id": apps.client.client_id, "client_secret": apps.client.secret}
    grant = apps.grant(portal.portal.admin.user_id, ["oauth", "crm.objects.companies.read"])
    refresh = apps.issue_refresh(grant)
    token = sdk.auth.oauth.create_token(grant_type="refresh_token", refresh_token=refresh, **client)
    with HubSpot(access_token=token.access_token, base_url=portal.url, max_retries=0) as other:
        assert other.crm.objects.companies.list(limit=1) is not None
        with pytest.raises(APIStatusError) as caught:
            other.crm.objects.deals.list()
    assert caught.value.status_code == 403
