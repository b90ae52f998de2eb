"""Owners by sales territory: read from the org, noticed when they change, and passed over where nobody is named."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from admin.cli.main import app
from connectors.sandbox.org import territories
from sync import mirror
from sync.models import Alert, Finding, Run
from tests.sync.stage import TODAY, Stage

OWNERS = "\nowners:\n  - {to: territory, role: Sales Rep}\n"


class Sales:
    """An org in which every account is in a territory whose sales rep owns none of them."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self.stage, self.org = stage, stage.org
        territories.enable(self.org)
        users = stage.query("SELECT Id, Email FROM User WHERE IsActive = true ORDER BY Id")
        self.rep, self.other = (row for row in users[-2:])
        (model,) = self.insert("Territory2Model", {"Name": "Now", "DeveloperName": "Now", "State": "Active"})
        (old,) = self.insert("Territory2Model", {"Name": "Old", "DeveloperName": "Old", "State": "Archived"})
        self.nordics, self.past = self.insert(
            "Territory2",
            {"Name": "Nordics", "DeveloperName": "Nordics", "Territory2ModelId": model},
            {"Name": "Past", "DeveloperName": "Past", "Territory2ModelId": old},
        )
        self.insert("UserTerritory2Association", self.place(self.past, self.other["Id"]))
        (self.assigned,) = self.insert("UserTerritory2Association", self.place(self.nordics, self.rep["Id"]))
        self.accounts = [row["Id"] for row in stage.query("SELECT Id FROM Account ORDER BY Id")]
        for territory in (self.past, self.nordics):
            rows = [{"ObjectId": each, "Territory2Id": territory} for each in self.accounts]
            self.insert("ObjectTerritory2Association", *rows)
        stage.publish(("\nrisk:\n", f"{OWNERS}risk:\n"), folder=folder)

    @staticmethod
    def place(territory: str, user: str, role: str = "Sales Rep") -> dict[str, str]:
        return {"Territory2Id": territory, "UserId": user, "RoleInTerritory2": role}

    def insert(self, name: str, *rows: dict[str, Any]) -> list[str]:
        made = self.org.insert(name, rows, all_or_none=True)
        return [str(row.id) for row in made]

    def open(self) -> list[Finding]:
        found = Finding.objects.filter(state="open", kind="account").exclude(alert=None).select_related("alert__owner")
        return list(found.order_by("pk"))

    def whose(self) -> set[str]:
        return {finding.alert.owner.record_id for finding in self.open() if finding.alert is not None}

    def incremental(self) -> Run:
        run = self.stage.start()
        Run.objects.filter(pk=run.pk).update(kind=Run.Kind.INCREMENTAL)
        run = self.stage.work(Run.objects.get(pk=run.pk))
        assert run.state == Run.State.DONE, run.error
        return run


@pytest.fixture
def sales(after_run: Stage, tmp_path: Path) -> Sales:
    made = Sales(after_run, tmp_path)
    run = after_run.run()
    assert run.state == Run.State.DONE, run.error
    return made


def explain(account: str) -> list[dict[str, str]]:
    result = CliRunner().invoke(app, ["owners", "explain", account, "--json"], env={"COLUMNS": "300"})
    found: list[dict[str, str]] = json.loads(str(result.output).splitlines()[-1])
    return found


def test_findings_go_to_whoever_has_the_role_in_the_territory(sales: Sales) -> None:
    assert sales.whose() == {sales.rep["Id"]}
    told = Alert.objects.filter(state="open", owner__record_id=sales.rep["Id"]).latest("pk").routed_because
    assert told == (
        "You answer for the territory Nordics as Sales Rep, to which the account is assigned in the CRM "
        "(rule 1 of the model's owners)."
    )
    assert {each["email"] for each in explain(sales.accounts[0])} == {sales.rep["Email"]}


def test_a_person_who_is_taken_out_and_an_account_that_is_moved_are_noticed_by_an_incremental_run(
    sales: Sales,
) -> None:
    sales.insert("UserTerritory2Association", sales.place(sales.nordics, sales.other["Id"]))
    assert sales.org.delete("UserTerritory2Association", [sales.assigned])[0].success
    run = sales.incremental()
    assert sales.whose() == {sales.other["Id"]}
    assert (run.counts["whole"], run.counts["accounts_in_scope"]) == (False, 0), "no score depends on territories"

    first = sales.open()[0]
    where = f"ObjectId = '{first.account_id}' AND Territory2Id = '{sales.nordics}'"
    (row,) = sales.stage.query(f"SELECT Id FROM ObjectTerritory2Association WHERE {where}")
    assert sales.org.delete("ObjectTerritory2Association", [row["Id"]])[0].success
    territories.forget_deleted(sales.org)
    sales.incremental()
    moved = Finding.objects.get(pk=first.pk)
    assert moved.alert is not None
    assert moved.alert.owner.record_id != sales.other["Id"]
    assert (
        "(No territory of the account names anybody as Sales Rep: rule 1 of the model's owners was passed over.)"
        in {each["because"][each["because"].index("(") :] for each in explain(first.account_id)}
    )
    with mirror.reading(sales.stage.portfolio.pk, "territory_account") as tables:
        assert tables["territory_account"].count().execute() == 2 * len(sales.accounts) - 1


def test_a_user_who_leaves_and_a_model_that_is_archived_move_alerts(sales: Sales) -> None:
    (gone,) = sales.org.update("User", [{"Id": sales.rep["Id"], "IsActive": False}])
    assert gone.success, gone.errors
    sales.incremental()
    assert sales.rep["Id"] not in sales.whose()
    models = {row["Name"]: row["Id"] for row in sales.stage.query("SELECT Id, Name FROM Territory2Model")}
    states = [{"Id": models["Now"], "State": "Archived"}, {"Id": models["Old"], "State": "Active"}]
    assert all(row.success for row in sales.org.update("Territory2Model", states))
    sales.incremental()
    assert sales.whose() == {sales.other["Id"]}


def test_an_org_without_territories_goes_by_the_next_rule(after_run: Stage, tmp_path: Path) -> None:
    owners = "\nowners:\n  - {to: territory}\n  - {to: ada@example.com}\n"
    (found,) = after_run.query("SELECT Id, Email FROM User WHERE IsActive = true ORDER BY Id LIMIT 1")
    after_run.publish(("\nrisk:\n", f"{owners.replace('ada@example.com', found['Email'])}risk:\n"), folder=tmp_path)
    run = after_run.run(TODAY + timedelta(days=1))
    assert run.state == Run.State.DONE, run.error
    owners_now = {each.alert.owner.record_id for each in Finding.objects.filter(state="open") if each.alert}
    assert owners_now == {found["Id"]}
    assert "names anybody: rule 1" in Alert.objects.filter(state="open")[0].routed_because
