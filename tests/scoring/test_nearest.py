"""The change named as nearest does move the tier when it is made, and less of it does not."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from scoring import pipeline
from scoring.money import SCALE
from tests.scoring.frames import DAY, accounts, customer
from tests.scoring.test_schemes import company, using

NAMED = re.compile(
    r"(?P<tier>[\w -]+?) with (?P<units>[\d,]+) EUR (?P<way>more|less) (?P<what>gross margin|cost to serve)"
)


def changed(row: pd.DataFrame, units: int, way: str, what: str) -> pd.DataFrame:
    """The account with so much more or less margin (as revenue and no cost) or cost to serve (as freight)."""
    by = units * SCALE * (1 if way == "more" else -1)
    names = ("freight",) if what == "cost to serve" else ("revenue", "revenue_cost_known")
    return row.assign(**{name: row[name] + by for name in names})


@pytest.mark.parametrize("scheme", ["cpm", "ranks", "key_account_matrix", "strategic_accounts"])
def test_the_named_change_moves_the_tier(scheme: str) -> None:
    model = using({"scheme": scheme, "stability": {"hysteresis": 0.0}})
    frame = company(70)
    fitted = pipeline.calibrate(frame, model, DAY)
    table = pipeline.score(frame, model, fitted, DAY)
    tried = 0
    for number, text in enumerate(table["nearest"]):
        for found in NAMED.finditer(text):
            what = changed(frame.iloc[[number]], int(found["units"].replace(",", "")), found["way"], found["what"])
            after = pipeline.score(what, model, fitted, DAY)["tier"].iloc[0]
            assert model.tiers.label(after) == found["tier"].strip("; "), (number, text)
            tried += 1
    assert tried > 50


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
