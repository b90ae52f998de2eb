"""Tiers per business unit in runs: beside the company's, published, explained, the same for few as for all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from typer.testing import CliRunner

from admin import schema
from admin.cli.main import app
from connectors.sandbox.org.schema import FieldDef
from scoring import calibration
from sync import outputs, starting
from sync.governance import calibrations
from sync.models import AccountState, Run
from sync.scores import baseline, evaluate, latest, side_tiers, unit_tiers
from sync.writing import undoing
from tests.sync.stage import TODAY, Stage

MAPPED = ("order: {freight: Freight__c, ", "order: {business_unit: Unit__c, freight: Freight__c, ")
UNITS = (
    "\ngroups: ",
    "\nbusiness_units:\n  publish: true\n  units:\n    - {key: industrial, label: Industrial}\n"
    "    - {key: medical, label: Medical, values: [MED]}\ngroups: ",
)
DETAIL = ("\nguard: ", "\ndetail: {enabled: true}\nguard: ")
FIELDS = {unit: f"Tierline_Unit_{unit.capitalize()}_Tier__c" for unit in ("industrial", "medical")}


@pytest.fixture
def two_units(after_run: Stage, tmp_path: Path) -> Stage:
    """A company whose orders are Industrial's, MED's, or nobody's, with the fields of both units installed."""
    after_run.org.save_field("Order", FieldDef("Unit__c", "Unit", "string", length=20, custom=True))
    orders = after_run.query("SELECT Id FROM Order ORDER BY Id")
    after_run.org.update(
        "Order",
        [{"Id": row["Id"], "Unit__c": ("Industrial", "MED", None)[n % 3]} for n, row in enumerate(orders)],
    )
    after_run.publish(MAPPED, UNITS, DETAIL, folder=tmp_path)
    schema.apply(after_run.connection, schema.plan(after_run.connection))
    return after_run


def scores(stage: Stage) -> dict[str, dict[str, Any]]:
    names = [f"unit_{unit}_{name}" for unit in FIELDS for name in ("tier", "reason", "tier_since", "revenue")]
    found = latest.read(stage.portfolio.pk, ["account_id", "tier", "revenue", *names]).astype(object)
    rows: list[Any] = found.where(found.notna(), None).to_dict("records")
    return {row["account_id"]: row for row in rows}


def done(run: Run) -> Run:
    assert run.state == Run.State.DONE, run.error or run.notice
    return run


def in_crm(stage: Stage) -> dict[str, tuple[str | None, ...]]:
    rows = stage.query(f"SELECT Id, {', '.join(FIELDS.values())} FROM Account")
    return {row["Id"]: tuple(row[name] for name in FIELDS.values()) for row in rows}


def test_every_unit_tiers_the_accounts_it_sells_to_and_says_why(two_units: Stage, client: Client) -> None:
    run = done(two_units.run())
    told = scores(two_units)
    fitted = calibration.Calibration.from_json(run.calibration.payload) if run.calibration else None
    assert fitted is not None
    assert set(fitted.units) == set(FIELDS)
    for unit in FIELDS:
        mine = [row for row in told.values() if row[f"unit_{unit}_tier"]]
        assert len(mine) == fitted.units[unit].customers > 10
        assert len({row[f"unit_{unit}_tier"] for row in mine}) > 1
        assert all(row[f"unit_{unit}_reason"] and row["tier"] for row in mine)
    assert any(row["unit_industrial_tier"] not in (row["tier"], None) for row in told.values())
    assert all((row["unit_medical_revenue"] or 0) <= row["revenue"] for row in told.values())
    published = in_crm(two_units)
    assert published == {each: tuple(told[each][f"unit_{unit}_tier"] for unit in FIELDS) for each in published}

    one = next(each for each, row in told.items() if row["unit_medical_tier"] and row["unit_industrial_tier"])
    state = AccountState.objects.get(record_id=one)
    client.force_login(User.objects.create_user("anna", is_staff=True, is_superuser=True))
    page = client.get(reverse("account", args=[state.pk])).content.decode()
    assert "Tier by business unit" in page
    assert told[one]["unit_medical_reason"].split(".")[0] in page
    (detail,) = two_units.query(
        f"SELECT Tierline_Other_Tiers__c FROM Tierline_Detail__c WHERE Tierline_Account__c = '{one}'"
    )
    assert [line.split(":")[0] for line in detail["Tierline_Other_Tiers__c"].splitlines()] == ["Industrial", "Medical"]


def test_an_order_that_changes_hands_moves_both_units_and_few_accounts_give_what_all_give(two_units: Stage) -> None:
    done(two_units.run())
    before = scores(two_units)
    (order,) = two_units.query("SELECT Id, AccountId FROM Order WHERE Unit__c = 'Industrial' ORDER BY Id DESC LIMIT 1")
    two_units.org.update("Order", [{"Id": order["Id"], "Unit__c": "MED"}])
    batch = two_units.work(starting.create(two_units.portfolio, "test", today=TODAY, kind=Run.Kind.INCREMENTAL))
    assert done(batch).counts["whole"] is False
    after, published = scores(two_units), in_crm(two_units)
    one = order["AccountId"]
    assert after[one]["revenue"] == before[one]["revenue"]
    assert (after[one]["unit_medical_revenue"] or 0) >= (before[one]["unit_medical_revenue"] or 0)
    assert done(two_units.run()).counts["records_planned"] == 0
    assert (scores(two_units), in_crm(two_units)) == (after, published)


def test_comparing_models_and_calibrations_tells_of_units_and_groups_too(two_units: Stage, tmp_path: Path) -> None:
    run = done(two_units.run())
    model, day = outputs.model(run.model), evaluate.as_of(run)
    assert run.calibration is not None
    fitted = calibration.Calibration.from_json(run.calibration.payload)
    frame = baseline.figures(run, model, day)
    parts = unit_tiers.figures(run, model, day, frame, some=False)
    told = scores(two_units)
    sides = side_tiers.of(run, day, model, fitted, frame, parts)
    for unit in ("Industrial", "Medical"):
        mine = {
            each: row[f"unit_{unit.lower()}_tier"] for each, row in told.items() if row[f"unit_{unit.lower()}_tier"]
        }
        assert sides[f"Business unit {unit}"] == mine

    medical = fitted.units["medical"]
    at = {axis: tuple(cut + 5 for cut in cuts) for axis, cuts in medical.cuts.at.items()}
    stricter = replace(fitted, units={**fitted.units, "medical": replace(medical, cuts=replace(medical.cuts, at=at))})
    found = calibrations.compare(frame, parts, model, fitted, stricter, run, {})
    assert found["moves"] == {}
    industrial, other = found["beside"]
    assert industrial["moves"] == {}
    assert sum(other["moves"].values()) == len(other["accounts"]) > 0

    text = run.model.text.replace("    - {key: medical, label: Medical, values: [MED]}\n", "")
    assert text != run.model.text
    text = text.replace("groups: {enabled: false}", "groups: {enabled: true}")
    (tmp_path / "other.yaml").write_text(text)
    words = ["model", "diff", str(tmp_path / "other.yaml"), "--periods", "0"]
    said = CliRunner().invoke(app, words, env={"COLUMNS": "300"}).output
    customers = sum(row["unit_medical_tier"] is not None for row in told.values())
    assert f"Business unit Medical: It is gone: {customers} lose their tier in it." in said
    assert "Business unit Industrial: 0 of" in said
    assert "Groups: It is new:" in said


def test_a_unit_taken_out_of_the_model_leaves_no_stale_tiers_and_undo_brings_them_back(
    two_units: Stage, tmp_path: Path
) -> None:
    done(two_units.run())
    before = in_crm(two_units)
    mine = sorted(each for each, (_, medical) in before.items() if medical)
    one, other = mine[0], "silver" if before[mine[0]][1] != "silver" else "gold"
    two_units.org.update("Account", [{"Id": one, FIELDS["medical"]: other}])

    without = UNITS[1].replace("    - {key: medical, label: Medical, values: [MED]}\n", "")
    two_units.publish(MAPPED, (UNITS[0], without), DETAIL, folder=tmp_path)
    planned = schema.plan(two_units.connection)
    assert not planned.changes, "the field is neither made again nor taken away"
    (note,) = [each for each in planned.notes if "no longer fed" in each]
    assert note.startswith(f"Medical tier ({FIELDS['medical']}) is no longer fed")
    assert f"Accounts with a value in it: {len(mine)}." in note

    run = done(two_units.run())
    after = in_crm(two_units)
    assert {each: medical for each, (_, medical) in after.items() if medical} == {one: other}, "a person's stays"
    assert {each: unit for each, (unit, _) in after.items()} == {each: unit for each, (unit, _) in before.items()}
    assert done(two_units.run()).counts["records_planned"] == 0
    back = two_units.work(undoing.create(run, "Anna", fields=undoing.field_names(run, ["unit_medical_tier"])))
    assert done(back)
    undone = {each: other if each == one else medical for each, (_, medical) in before.items()}
    assert {each: medical for each, (_, medical) in in_crm(two_units).items()} == undone
    assert done(two_units.run()).counts["records_planned"] == 0, "what was undone stays"

    connection = two_units.connection
    removal = schema.plan_removal(connection, delete_data=True, left=True)
    assert 0 < len(removal.changes) <= 2
    schema.remove(connection, removal)
    fields = two_units.org.object("Account").fields
    assert FIELDS["medical"] not in fields
    assert FIELDS["industrial"] in fields
    assert not any("no longer fed" in each for each in schema.plan(two_units.connection).notes)
    done(two_units.run())


def test_a_left_field_that_somebody_deleted_is_not_missed(two_units: Stage, tmp_path: Path) -> None:
    done(two_units.run())
    two_units.publish(MAPPED, DETAIL, folder=tmp_path)
    published = two_units.portfolio.model_in_force()
    assert published is not None
    assert set(outputs.layout(published, two_units.connection).left) == {"unit_industrial_tier", "unit_medical_tier"}
    two_units.org.delete_field("Account", FIELDS["medical"])
    done(two_units.run())
    assert not any(FIELDS["medical"] in part for part in two_units.connection.installed)
    assert two_units.query(f"SELECT Id FROM Account WHERE {FIELDS['industrial']} != null") == []
