"""`tierline demo` on both real data sets and on generated companies: the figures an administrator would check first."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from admin.demo import company
from connectors.sandbox.org.org import Org
from scoring import features, pipeline, presets
from tests.admin.companies import DATA, loaded, needs_data
from tests.admin.demos import Demo
from tests.admin.orgs import mirrored


def prepared(home: Path, factory: pytest.TempPathFactory, name: str) -> Demo:
    """One that finds this data set in its CRM already, as the first run of `--data` leaves it."""
    home.mkdir()
    shutil.copytree(loaded(factory, name) / "org", home / "org")
    (home / "demo.json").write_text(json.dumps({"data": str((DATA / name).resolve()), "orders in files": False}))
    return Demo(home)


def check_first(figures: dict[str, Any], accounts: int, customers: int) -> None:
    read = (figures["accounts_read"], figures["accounts_in_scope"], figures["accounts_scored"])
    assert read == (accounts, customers, customers)
    assert figures["records_written"] == figures["records_verified"] == accounts
    assert (figures["records_failed"], figures["records_superseded"]) == (0, 0)
    shares = [count / customers for count in figures["tiers"].values()]
    assert len(shares) == 4
    assert all(0.05 <= share <= 0.5 for share in shares), figures["tiers"]


def run_three_times(demo: Demo, options: Sequence[str], accounts: int, customers: int) -> dict[str, Any]:
    """Figures of the first run. One right after, and a demo started again a day later inside the same period: nothing
    is written, nobody is told again."""
    with demo.serving(*options, "--today", "2026-11-24") as first:
        check_first(first, accounts, customers)
        told = demo.select("SELECT count(*) FROM sync_delivery")
        right_after = demo.run_again("--today", "2026-11-24")
    for again in (right_after, demo.run(*options, "--today", "2026-11-25")):
        assert again["run"] > first["run"]
        assert (again["records_written"], again["tiers"]) == (0, first["tiers"])
        assert {name: again[name] for name in ("accounts_read", "findings", "alerts")} == {
            name: first[name] for name in ("accounts_read", "findings", "alerts")
        }
    assert demo.select("SELECT count(*) FROM sync_delivery") == told
    return first


@needs_data
def test_crm_sales(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    demo = prepared(tmp_path / "home", tmp_path_factory, "crm_sales")
    first = run_three_times(demo, ("--data", str(DATA / "crm_sales")), 85, 85)
    # 12 accounts say "technolgy", which is no segment either; 1,480 deals name "GTXPro"; 1,425 have no account
    expected = {"orphan_record": 1425, "unknown_product": 1480, "unknown_label": 12, "missing": 24}
    assert demo.findings() == expected
    assert sum(expected.values()) == first["findings"]
    values = demo.select("SELECT DISTINCT value FROM sync_finding WHERE rule LIKE 'unknown%' ORDER BY 1")
    assert values == [("GTXPro",), ("technolgy",)]


@needs_data
def test_adventureworks_with_orders_in_the_crm_and_with_orders_only_in_files(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    options = ("--data", str(DATA / "adventureworks"))
    in_crm, in_files = prepared(tmp_path / "crm", tmp_path_factory, "adventureworks"), Demo(tmp_path / "files")
    check_first(in_crm.run(*options), 701, 635)
    check_first(in_files.run(*options, "--orders-in-files"), 701, 635)
    published = (
        "SELECT a.name, s.tier, s.value_score, s.cost_to_serve, json_extract(s.result, '$.reasons')"
        " FROM sync_accountstate a JOIN sync_score s ON s.id = a.score_id ORDER BY a.name"
    )
    assert in_crm.select(published) == in_files.select(published)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("preset", presets.names())
def test_each_tier_of_a_generated_company_holds_its_share(tmp_path: Path, preset: str, seed: int) -> None:
    model, day = presets.load(preset), date(2026, 11, 1)
    with Org.open(tmp_path) as org:
        company.generate(org, seed, 300, date(2026, 11, 23))
        with mirrored(org, model) as tables:
            frame = features.build(tables, model, day).order_by("account_id").to_pandas()
    table = pipeline.score(frame, model, pipeline.calibrate(frame, model, day), day)
    shares = table.loc[table["in_scope"], "tier"].value_counts(normalize=True, dropna=False)
    assert set(shares.index) == {"platinum", "gold", "silver", "bronze"}
    assert shares.between(0.05, 0.5).all(), shares.to_dict()
