"""`tierline scenario` on an org after its first run: what it says, and that nothing is written."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from admin.cli.main import app
from sync.models import Change, Run
from tests.sync.stage import Stage


def test_a_scenario_of_the_command_line_says_cost_moves_and_names(after_run: Stage) -> None:
    def tierline(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["scenario", *words], env={"COLUMNS": "300"})
        return result.exit_code, str(result.output)

    before = (Run.objects.count(), Change.objects.count())
    code, text = tierline("--rate", "sales=28", "--json")
    found = json.loads(text.splitlines()[-1])
    assert code == 0
    assert found["cost"][1] > found["cost"][0] > 0
    assert sum(move["customers"] for move in found["moves"]) > 0
    assert found["accounts"][0]["tier"][0] != found["accounts"][0]["tier"][1]
    assert "Most affected:" in tierline("--rate", "sales=28")[1]
    assert tierline("--rate", "servce=1")[0] == tierline("--rate", "sales")[0] == 2
    assert (Run.objects.count(), Change.objects.count()) == before
