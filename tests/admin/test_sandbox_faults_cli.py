"""`tierline sandbox faults`: a served sandbox is broken on purpose, looked at, and mended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from typer.testing import CliRunner

from admin.cli.main import app
from connectors.sandbox.background import Served, serving
from connectors.sandbox.org.org import Org


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with Org.open(tmp_path / "org") as org, serving(org) as crm:
        yield crm


def tierline(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["sandbox", "faults", *words])
    assert result.exit_code == code, result.output
    return str(result.output)


def test_faults_are_set_shown_and_cleared(served: Served, tmp_path: Path) -> None:
    rules = tmp_path / "faults.json"
    rules.write_text(json.dumps([{"path": "/services/data", "action": "status", "status": 503, "times": 0}]))
    assert "No faults" in tierline("--url", served.url)
    assert "struck 0 times" in tierline(str(rules), "--url", served.url)
    assert requests.get(f"{served.url}/services/data", timeout=10).status_code == 503
    assert "struck 1 times" in tierline("--url", served.url)
    assert "No faults" in tierline("--clear", "--url", served.url)
    assert requests.get(f"{served.url}/services/data", timeout=10).status_code == 200


def test_mistakes_are_told_in_words(served: Served, tmp_path: Path) -> None:
    rules = tmp_path / "faults.json"
    rules.write_text('[{"action": "explode"}]')
    assert "holds no fault rules" in tierline(str(rules), "--url", served.url, code=2)
    assert "cannot be read" in tierline(str(tmp_path / "none.json"), "--url", served.url, code=2)
    assert "No sandbox answers" in tierline("--url", "http://127.0.0.1:9", code=1)
