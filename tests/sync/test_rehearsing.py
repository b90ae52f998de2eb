"""`tierline model diff` on an org after its first run: what another model would do, and that nothing is written."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from admin.cli.main import app
from scoring import presets
from sync.models import Change, PublishedModel, Run
from tests.sync.stage import Stage


def test_another_model_says_who_would_move_and_what_people_would_hear(after_run: Stage, tmp_path: Path) -> None:
    def diff(text: str, *words: str, periods: int = 0) -> tuple[int, str]:
        (tmp_path / "other.yaml").write_text(text)
        words = ("model", "diff", str(tmp_path / "other.yaml"), "--periods", str(periods), *words)
        result = CliRunner().invoke(app, [*words], env={"COLUMNS": "300"})
        return result.exit_code, str(result.output)

    def count() -> tuple[int, ...]:
        return tuple(model.objects.count() for model in (Run, Change, PublishedModel))

    before, text = count(), presets.text("default")
    code, told = diff(text, periods=1)
    assert code == 0
    assert "The file says what is in force already." in told
    assert "0 of" in told
    assert "Tier churn" in told

    other = text.replace("basis: auto", "basis: revenue")
    found = json.loads(diff(other, "--json")[1].splitlines()[-1])
    assert sorted(found["sections"]) == ["value"]
    assert found["values"] == {"segment": [], "sub_segment": [], "value_profile": []}
    assert found["tiers"]["moving"] == sum(count for *_, count in found["tiers"]["pairs"]) > 0
    told = diff(other)[1]
    assert "customers would move" in told
    assert "Other sections than in force:" in told

    mapped = other.replace("order: {freight: Freight__c,", "order: {currency: Coin__c, freight: Freight__c,")
    assert "No run has read order: Coin__c yet" in diff(mapped)[1]
    assert count() == before
