"""What checking data quality costs: every rule over a large base, and over the accounts that a night's changes touch.

`python -m tests.bench.quality [ACCOUNTS]`, 1 M unless told, with half as many deals. One account in fifty has a fault.
Possible duplicates are timed apart: comparing names is work of another kind. The promise is 60 s for a million accounts
with all other rules, on two cores.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Collection
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scoring import quality
from scoring.model import Model
from scoring.quality import Checked, across, again
from tests.scoring import planted
from tests.scoring.frames import DAY

RESULTS = Path("bench-results")
LIMIT = 60.0
TOUCHED = 1_000
FAULTY = 0.02
_APART = "duplicate_account"


def main(accounts: int) -> None:
    load = os.getloadavg()[0]
    using = planted.model()
    records, scores = base(accounts, using)
    rows: dict[str, Any] = {"accounts": accounts, "deals": len(records["opportunity"])}
    without = using.model_copy(update={"quality": _without(using)})
    started, used = time.monotonic(), time.process_time()
    rows["findings"] = len(quality.check(Checked(records, scores, without, DAY, planted.TODAY)))
    rows["all_rules_but_duplicates"] = round(time.monotonic() - started, 1)
    rows["of_it_processor"] = round(time.process_time() - used, 1)
    checked = Checked(records, scores, using, DAY, planted.TODAY)
    for rule in quality.RULES:  # the first to ask pays for what all of them share
        started = time.monotonic()
        number = sum(1 for _ in rule.problems(checked))
        if rule.id == _APART:
            rows["duplicates_found"] = number
        rows[f"rule_{rule.id}"] = round(time.monotonic() - started, 2)
    del checked
    rows["duplicates"] = rows.pop(f"rule_{_APART}")
    rows |= few(records, scores, using)
    rows |= {
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "load_before": round(load, 2),
    }
    for name, figure in rows.items():
        print(f"  {name:32} {figure:>14,}")
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"quality-{datetime.now(UTC):%Y%m%dT%H%M%S}.json"
    path.write_text(json.dumps(rows, indent=1))
    print(f"kept in {path}")
    if accounts >= 1_000_000 and rows["all_rules_but_duplicates"] > LIMIT:
        sys.exit(f"all rules took {rows['all_rules_but_duplicates']} s; the promise is {LIMIT:g} s")


def _without(using: Model) -> Any:
    off = using.quality.rules.duplicate_account.model_copy(update={"enabled": False})
    rules = using.quality.rules.model_copy(update={_APART: off})
    return using.quality.model_copy(update={"rules": rules})


def base(size: int, using: Model) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Records and scores of made-up customers, one in fifty with a fault; the same ones every time."""
    random = np.random.default_rng(1)
    few = pd.DataFrame(planted.clean(3, 2000, using).accounts)
    accounts = few.iloc[random.integers(0, len(few), size)].reset_index(drop=True)
    numbers = pd.Series(np.arange(size)).astype(str).str.zfill(9)
    accounts["id"], accounts["external_id"] = "A" + numbers, "E" + numbers
    accounts["name"] = accounts["name"] + " " + numbers
    twins = np.flatnonzero(random.random(size - 1) < FAULTY / 20) + 1
    accounts.loc[twins, "name"] = accounts["name"].to_numpy()[twins - 1] + " AB"
    accounts.loc[twins, "country"] = accounts["country"].to_numpy()[twins - 1]
    accounts.loc[twins, "external_id"] = None
    accounts["owner_id"] = [f"U{n}" for n in random.integers(0, 500, size)]
    accounts["parent_id"] = accounts["id"][::-1].reset_index(drop=True).where(pd.Series(random.random(size) < 0.1))
    scores = accounts[["id", "own_segment", "own_sub_segment", "own_value_profile"]].copy()
    scores.columns = pd.Index(["account_id", "segment", "sub_segment", "value_profile"])
    scores = scores.assign(in_scope=True, tier="silver", last_contact_on="2026-10-20", no_rate=None, revenue=1)
    for name in ("segment", "sub_segment", "value_profile"):
        scores[f"{name}_why"] = "Industry is Energy"
    for column, wrong in (
        ("own_segment", None), ("own_segment", "old"), ("own_sub_segment", "utilities"), ("industry", "Enrgy"),
        ("own_value_profile", "growth_partner"), ("owner_id", "U999"), ("owner_id", None), ("employees", 0),
        ("annual_revenue", -1), ("nace", "35.1"),
    ):  # fmt: skip
        accounts.loc[random.random(size) < FAULTY / 10, column] = wrong
    deals = pd.DataFrame({"id": "D" + numbers[: size // 2]})
    deals = deals.assign(
        name=deals["id"], account_id=accounts["id"].sample(frac=0.5, random_state=1).to_numpy()[: len(deals)],
        owner_id="U1", stage="Proposal", is_won=False, is_closed=False, amount=1, product_name="Pump 1",
        closes_on=date(2026, 12, 1),
    )  # fmt: skip
    deals.loc[random.random(len(deals)) < FAULTY, "closes_on"] = date(2026, 1, 1)
    users = pd.DataFrame({"id": [f"U{n}" for n in range(500)]}).assign(is_active=True, name="Somebody")
    products = pd.DataFrame({"id": ["P1"], "name": ["Pump 1"], "code": ["P-1"], "cost": [1]})
    kinds = {"account": accounts, "opportunity": deals, "user": users, "product": products}
    return kinds, scores


def few(records: dict[str, pd.DataFrame], scores: pd.DataFrame, using: Model) -> dict[str, Any]:
    """What it costs to look again when some accounts got another name, and others another segment; duplicates too."""
    known = across.of(Checked(records, scores, using, DAY, planted.TODAY))
    accounts = records["account"].copy()
    changed = accounts["id"].sample(TOUCHED, random_state=2)
    accounts.loc[changed.index[::2], "name"] += " Group"
    accounts.loc[changed.index[1::2], "own_segment"] = "services"
    now = {**records, "account": accounts}

    def read(some: Collection[str]) -> Checked:
        chosen = set(some)
        parts = {
            kind: frame[frame[column].isin(chosen)].reset_index(drop=True)
            for kind, column, frame in (("account", "id", accounts), ("opportunity", "account_id", now["opportunity"]))
        }
        return Checked({**now, **parts}, scores[scores["account_id"].isin(chosen)], using, DAY, planted.TODAY)

    started, used = time.monotonic(), time.process_time()
    result = again.check(read, known, set(changed))
    return {
        "changed_accounts": len(changed),
        "looked_at_again": len(result.accounts),
        "again": round(time.monotonic() - started, 2),
        "again_processor": round(time.process_time() - used, 2),
    }


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
