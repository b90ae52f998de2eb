"""HubSpot on the command line: the commands of the README against a portal, and what is said before that works."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from admin import portfolios
from admin.cli.main import app
from admin.demo import datasets
from connectors.sandbox.background import ServedPortal, serving_portal
from connectors.sandbox.portal.portal import Portal
from sync import vault
from sync.models import Connection

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[2]
MODEL = Path(datasets.__file__).parent / "crm_sales" / "model.yaml"


@pytest.fixture
def crm(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServedPortal]:
    settings.HOME = tmp_path
    with Portal.open(tmp_path / "portal") as portal, serving_portal(portal) as served:
        monkeypatch.setenv("TIERLINE_ACCESS_TOKEN", served.facts["access_token"])
        monkeypatch.setenv("TIERLINE_CLIENT_SECRET", served.facts["client_secret"])
        yield served


def tierline(command: str) -> Result:
    return CliRunner().invoke(app, shlex.split(command.removeprefix("tierline ")))


def test_the_commands_of_the_readme(crm: ServedPortal) -> None:
    part = (ROOT / "README.md").read_text().split("## If your CRM is HubSpot\n")[1].split("\n## ")[0]
    blocks = re.findall(r"```sh\n(.*?)```", part, re.DOTALL)
    add, test, webhooks, package = [line for block in blocks for line in block.splitlines()]
    crm.portal.set_setting("currency", "USD")
    added = tierline(f"{add} --url {crm.url}")
    assert added.exit_code == 0, added.output
    assert f"({crm.portal.portal_id}) as Admin User" in added.output
    connection = Connection.objects.get()
    assert vault.unseal(connection.credentials) == {"access_token": crm.facts["access_token"]}
    model = crm.portal.home / "model.yaml"
    model.write_text(MODEL.read_text().split("\ncrm:\n")[0])  # no properties of the seller's own
    portfolios.publish(connection.portfolio, model)
    tested = tierline(test)
    assert tested.exit_code == 0, tested.output
    assert "No permission is missing" not in tested.output  # what cannot be listed is said instead
    assert "Workflows cannot be listed" in tested.output
    told = tierline(webhooks)
    assert told.exit_code == 0, told.output
    assert f"/webhooks/hubspot/{connection.pk}" in told.output
    assert "https only" in told.output
    plan = tierline("schema plan portal")
    assert "companies.tierline_tier" in plan.output, plan.output
    assert "Sub-segment > Conditional logic" in plan.output, "what only a person can click is part of the plan"
    assert f"{package};" in plan.output, "also how the card gets there"
    written = tierline(package.replace(" card ", f" {crm.portal.home / 'card'} "))
    assert written.exit_code == 0, written.output
    assert "hs project upload" in written.output
    facts = (crm.portal.home / "card" / "src/app/cards/model.ts").read_text()
    assert "Energy" not in facts, "the published model, not the preset"
    unknown = tierline("schema package card --crm dynamics")
    assert unknown.exit_code == 2
    assert "salesforce or hubspot" in unknown.output
    again = tierline("connection reconnect portal")
    assert again.exit_code == 0, again.output
    assert vault.unseal(Connection.objects.get().credentials)["client_secret"] == crm.facts["client_secret"]


def test_an_app_is_installed_in_a_browser_only_if_it_is_named(crm: ServedPortal) -> None:
    unnamed = tierline("connection add portal --kind hubspot --browser")
    assert unnamed.exit_code == 2
    assert "--client-id" in unnamed.output
    assert tierline("connection add production --url https://acme.my.salesforce.com").exit_code == 2


def test_a_token_with_too_few_scopes_says_which(crm: ServedPortal, monkeypatch: pytest.MonkeyPatch) -> None:
    token = crm.portal.apps.add_private_app(("crm.objects.companies.read", "crm.schemas.companies.read"))
    monkeypatch.setenv("TIERLINE_ACCESS_TOKEN", token)
    added = tierline(f"connection add portal --kind hubspot --url {crm.url}")
    assert added.exit_code == 0, added.output
    tested = tierline("connection test portal --json")
    assert tested.exit_code == 3
    missing = {each["permission"] for each in json.loads(tested.output)["preflight"]["missing"]}
    assert {"crm.objects.companies.write", "crm.objects.deals.read"} <= missing
    assert "crm.objects.companies.read" not in missing
