"""The change named as nearest does move the tier, at the next review, when it is made."""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

import pandas as pd
import pytest

from scoring import pipeline
from scoring.money import SCALE
from tests.scoring.frames import DAY, accounts, customer
from tests.scoring.test_schemes import company, using

NAMED = re.compile(
    r"(?P<tier>[\w -]+?) with (?P<units>[\d,]+) EUR (?P<way>more|less) (?P<what>gross margin|revenue|cost to serve)"
)


SCHEMES = ["cpm", "ranks", "key_account_matrix", "strategic_accounts", "fiocca", "pyramid", "brackets"]


def changed(row: dict[Hashable, Any], found: re.Match[str]) -> dict[Hashable, Any]:
    """The account with so much more or less margin (as revenue and no cost) or cost to serve (as freight)."""
    by = int(found["units"].replace(",", "")) * SCALE * (1 if found["way"] == "more" else -1)
    names = ("freight",) if found["what"] == "cost to serve" else ("revenue", "revenue_cost_known")
    return {**row, **{name: row[name] + by for name in names}}


def standing(table: pd.DataFrame, month: str) -> pd.DataFrame:
    """The accounts of a table as they stood long ago, so that only the band and the one step bind them."""
    return pd.DataFrame(
        {
            "account_id": table["account_id"], "position": table["position"], "tier_since": "2020-01-01",
            "as_of": month, "cause": "behaviour", "decision": "",
        }
    )  # fmt: skip


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("hysteresis", "one_step"), [(0.0, True), (0.3, False)])
def test_the_named_change_moves_the_tier(scheme: str, hysteresis: float, one_step: bool) -> None:
    model = using({"scheme": scheme, "stability": {"hysteresis": hysteresis, "one_step": one_step}})
    frame = company(70)
    fitted = pipeline.calibrate(frame, model, DAY)
    table = pipeline.score(frame, model, fitted, DAY)
    rows = frame.to_dict("records")
    named = [(number, found) for number, text in enumerate(table["nearest"]) for found in NAMED.finditer(text)]
    what = pd.DataFrame(
        [{**changed(rows[number], found), "account_id": f"N{n}"} for n, (number, found) in enumerate(named)]
    )
    before = table.iloc[[number for number, _ in named]].assign(account_id=what["account_id"].to_numpy())
    after = pipeline.score(what, model, fitted, DAY, standing(before, "2026-07-01"))["tier"]
    assert len(named) > 50
    assert [model.tiers.label(tier) for tier in after] == [found["tier"].strip("; ") for _, found in named]


def test_an_account_that_waits_for_its_tier_is_told_only_what_leads_beyond_it() -> None:
    model = using({"scheme": "ranks", "stability": {"hysteresis": 0.0, "dwell_months": 12, "one_step": False}})
    frame = accounts(*(customer(100 * n, visits=1) for n in range(1, 11)))
    fitted = pipeline.calibrate(frame, model, DAY)
    low = pd.DataFrame({"account_id": frame["account_id"], "position": [["e"]] * 10})
    before = standing(low, "2026-10-01").assign(tier_since="2026-09-01")
    nearest = pipeline.score(frame, model, fitted, DAY, before)["nearest"]
    # The account with 300 stands as E and will be D: it takes more to make it a C, and no less makes it worse than E.
    assert nearest[2] == "C with 40 EUR more gross margin"


def test_nearest_upwards_comes_first_and_uses_the_band() -> None:
    frame = accounts(*(customer(100 * n, visits=1) for n in range(1, 11)))
    plain = using({"scheme": "ranks", "stability": {"hysteresis": 0.0}})
    banded = using({"scheme": "ranks", "stability": {"hysteresis": 0.05}})
    fitted = pipeline.calibrate(frame, plain, DAY)
    # Cuts at 20, 40, 70 and 90 points; the account with 300 has 30. It is a D, C begins at 400, E ends below 200.
    assert (
        pipeline.score(frame, plain, fitted, DAY)["nearest"][2]
        == "C with 40 EUR more gross margin; E with 41 EUR less gross margin"
    )
    # With 5 % of 40 points on top, 42 points are needed: the margin of the account with 500.
    assert pipeline.score(frame, banded, fitted, DAY)["nearest"][2].startswith("C with 80 EUR more gross margin")


def test_accounts_without_a_tier_have_nothing_near() -> None:
    frame = accounts(customer(10), {"type": "Partner"}, customer(5, no_rate="JPY"))
    model = using("cpm")
    table = pipeline.score(frame, model, pipeline.calibrate(frame, model, DAY), DAY)
    assert table["nearest"].tolist()[1:] == ["", ""]
