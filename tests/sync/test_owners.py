"""Owners in a model and people who are away: who hears of what, how it is explained, and how alerts move."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from typer.testing import CliRunner

from admin.cli.main import app
from scoring.model.errors import ModelError
from sync.models import Alert, Finding
from tests.scoring.frames import default
from tests.sync.stage import Stage


def tierline(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["owners", *words], env={"COLUMNS": "300"})
    return result.exit_code, str(result.output)


def read(*words: str) -> Any:
    return json.loads(tierline(*words, "--json")[1].splitlines()[-1])


def test_a_finding_goes_where_the_model_and_absences_say_and_moves_when_they_change(
    after_run: Stage, tmp_path: Path
) -> None:
    finding = Finding.objects.filter(state="open", field="value_profile", kind="account").exclude(alert=None)[0]
    users = after_run.query("SELECT Id, Email FROM User WHERE IsActive = true ORDER BY Email")
    taken = finding.owner_record_id
    keeper, stand_in = [row["Email"].lower() for row in users if row["Id"] != taken and row["Email"]][:2]
    owners = f"\nowners:\n  - {{fields: [value_profile], to: {keeper}}}\n"
    after_run.publish(("\nrisk:\n", f"{owners}risk:\n"), folder=tmp_path)
    after_run.run()

    finding.refresh_from_db()
    assert finding.alert is not None
    assert finding.alert.owner.email.lower() == keeper
    assert "You answer for value profile of all accounts" in finding.alert.routed_because
    assert not Alert.objects.filter(state="open").exclude(findings__state="open").exists()
    about = {each["about"]: each for each in read("explain", finding.account_id)}
    assert about["value_profile"]["email"].lower() == keeper
    assert about["value_profile"]["finding"] == finding.message
    assert about["segment"]["because"] == "You own the record in the CRM."

    until = f"{timezone.localdate() + timedelta(days=3650)}"
    assert tierline("away", keeper, "--delegate", "nobody@example.com", "--until", until)[0] == 2
    tierline("away", keeper, "--delegate", stand_in, "--since", "2026-01-01", "--until", until)
    about = {each["about"]: each for each in read("explain", finding.account_id)}
    assert about["value_profile"]["email"].lower() == stand_in
    assert "You stand in for" in about["value_profile"]["because"]
    assert read("list")["absences"][0]["delegate"] == stand_in
    assert "is back" in tierline("back", keeper)[1]
    assert tierline("back", keeper)[0] == 2


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"segments": ["enrgy"], "to": "manager"}, "is no segment"),
        ({"where": {"contry": ["FI"]}, "to": "manager"}, "Did you mean `country`"),
        ({"rules": ["missng"], "to": "manager"}, "Did you mean `missing`"),
        ({"to": "somebody"}, "account_owner, manager or territory"),
        ({"to": "manager", "role": "Owner"}, "`role` belongs to `to: territory`"),
    ],
)
def test_a_rule_that_leads_nowhere_is_refused(rule: dict[str, Any], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        default(owners=[rule])
