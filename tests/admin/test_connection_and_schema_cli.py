"""`tierline connection`, `vault` and `schema` as an administrator uses them; data goes only when that is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from admin import portfolios
from admin.cli.main import app
from admin.cli.output import Stop
from connectors.sandbox.background import Served, serving
from connectors.sandbox.org.org import Org
from scoring import presets
from sync.models import Connection, Portfolio

pytestmark = pytest.mark.django_db(transaction=True)
NAME = "Tierline_Tier__c"


@pytest.fixture
def crm(tmp_path: Path, settings: Any) -> Iterator[Served]:
    """A connected org with a published model, nothing installed."""
    settings.HOME = tmp_path
    with Org.open(tmp_path / "org") as org, serving(org) as served:
        portfolio = Portfolio.objects.create(name="test")
        portfolios.add_connection(
            portfolio,
            "production",
            "salesforce",
            {"login_url": served.url, "client_id": served.facts["client_id"]},
            {"client_secret": served.facts["client_secret"]},
        )
        for field in ("Operation_Mode__c", "Business_Model__c"):
            served.request(
                "POST",
                "tooling/sobjects/CustomField/",
                json={"FullName": f"Account.{field}", "Metadata": {"label": field[:-3], "type": "Text", "length": 40}},
            ).raise_for_status()
        portfolios.publish(portfolio, presets.path("default"))
        yield served


def tierline(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, [*words])
    assert result.exit_code == code, result.output
    return str(result.output)


def test_credentials_move_under_a_new_key(crm: Served, settings: Any) -> None:
    older = settings.VAULT_KEYS
    newer = tierline("vault", "new-key").strip()
    settings.VAULT_KEYS = [newer, *older]
    assert "1 connection encrypted" in tierline("vault", "rotate")
    settings.VAULT_KEYS = [newer]
    assert "Tierline Sandbox" in tierline("connection", "test", "production", code=3)
    settings.VAULT_KEYS = older
    assert "cannot be decrypted" in tierline("vault", "rotate", code=1)


def test_the_share_of_the_api_budget_is_told(crm: Served) -> None:
    shown = json.loads(tierline("connection", "test", "production", "--json", code=3).splitlines()[-1])
    assert shown["api_share"] == shown["api_allowed"] // 2
    assert 0 < shown["api_ours"] <= shown["api_used"]


def test_two_crms_of_a_kind_never_share_a_portfolio_nor_two_orgs_a_name(crm: Served) -> None:
    """Else one record id stood for two companies, and each would be written what both are worth."""
    portfolio = Portfolio.objects.get()
    settings = {"login_url": crm.url, "client_id": crm.facts["client_id"]}
    secret = {"client_secret": crm.facts["client_secret"]}
    with pytest.raises(Stop, match="has a CRM of this kind already: 'production'") as stopped:
        portfolios.add_connection(portfolio, "second", "salesforce", settings, secret)
    assert "--portfolio NAME" in stopped.value.next_step
    elsewhere = Portfolio(name="other")
    with pytest.raises(Stop, match="a connection of portfolio test"):
        portfolios.add_connection(elsewhere, "production", "salesforce", settings, secret)
    portfolios.add_connection(elsewhere, "second", "salesforce", settings, secret)

    connection = Connection.objects.get(name="production")
    connection.identity |= {"org_id": "00D000000000099EAA", "org_name": "Acme"}
    connection.save()
    for again in (
        lambda: portfolios.add_connection(portfolio, "production", "salesforce", settings, secret),
        lambda: portfolios.check(connection),
    ):
        with pytest.raises(Stop, match="This is another org"):
            again()
    assert Connection.objects.get(name="production").identity["org_id"] == "00D000000000099EAA"


def test_fields_that_the_model_maps_and_we_may_not_read_are_named(crm: Served) -> None:
    said = tierline("connection", "test", "production", code=3)
    assert "✗ 'Read on field Freight__c' is missing, needed for freight of order records." in said


def test_a_mapped_field_is_looked_for_behind_its_relationship(crm: Served, tmp_path: Path) -> None:
    mapped = "operation_mode: Operation_Mode__c, business_model: Business_Model__c"
    paths = "operation_mode: Owner.Departmnt__c, business_model: Owner.Email, country: Ownr.Email"
    text = presets.text("default").replace(mapped, paths)
    (tmp_path / "model.yaml").write_text(text)
    portfolios.publish(Portfolio.objects.get(), tmp_path / "model.yaml")
    said = tierline("connection", "test", "production", code=3)
    assert "✗ 'Read on field Owner.Departmnt__c' is missing, needed for operation mode of account records." in said
    assert "→ User has no field Departmnt__c that the integration user can see" in said
    assert "Account has no relationship Ownr that the integration user can see; the nearest name is Owner." in said
    assert "Owner.Email" not in said


def test_drift_is_told_before_and_after_installing(crm: Served) -> None:
    assert "the org does not have it" in tierline("schema", "drift", "production", code=3)
    flow = {"name": "Rate", "label": "Rate energy", "object": "Account", "when": "FALSE", "set": {}}
    crm.org.set_setting("automations", [flow])
    assert "flow Rate energy on Account: before save" in tierline("schema", "plan", "production")
    hidden = {"path": "FROM[+%20]+Organization", "action": "status", "status": 503, "times": 0}
    crm.request("POST", "/__sandbox__/faults", json=[hidden]).raise_for_status()
    assert "could not be looked at" in tierline("schema", "plan", "production")
    crm.request("DELETE", "/__sandbox__/faults").raise_for_status()
    assert "flow Rate energy on Account: before save" in tierline("schema", "apply", "production", "--yes")
    assert "has every field and value of the model" in tierline("schema", "drift", "production")
    said = tierline("schema", "plan", "production")
    assert said.count("+ ") == 0
    assert "flow Rate energy on Account: before save" in said


def test_removing_keeps_data_unless_it_is_asked_for(crm: Served) -> None:
    before = set(crm.org.object("Account").fields)
    tierline("schema", "apply", "production", "--yes")
    assert "stays" not in tierline("schema", "plan", "production")
    said = tierline("schema", "remove", "production", "--yes")
    assert "PermissionSet Tierline_Integration" in said
    assert "3 components removed" in said
    assert NAME in crm.org.object("Account").fields
    shown = json.loads(tierline("schema", "remove", "production", "--delete-data", "--json").splitlines()[-1])
    assert {step["sign"] for step in shown} == {"-"}
    assert NAME in crm.org.object("Account").fields
    tierline("schema", "remove", "production", "--delete-data", "--yes")
    assert set(crm.org.object("Account").fields) == before
    assert not crm.org.value_sets()
    assert Connection.objects.get().installed == []
    assert "Nothing of ours" in tierline("schema", "remove", "production", "--delete-data", "--yes")


def test_the_card_is_planned_installed_and_removed_with_its_pages(crm: Served) -> None:
    planned = tierline("schema", "plan", "production", "--with-card")
    assert "+ FlexiPage Tierline_Account" in planned
    assert "tierline schema apply production --with-card" in planned
    assert "is for you to activate" in planned
    tierline("schema", "apply", "production", "--with-card", "--yes")
    assert "FlexiPage" not in tierline("schema", "plan", "production", "--with-card")
    assert "FlexiPage Tierline_Account" in Connection.objects.get().installed
    removed = tierline("schema", "remove", "production", "--yes")
    assert "- LightningComponentBundle accountTier" in removed
    assert removed.count("custom labels") == 1
    assert "+ LightningComponentBundle accountTier" in tierline("schema", "plan", "production", "--with-card")
