"""The lifetime models beside naive likelihoods and integrals, on bases from parameters that nothing was tuned to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.special import gammaln
from scipy.stats import beta, nbinom

from scoring.clv import BetaGeo, GammaGamma
from tests.scoring.clv_bases import simulated

#: r, alpha, a, b: many small customers, few large ones, hardly any that leave, nearly all that do; in days and weeks.
SETTINGS = [
    (0.2, 3.0, 0.8, 2.5), (3.0, 40.0, 1.5, 6.0), (0.7, 0.05, 0.4, 3.0), (1.2, 900.0, 0.5, 1.0), (5.0, 20.0, 2.0, 2.0),
]  # fmt: skip


def base(number: int, customers: int) -> pd.DataFrame:
    r, alpha, a, b = SETTINGS[number]
    observed = np.random.default_rng(number).uniform(2, 20, customers) * alpha / min(r, 1)
    return simulated(observed, r, alpha, a, b, seed=number)


def naive(parameters: Sequence[float], frame: pd.DataFrame) -> float:
    """Log-likelihood of BG/NBD as the mean over who leaves when, row by row (Fader, Hardie & Lee 2005, equation 6)."""
    r, alpha, a, b = parameters
    total = 0.0
    for x, last, end in zip(frame["frequency"], frame["recency"], frame["T"], strict=True):
        rate = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        stays = gammaln(b + x) + gammaln(a + b) - gammaln(b) - gammaln(a + b + x) - (r + x) * np.log(alpha + end)
        if x == 0:
            total += rate + stays
            continue
        leaves = np.log(a) + gammaln(b + x - 1) + gammaln(a + b) - gammaln(b) - gammaln(a + b + x)
        total += rate + np.logaddexp(stays, leaves - (r + x) * np.log(alpha + last))
    return float(total)


def spending(frame: pd.DataFrame, p: float, q: float, gamma: float, seed: int) -> pd.DataFrame:
    """The customers with a mean value of their repeat purchases each, drawn from Gamma-Gamma."""
    random = np.random.default_rng(seed)
    rate = random.gamma(q, 1 / gamma, len(frame))
    shape = p * np.maximum(frame["frequency"].to_numpy(float), 1)
    mean = random.gamma(shape, 1 / rate) / np.maximum(frame["frequency"].to_numpy(float), 1)
    return frame.assign(monetary=np.where(frame["frequency"] > 0, mean, 0.0))


def naive_values(parameters: Sequence[float], frame: pd.DataFrame) -> float:
    """Log-likelihood of Gamma-Gamma, row by row (Fader & Hardie 2013, equation 1a)."""
    p, q, gamma = parameters
    total = 0.0
    for x, mean in zip(frame["frequency"], frame["monetary"], strict=True):
        if x > 0:
            total += gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(gamma)
            total += (p * x - 1) * np.log(mean) + p * x * np.log(x) - (p * x + q) * np.log(gamma + x * mean)
    return float(total)


@pytest.mark.parametrize("number", range(len(SETTINGS)))
def test_no_search_finds_a_likelier_point(number: int) -> None:
    frame = base(number, 200)
    model = BetaGeo().fit(frame)
    found = (model.r_, model.alpha_, model.a_, model.b_)
    assert model.log_likelihood_ == pytest.approx(naive(found, frame), rel=1e-9)
    search = minimize(
        lambda logs: -naive(np.exp(logs), frame), np.log(found) + 0.3, method="Nelder-Mead", options={"maxfev": 250}
    )
    assert model.log_likelihood_ >= -search.fun - 1e-6
    for step in (*np.eye(4), *-np.eye(4)):
        assert naive(np.array(found) * np.exp(0.02 * step), frame) < model.log_likelihood_


@pytest.mark.parametrize("number", range(len(SETTINGS)))
def test_no_search_finds_likelier_values(number: int) -> None:
    frame = spending(base(number, 300), 4.0 + number, 3.0, 20.0 * 10**number, seed=number)
    model = GammaGamma().fit(frame)
    found = (model.p_, model.q_, model.gamma_)
    assert model.log_likelihood_ == pytest.approx(naive_values(found, frame), rel=1e-9)
    for step in (*np.eye(3), *-np.eye(3)):
        assert naive_values(np.array(found) * np.exp(0.02 * step), frame) < model.log_likelihood_


@pytest.mark.parametrize("number", range(len(SETTINGS)))
def test_expectations_are_those_of_an_integral_over_customers(number: int) -> None:
    r, alpha, a, b = SETTINGS[number]
    model = BetaGeo.of(r=r, alpha=alpha, a=a, b=b)
    frame = base(number, 60).iloc[::6].reset_index(drop=True)
    time = 1.7 * alpha
    for x, last, end, given, alive in zip(
        *(frame[name] for name in ("frequency", "recency", "T")),
        model.expected_future_purchases(time, frame), model.probability_alive(frame), strict=True,
    ):  # fmt: skip
        left = 0.0 if x == 0 else a / (b + x - 1) * ((alpha + end) / (alpha + last)) ** (r + x)
        assert alive == pytest.approx(1 / (1 + left), rel=1e-9)

        # While there: rates are gamma (r + x, alpha + T), probabilities to leave beta (a, b + x).
        def expected(p: float, x: float = x, end: float = end) -> float:
            reached = ((alpha + end) / (alpha + end + p * time)) ** (r + x)
            return float((1 - reached) / p * beta.pdf(p, a, b + x))

        mean, _ = quad(expected, 0, 1, limit=200)
        assert given == pytest.approx(alive * mean, rel=1e-5)


def test_new_customers_buy_as_often_as_a_simulation_of_them() -> None:
    r, alpha, a, b = SETTINGS[0]
    seen = simulated(np.full(40_000, 30.0), r, alpha, a, b, seed=9)["frequency"]
    expected = BetaGeo.of(r=r, alpha=alpha, a=a, b=b).expected_purchases(30.0)
    assert float(expected) == pytest.approx(seen.mean(), abs=4 * seen.std() / 200)
    # Nobody leaves before a repeat purchase, so how many make none is a negative binomial's.
    assert (seen == 0).mean() == pytest.approx(nbinom.pmf(0, r, alpha / (alpha + 30)), abs=0.01)
