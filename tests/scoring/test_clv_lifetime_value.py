"""What customers are worth today: formulas against their sums, written out year by year."""

from __future__ import annotations

import doctest
import importlib
from typing import Literal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.clv import YEAR, BetaGeo, customer_equity, discounted_purchases, discounted_value, retained_margin
from tests.scoring import clv_bases

MODEL = BetaGeo.of(**clv_bases.B2B)


def test_the_plain_formula_is_the_published_one() -> None:
    # 100 a year, 80 % stay, 12 %: Gupta & Lehmann's margin multiple is .8 / (1 + .12 - .8) = 2.5.
    assert float(retained_margin(100, 0.8, 0.12)) == pytest.approx(250.0)
    assert float(retained_margin(100, 0.8, 0.12, paid="begin")) == pytest.approx(350.0)
    assert float(retained_margin(100, 0.8, 0.12, growth=0.1)) == pytest.approx(100 * 0.8 / (1.12 - 0.88))


@given(st.floats(-1e6, 1e6), st.floats(0, 1), st.floats(0, 0.5), st.floats(-0.5, 0.5), st.integers(1, 30))
def test_a_number_of_years_is_the_sum_of_these_years(
    margin: float, retention: float, discount: float, growth: float, years: int
) -> None:
    kept = 1.0
    begin = end = 0.0
    paid: Literal["end", "begin"]
    for year in range(years):
        begin += margin * kept * ((1 + growth) / (1 + discount)) ** year
        kept *= retention
        end += margin * kept * (1 + growth) ** year / (1 + discount) ** (year + 1)
    for paid, expected in (("end", end), ("begin", begin)):
        value = retained_margin(margin, retention, discount, growth=growth, years=years, paid=paid)
        assert float(value) == pytest.approx(expected, rel=1e-9, abs=1e-6)


def test_many_years_come_to_the_value_without_a_limit() -> None:
    assert float(retained_margin(100, 0.8, 0.1, years=300)) == pytest.approx(float(retained_margin(100, 0.8, 0.1)))


def test_margins_and_retentions_go_row_by_row() -> None:
    margins, retentions = np.array([100.0, -50.0, 0.0]), np.array([0.5, 0.9, 1.0])
    np.testing.assert_allclose(retained_margin(margins, retentions, 0.1), [100 * 0.5 / 0.6, -50 * 0.9 / 0.2, 0.0])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"retention": 1.1}, "retention is not between"),
        ({"retention": np.nan}, "retention is not between"),
        ({"discount": -0.1}, "discount is -0.1"),
        ({"growth": -1.0}, "growth is -1.0"),
        ({"margin": np.nan}, "margin is missing"),
        ({"years": 0}, "years is 0"),
        ({"growth": 0.5}, "the value has no limit. Give years"),
    ],
)
def test_rates_out_of_range_are_refused(arguments: dict[str, float], words: str) -> None:
    usable = {"margin": 100.0, "retention": 0.9, "discount": 0.1}
    with pytest.raises(ValueError, match=words):
        retained_margin(**{**usable, **arguments})  # type: ignore[arg-type]


@pytest.mark.parametrize("discount", [0.0, 0.1, 0.4])
@pytest.mark.parametrize("years", [0.5, 3.0, 10.0])
def test_discounted_purchases_are_the_sum_over_days(years: float, discount: float) -> None:
    frame = clv_bases.b2b(50)
    days = np.linspace(0, years * YEAR["days"], 1_001)
    until = np.array([MODEL.expected_future_purchases(day, frame) for day in days])
    middle = (days[1:] + days[:-1]) / 2 / YEAR["days"]
    summed = (np.diff(until, axis=0) * (1 + discount) ** -middle[:, None]).sum(axis=0)
    found = discounted_purchases(MODEL, frame, years=years, discount=discount, unit="days")
    np.testing.assert_allclose(found, summed, rtol=5e-6)


def test_days_and_weeks_give_the_same_value() -> None:
    days = clv_bases.b2b(50)
    weeks = days.assign(recency=days["recency"] / 7, T=days["T"] / 7)
    by_week = BetaGeo.of(**{**clv_bases.B2B, "alpha": clv_bases.B2B["alpha"] / 7})
    np.testing.assert_allclose(
        discounted_purchases(MODEL, days, years=3, discount=0.1, unit="days"),
        discounted_purchases(by_week, weeks, years=3, discount=0.1, unit="weeks"),
    )


def test_value_is_purchases_times_what_one_is_worth() -> None:
    frame = clv_bases.b2b(50).rename(index=lambda place: f"C{place}")
    each = pd.Series(250.0, index=frame.index)
    value = discounted_value(MODEL, frame, each, years=3, discount=0.1, unit="days")
    np.testing.assert_allclose(value, 250 * discounted_purchases(MODEL, frame, years=3, discount=0.1, unit="days"))
    assert value.index.equals(frame.index)
    assert customer_equity(value) == pytest.approx(value.sum())


def test_values_of_other_rows_or_missing_ones_are_refused() -> None:
    frame = clv_bases.b2b(50)
    terms = {"years": 3, "discount": 0.1}
    with pytest.raises(ValueError, match="need the same index"):
        discounted_value(MODEL, frame, pd.Series(1.0, index=frame.index[::-1]), **terms, unit="days")
    with pytest.raises(ValueError, match="Put the mean over the base there"):
        discounted_value(MODEL, frame, pd.Series(np.nan, index=frame.index), **terms, unit="days")
    with pytest.raises(ValueError, match="years is 0"):
        discounted_purchases(MODEL, frame, years=0, discount=0.1, unit="days")


def test_equity_of_nobody_is_nothing_and_of_an_unknown_value_unknown() -> None:
    assert customer_equity([]) == 0.0
    with pytest.raises(ValueError, match="lifetime value is missing"):
        customer_equity([1.0, np.nan])


@pytest.mark.parametrize("module", ["beta_geo", "gamma_gamma"])
def test_examples_in_the_code_are_right(module: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(f"scoring.clv.{module}"))
    assert (failed, tried > 0) == (0, True)
