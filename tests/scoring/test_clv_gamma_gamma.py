"""Gamma-Gamma: the published figures of CDNOW, the reference implementation, and what holds for all customers."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.clv import GammaGamma
from scoring.clv.distinct import distinct
from scoring.clv.gamma_gamma_likelihood import GammaGammaLikelihood
from tests.scoring import clv_bases


def values(customers: int, seed: int = 3) -> pd.DataFrame:
    """Customers of the model with p = 6, q = 4 and gamma = 15,000."""
    rng = np.random.default_rng(seed)
    frequency = rng.geometric(0.1, customers)
    spent = rng.gamma(6.0 * frequency) / rng.gamma(4.0, 1 / 15_000, customers)
    return pd.DataFrame({"frequency": frequency, "monetary": spent / frequency})


def test_cdnow_gives_the_published_parameters() -> None:
    frame = clv_bases.cdnow()
    assert int((frame["frequency"] > 0).sum()) == 946
    model = GammaGamma().fit(frame)
    assert [model.p_, model.q_, model.gamma_] == pytest.approx([6.25, 3.74, 15.45], abs=6e-3)


def test_it_agrees_with_the_reference_implementation() -> None:
    frame = values(3_000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lifetimes import GammaGammaFitter

        theirs = GammaGammaFitter().fit(frame["frequency"], frame["monetary"])
    ours = GammaGamma().fit(frame)
    assert ours.log_likelihood_ == pytest.approx(-theirs._negative_log_likelihood_ * len(frame), rel=1e-7)
    assert [ours.p_, ours.q_, ours.gamma_] == pytest.approx(theirs.params_.tolist(), rel=0.01)
    same = GammaGamma.of(p=theirs.params_["p"], q=theirs.params_["q"], gamma=theirs.params_["v"])
    expected = theirs.conditional_expected_average_profit(frame["frequency"], frame["monetary"])
    np.testing.assert_allclose(same.expected_average_value(frame), expected)


def test_the_true_parameters_come_back_from_many_customers() -> None:
    model = GammaGamma().fit(values(200_000))
    assert [model.p_, model.q_, model.gamma_] == pytest.approx([6.0, 4.0, 15_000.0], rel=0.03)


@pytest.mark.parametrize("customers", [2_000, 100_000])
def test_the_order_of_rows_changes_no_bit(customers: int) -> None:
    frame = values(customers)
    one, other = GammaGamma().fit(frame), GammaGamma().fit(frame.sample(frac=1, random_state=7))
    assert [value.hex() for value in vars(one).values()] == [value.hex() for value in vars(other).values()]


def test_the_unit_of_money_changes_gamma_alone() -> None:
    frame = values(2_000)
    small = GammaGamma().fit(frame.assign(monetary=10_000 * frame["monetary"]))
    model = GammaGamma().fit(frame)
    assert [small.p_, small.q_, small.gamma_] == pytest.approx([model.p_, model.q_, 10_000 * model.gamma_], rel=1e-6)


@pytest.mark.parametrize("point", [(6.0, 4.0, 15_000.0), (0.5, 30.0, 100.0)])
def test_slope_and_curvature_are_those_of_the_likelihood(point: tuple[float, ...]) -> None:
    seen = values(300)
    likelihood = GammaGammaLikelihood(distinct([seen[name].to_numpy(np.float64) for name in seen.columns]))
    at = np.array(point)
    here = likelihood(at)
    for place, step in enumerate(1e-5 * at):
        aside = np.zeros(3)
        aside[place] = step
        above, below = likelihood(at + aside), likelihood(at - aside)
        assert (above.value - below.value) / (2 * step) == pytest.approx(here.gradient[place], rel=1e-5)
        slope = (above.gradient - below.gradient) / (2 * step)
        np.testing.assert_allclose(slope, here.hessian[place], rtol=1e-5)


@given(st.floats(0.1, 50), st.floats(1.1, 50), st.floats(1, 1e6), st.integers(1, 500), st.floats(0.01, 1e6))
def test_an_expected_value_lies_between_its_own_and_that_of_all(
    p: float, q: float, gamma: float, frequency: int, monetary: float
) -> None:
    frame = pd.DataFrame({"frequency": [0, frequency], "monetary": [np.nan, monetary]})
    of_all, expected = GammaGamma.of(p=p, q=q, gamma=gamma).expected_average_value(frame)
    low, high = sorted([of_all, monetary])
    assert of_all == pytest.approx(p * gamma / (q - 1))
    assert low * (1 - 1e-9) <= expected <= high * (1 + 1e-9)


def test_a_mean_that_is_not_finite_is_missing() -> None:
    frame = pd.DataFrame({"frequency": [0, 1], "monetary": [0.0, 20.0]})
    assert GammaGamma.of(p=2, q=0.9, gamma=10).expected_average_value(frame).isna().tolist() == [True, False]
