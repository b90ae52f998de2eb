"""The newest score of every account, from what all were scored with and what some were scored with since."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sync.scores import latest

PORTFOLIO = 41


@pytest.fixture
def home(tmp_path: Path, settings: Any) -> Path:
    settings.HOME = tmp_path
    (tmp_path / "mirror").mkdir()
    return tmp_path


def publish(folder: Path, run: int, tiers: dict[str, str], *, whole: bool) -> None:
    path = folder / f"{run}.parquet"
    pd.DataFrame({"account_id": list(tiers), "tier": list(tiers.values())}).to_parquet(path, index=False)
    latest.publish(PORTFOLIO, run, [path], whole=whole)


def told() -> dict[str, str]:
    found = latest.read(PORTFOLIO, ("account_id", "tier"))
    assert found["account_id"].is_monotonic_increasing
    return dict(zip(found["account_id"], found["tier"], strict=True))


def test_runs_over_some_accounts_add_to_the_last_run_over_all_and_leave_its_file_alone(
    home: Path,
) -> None:
    assert latest.read(PORTFOLIO, ("account_id",)).empty
    publish(home, 1, {"A": "gold", "B": "gold", "C": "gold"}, whole=True)
    base = next((home / "mirror").glob("*.scores.parquet"))
    before = base.read_bytes()
    publish(home, 2, {"B": "silver", "D": "silver"}, whole=False)
    publish(home, 3, {"D": "bronze"}, whole=False)
    assert told() == {"A": "gold", "B": "silver", "C": "gold", "D": "bronze"}
    assert latest.read(PORTFOLIO, ("account_id", "tier"), ["C", "B"])["tier"].tolist() == ["silver", "gold"]
    assert base.read_bytes() == before


def test_what_was_scored_since_counts_for_nothing_beside_a_new_base(home: Path) -> None:
    publish(home, 1, {"A": "gold", "B": "gold"}, whole=True)
    publish(home, 2, {"B": "silver"}, whole=False)
    publish(home, 3, {"A": "bronze", "B": "bronze"}, whole=True)
    assert told() == {"A": "bronze", "B": "bronze"}
    publish(home, 4, {"A": "silver"}, whole=False)
    assert told() == {"A": "silver", "B": "bronze"}
