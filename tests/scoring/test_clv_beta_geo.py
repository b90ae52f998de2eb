"""BG/NBD: the published figures of CDNOW, the reference implementation, and what holds for all histories."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betaincinv

from scoring.clv import BetaGeo
from scoring.clv.beta_geo_expectation import before_leaving
from scoring.clv.beta_geo_likelihood import CHUNK, BetaGeoLikelihood
from scoring.clv.distinct import distinct
from scoring.clv.maximum import SAMPLE
from scoring.ranks import Floats
from tests.scoring import clv_bases

POSITIVE = st.floats(0.05, 50)
HISTORIES = st.tuples(st.integers(0, 3000), st.floats(0.001, 1), st.floats(0.1, 4000))


def parameters(model: BetaGeo) -> list[float]:
    return [model.r_, model.alpha_, model.a_, model.b_]


def history(drawn: list[tuple[int, float, float]]) -> pd.DataFrame:
    """Rows of frequency, recency as a share of T, and T."""
    frame = pd.DataFrame(drawn, columns=["frequency", "recency", "T"])
    frame["recency"] *= frame["T"] * (frame["frequency"] > 0)
    return frame


@pytest.fixture(scope="module")
def cdnow() -> BetaGeo:
    return BetaGeo().fit(clv_bases.cdnow())


def test_cdnow_gives_the_published_parameters(cdnow: BetaGeo) -> None:
    assert parameters(cdnow) == pytest.approx([0.243, 4.414, 0.793, 2.426], abs=5e-4)
    assert cdnow.log_likelihood_ == pytest.approx(-9582.43, abs=0.005)
    assert float(cdnow.expected_purchases(52)) == pytest.approx(1.444, abs=5e-4)


def test_cdnow_repeat_purchases_to_week_78_are_as_published(cdnow: BetaGeo) -> None:
    purchases = clv_bases.cdnow_purchases()
    first = purchases.groupby("customer")["day"].min().to_numpy(np.float64)
    assert len(purchases) - len(first) == 4339
    assert cdnow.expected_purchases((78 * 7 - first) / 7).sum() == pytest.approx(4160.6, abs=0.05)


def test_it_agrees_with_the_reference_implementation() -> None:
    frame = clv_bases.b2b(3000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lifetimes import BetaGeoFitter

        theirs = BetaGeoFitter().fit(frame["frequency"], frame["recency"], frame["T"])
    ours = BetaGeo().fit(frame)
    # Theirs is the mean in a unit of time in which the longest T is 1.
    log_likelihood = -theirs._negative_log_likelihood_ * len(frame) + frame["frequency"].sum() * np.log(theirs._scale)
    assert ours.log_likelihood_ == pytest.approx(log_likelihood, rel=1e-9)
    assert ours.log_likelihood_ >= log_likelihood - 1e-6
    assert parameters(ours) == pytest.approx(theirs.params_.tolist(), rel=1e-3)
    same = BetaGeo.of(**theirs.params_.to_dict())
    columns = frame["frequency"], frame["recency"], frame["T"]
    np.testing.assert_allclose(same.probability_alive(frame), theirs.conditional_probability_alive(*columns))
    expected = theirs.conditional_expected_number_of_purchases_up_to_time(365, *columns)
    np.testing.assert_allclose(same.expected_future_purchases(365, frame), expected, rtol=1e-6)


def test_the_true_parameters_come_back_from_many_customers() -> None:
    model = BetaGeo().fit(clv_bases.any_time(100_000))
    assert parameters(model) == pytest.approx(list(clv_bases.B2B.values()), rel=0.05)


@pytest.mark.parametrize("point", [(0.3, 5.0, 0.8, 2.5), (2.0, 40.0, 0.05, 0.4), (0.9, 0.7, 30.0, 1.0)])
def test_slope_and_curvature_are_those_of_the_likelihood(point: tuple[float, ...]) -> None:
    seen = clv_bases.b2b(400)
    likelihood = BetaGeoLikelihood(
        distinct([seen[name].to_numpy(np.float64) for name in ("frequency", "recency", "T")])
    )
    at = np.array(point)
    here = likelihood(at)
    for place, step in enumerate(1e-5 * at):
        aside = np.zeros(4)
        aside[place] = step
        above, below = likelihood(at + aside), likelihood(at - aside)
        assert (above.value - below.value) / (2 * step) == pytest.approx(here.gradient[place], rel=1e-5, abs=1e-4)
        slope = (above.gradient - below.gradient) / (2 * step)
        np.testing.assert_allclose(slope, here.hessian[place], rtol=1e-4, atol=1e-3 * np.abs(here.hessian[place]).max())


def test_the_likelihood_is_the_published_one_customer_by_customer() -> None:
    seen = history([(0, 0.5, 10.0), (1, 0.2, 7.5), (4, 0.9, 38.86)])
    r, alpha, a, b = at = np.array([0.3, 5.0, 0.8, 2.5])
    total = 0.0
    for x, recency, length in seen.to_numpy(np.float64).tolist():
        rising = float(np.prod(r + np.arange(x)))
        staying = float(np.prod((b + np.arange(x)) / (a + b + np.arange(x))))
        leaving = a / (b + x - 1) * (alpha + recency) ** -(r + x) if x else 0.0
        total += np.log(rising * alpha**r * staying * ((alpha + length) ** -(r + x) + leaving))
    rows = distinct([seen[name].to_numpy(np.float64) for name in ("frequency", "recency", "T")])
    assert BetaGeoLikelihood(rows)(at).value == pytest.approx(total, rel=1e-12)


@pytest.mark.parametrize("customers", [2_000, 5 * SAMPLE + CHUNK])
@pytest.mark.parametrize("base", [clv_bases.b2b, clv_bases.cdnow_like, clv_bases.any_time])
def test_the_order_of_rows_changes_no_bit(base: clv_bases.Base, customers: int) -> None:
    frame = base(customers)
    shuffled = frame.sample(frac=1, random_state=7)
    one, other = BetaGeo().fit(frame), BetaGeo().fit(shuffled)
    assert [value.hex() for value in vars(one).values()] == [value.hex() for value in vars(other).values()]


def test_the_unit_of_time_changes_alpha_alone() -> None:
    days = clv_bases.b2b(2_000)
    weeks = days.assign(recency=days["recency"] / 7, T=days["T"] / 7)
    by_day, by_week = BetaGeo().fit(days), BetaGeo().fit(weeks)
    assert parameters(by_week) == pytest.approx([by_day.r_, by_day.alpha_ / 7, by_day.a_, by_day.b_], rel=1e-6)


@given(POSITIVE, POSITIVE, POSITIVE, POSITIVE, st.lists(HISTORIES, min_size=1, max_size=20))
def test_the_probability_to_be_alive_is_one(
    r: float, alpha: float, a: float, b: float, drawn: list[tuple[int, float, float]]
) -> None:
    alive = BetaGeo.of(r=r, alpha=alpha, a=a, b=b).probability_alive(history(drawn))
    assert alive.between(0, 1).all()
    assert (alive[[frequency == 0 for frequency, _, _ in drawn]] == 1).all()


@given(POSITIVE, POSITIVE, POSITIVE, POSITIVE, st.lists(HISTORIES, min_size=1, max_size=20))
@settings(deadline=None)
def test_expected_purchases_rise_with_time_and_are_finite(
    r: float, alpha: float, a: float, b: float, drawn: list[tuple[int, float, float]]
) -> None:
    model, frame = BetaGeo.of(r=r, alpha=alpha, a=a, b=b), history(drawn)
    times = [0.0, 0.1, 1.0, 30.0, 365.0, 4000.0]
    expected = np.array([model.expected_future_purchases(t, frame) for t in times])
    assert np.isfinite(expected).all()
    assert (expected[0] == 0).all()
    assert (np.diff(expected, axis=0) >= -1e-7 * expected[1:]).all()
    new = model.expected_purchases(times)
    assert (np.diff(new) >= -1e-7 * new[1:]).all()
    assert new[-1] > 0


@pytest.mark.parametrize("a", [0.1, 0.79, 1.0, 1.00001, 2.5, 60.0])
@pytest.mark.parametrize("s", [0.3, 2.0, 50.0, 3000.0])
def test_expected_purchases_are_the_mean_over_customers(a: float, s: float) -> None:
    b, time = 3.0 + s, 4.0
    expected = before_leaving(np.array([s]), a, np.array([b]), np.array([time]))
    assert expected[0] == pytest.approx(mean_over_customers(s, a, b, time), rel=1e-6)


@pytest.mark.parametrize(
    ("s", "a", "b", "time"),
    [(2785.8, 140.0, 2530.2351, 28.6), (98.5, 0.5, 100.0, 1000.0), (3.0, 0.4, 0.6, 2.0)],
    ids=["terms cancel out", "whole numbers", "a pole"],
)
def test_expected_purchases_hold_where_the_series_gives_up(s: float, a: float, b: float, time: float) -> None:
    expected = before_leaving(np.array([s]), a, np.array([b]), np.array([time]))
    assert expected[0] == pytest.approx(mean_over_customers(s, a, b, time), rel=1e-6)


def mean_over_customers(s: float, a: float, b: float, time: float) -> float:
    """Mean of (1 - (1 + p time)^-s) / p over p of a beta distribution, at its quantiles."""
    nodes, weights = np.polynomial.legendre.leggauss(500)
    shares: Floats = (nodes + 1) / 2
    p = np.maximum(betaincinv(a, b, shares), 1e-290)
    return float((-np.expm1(-s * np.log1p(p * time)) / p) @ weights / 2)
