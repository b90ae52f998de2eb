"""Mandatory in stages: told first, refused by the CRM only once enough is filled, and off again with one command."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from typer.testing import CliRunner

from admin import schema
from admin.cli.main import app
from sync.models import AccountState, Finding
from sync.quality import rollout
from tests.sync.stage import Stage


def publish(stage: Stage, folder: Path, *, stage_name: str = "required", backfill: float = 0.5) -> None:
    stage.publish(
        ("      stage: warn\n", f"      stage: {stage_name}\n"),
        ("      values: [segment, sub_segment, value_profile]\n", "      values: [segment]\n"),
        ("  backfill: 0.95\n", f"  backfill: {backfill}\n"),
        folder=folder,
    )


def install(stage: Stage) -> dict[str, str]:
    """Apply the schema plan; returns what it said about our rules."""
    plan = schema.plan(stage.connection)
    schema.apply(stage.connection, plan)
    return {
        step.target.removeprefix("Validation rule "): f"{step.sign} {step.detail}" for step in plan.steps if step.rule
    }


def seller(stage: Stage) -> str:
    """Somebody without the bypass."""
    ours = stage.connection.identity["user_id"]
    return str(stage.query(f"SELECT Id FROM User WHERE IsActive = true AND Id != '{ours}' LIMIT 1")[0]["Id"])


def save(stage: Stage, row: dict[str, Any]) -> str:
    """The code with which the CRM refuses a person's save, "" when it takes it."""
    act = stage.org.update if "Id" in row else stage.org.insert
    outcome = act("Account", [row], user_id=seller(stage))[0]
    return "" if outcome.success else outcome.errors[0].status_code


@pytest.fixture
def stage(after_run: Stage) -> Stage:
    return after_run


@pytest.fixture
def empty_customer(stage: Stage) -> str:
    state = AccountState.objects.filter(in_scope=True).first()
    assert state is not None
    stage.org.update("Account", [{"Id": state.record_id, "Tierline_Segment__c": None, "Tierline_Sub_Segment__c": None}])
    return state.record_id


def test_the_rollout_says_whose_accounts_lack_a_value_and_when_it_may_begin(
    stage: Stage, empty_customer: str, tmp_path: Path
) -> None:
    publish(stage, tmp_path, backfill=1.0)
    stage.run()
    state = AccountState.objects.get(record_id=empty_customer)
    if state.current.get("segment"):  # filled in again by the run
        AccountState.objects.filter(pk=state.pk).update(current={**state.current, "segment": None})
    (found,) = rollout.progress(stage.connection)
    lacking = [each for each in AccountState.objects.filter(in_scope=True) if not each.current.get("segment")]
    assert (found.missing, found.accounts) == (len(lacking), AccountState.objects.filter(in_scope=True).count())
    assert found.short == found.missing >= 1
    assert sum(owner.missing for owner in found.owners) == found.missing
    assert "the pace is known after four weeks" in found.may_begin

    opened = timezone.now() - timedelta(days=40)
    fields: dict[str, Any] = {
        "connection": stage.connection, "rule": "missing", "kind": "account", "field": "segment",
        "due_on": opened.date(), "severity": "medium", "record_name": "", "message": "", "fix": "",
    }  # fmt: skip
    for number in range(8):
        done = {"state": "resolved", "resolved_at": timezone.now() - timedelta(days=2)}
        made = Finding.objects.create(record_id=f"X{number}", **fields, **done)
        Finding.objects.filter(pk=made.pk).update(opened_at=opened)
    (later,) = rollout.progress(stage.connection)
    assert later.pace is not None
    assert later.reached_on is not None
    assert f"about {later.reached_on} at the pace of the last four weeks" in later.may_begin
    result = CliRunner().invoke(app, ["schema", "rollout", str(stage.connection)], env={"COLUMNS": "300"})
    assert f"{later.short:,} more account" in result.output
    assert found.owners[0].name in result.output


def test_the_crm_refuses_on_create_and_on_chosen_changes_only(
    stage: Stage, empty_customer: str, tmp_path: Path
) -> None:
    publish(stage, tmp_path)
    said = install(stage)
    assert said["Account.Tierline_customers"].startswith("+")
    assert "active" in said["Account.Tierline_customers"]
    assert "inactive" not in said["Account.Tierline_customers"]
    refused = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    assert save(stage, {"Name": "New", "Type": "Customer - Direct"}) == refused
    assert save(stage, {"Name": "New", "Type": "Customer - Direct", "Tierline_Segment__c": "energy"}) == ""
    assert save(stage, {"Name": "New", "Type": "Competitor"}) == ""
    assert save(stage, {"Id": empty_customer, "Rating": "Hot"}) == ""
    held = stage.query(f"SELECT Type FROM Account WHERE Id = '{empty_customer}'")[0]["Type"]
    other = "Customer - Channel" if held == "Customer - Direct" else "Customer - Direct"
    assert save(stage, {"Id": empty_customer, "Type": other}) == refused
    assert schema.plan(stage.connection).changes == ()


def test_our_own_writes_go_past_the_rule(stage: Stage, empty_customer: str, tmp_path: Path) -> None:
    publish(stage, tmp_path)
    install(stage)
    ours = stage.connection.identity["user_id"]
    outcome = stage.org.insert("Account", [{"Name": "Ours", "Type": "Customer - Direct"}], user_id=ours)
    assert outcome[0].success


def test_too_few_filled_accounts_keep_the_rule_off(stage: Stage, tmp_path: Path) -> None:
    publish(stage, tmp_path, backfill=1.0)
    said = install(stage)["Account.Tierline_customers"]
    assert "inactive; " in said
    assert "accounts in scope have the values, the model asks for 100% first" in said
    assert save(stage, {"Name": "New", "Type": "Customer - Direct"}) == ""


def test_one_command_switches_it_off_and_back(stage: Stage, empty_customer: str, tmp_path: Path) -> None:
    publish(stage, tmp_path)
    install(stage)
    schema.switch_mandatory(stage.connection, on=False)
    assert save(stage, {"Name": "New", "Type": "Customer - Direct"}) == ""
    assert schema.plan(stage.connection).changes == ()
    schema.switch_mandatory(stage.connection, on=True)
    assert save(stage, {"Name": "New", "Type": "Customer - Direct"}) != ""


def test_back_to_warn_switches_the_rule_off(stage: Stage, empty_customer: str, tmp_path: Path) -> None:
    publish(stage, tmp_path)
    install(stage)
    publish(stage, tmp_path, stage_name="warn")
    assert "becomes inactive; the model has it at stage warn" in install(stage)["Account.Tierline_customers"]
    assert save(stage, {"Name": "New", "Type": "Customer - Direct"}) == ""


def test_a_deal_of_such_an_account_cannot_be_won(stage: Stage, empty_customer: str, tmp_path: Path) -> None:
    publish(stage, tmp_path)
    install(stage)
    deal = {"Name": "Deal", "AccountId": empty_customer, "StageName": "Prospecting", "CloseDate": "2027-01-01"}
    made = stage.org.insert("Opportunity", [deal], user_id=seller(stage))[0]
    assert made.success
    won = stage.org.update("Opportunity", [{"Id": made.id, "StageName": "Closed Won"}], user_id=seller(stage))[0]
    assert won.errors[0].status_code == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    assert "Segment" in won.errors[0].message
    renamed = stage.org.update("Opportunity", [{"Id": made.id, "Name": "Deal 2"}], user_id=seller(stage))[0]
    assert renamed.success
