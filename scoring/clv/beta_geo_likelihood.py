"""Log-likelihood of BG/NBD with its first and second derivatives, summed over the different histories.

Fader, Hardie & Lee (2005), "Counting Your Customers the Easy Way", in logarithms: with x repeat purchases,
the last at t, watched for T, a customer adds

    ln G(r+x) - ln G(r) + r ln alpha + ln G(a+b) + ln G(b+x) - ln G(b) - ln G(a+b+x)      (purchases alone)
    - (r+x) ln(alpha+T)                                                                   (the time watched)
    + ln(1 + exp u),   u = ln(a / (b+x-1)) + (r+x) ln((alpha+T) / (alpha+t))              (leaving, for x > 0)

and 1 / (1 + exp -u) is the probability that the customer has left.
"""

from __future__ import annotations

import numpy as np

from scoring.clv.distinct import Distinct
from scoring.clv.maximum import Evaluation, dot, total
from scoring.clv.special import digamma, log_gamma, trigamma
from scoring.ranks import Floats

#: Histories worked at once: their intermediate results stay in the processor's cache.
CHUNK = 16_384


class BetaGeoLikelihood:
    """Called with (r, alpha, a, b), gives the evaluation over all customers.

    Args:
        histories: the different ones, columns frequency, recency and T.
    """

    def __init__(self, histories: Distinct) -> None:
        self._histories = histories
        self._first_repeater = int(np.searchsorted(histories.column(0), 1))
        by_frequency = histories.sums(0, histories.customers)
        self._frequencies = histories.tables[0][by_frequency > 0], by_frequency[by_frequency > 0]
        purchases = histories.customers * histories.column(0)
        self._watched = histories.sums(2, histories.customers), histories.sums(2, purchases)

    def __call__(self, parameters: Floats) -> Evaluation:
        r, alpha, a, b = parameters.tolist()
        parts = [self._purchases(r, alpha, a, b), self._time(r, alpha)]
        tables = _Tables(self._histories, r, alpha, a, b)
        for start in range(self._first_repeater, len(self._histories.customers), CHUNK):
            parts.append(tables.leaving(slice(start, start + CHUNK)))
        return total(parts)

    def _purchases(self, r: float, alpha: float, a: float, b: float) -> Evaluation:
        x, n = self._frequencies
        everyone = float(n.sum())
        gamma = log_gamma(r + x) - log_gamma(r) + log_gamma(b + x) - log_gamma(b) + log_gamma(a + b)
        value = dot(n, gamma - log_gamma(a + b + x)) + everyone * r * np.log(alpha)
        buys = dot(n, digamma(r + x) - digamma(r))
        leaves = dot(n, digamma(a + b) - digamma(a + b + x))
        stays = dot(n, digamma(b + x) - digamma(b))
        gradient = np.array([buys + everyone * np.log(alpha), everyone * r / alpha, leaves, leaves + stays])
        hessian = np.zeros((4, 4))
        hessian[0, 0] = dot(n, trigamma(r + x) - trigamma(r))
        hessian[0, 1] = hessian[1, 0] = everyone / alpha
        hessian[1, 1] = -everyone * r / alpha**2
        hessian[2:, 2:] = dot(n, trigamma(a + b) - trigamma(a + b + x))
        hessian[3, 3] += dot(n, trigamma(b + x) - trigamma(b))
        return Evaluation(value, gradient, hessian)

    def _time(self, r: float, alpha: float) -> Evaluation:
        end = alpha + self._histories.tables[2]
        customers, purchases = self._watched
        intensity, logarithm, inverse = r * customers + purchases, np.log(end), 1 / end
        hessian = np.zeros((4, 4))
        hessian[0, 1] = hessian[1, 0] = -dot(customers, inverse)
        hessian[1, 1] = dot(intensity, inverse**2)
        gradient = np.array([-dot(customers, logarithm), -dot(intensity, inverse), 0, 0])
        return Evaluation(-dot(intensity, logarithm), gradient, hessian)


class _Tables:
    """What leaving needs at one point, per different frequency, recency and T instead of per history."""

    def __init__(self, histories: Distinct, r: float, alpha: float, a: float, b: float) -> None:
        frequency, recency, length = histories.tables
        self._histories, self._a = histories, a
        self._intensity = r + frequency
        self._risk = 1 / (b + np.maximum(frequency, 1) - 1)
        self._log_odds = np.log(a * self._risk)
        self._log_last, self._per_last = np.log(alpha + recency), 1 / (alpha + recency)
        self._log_end, self._per_end = np.log(alpha + length), 1 / (alpha + length)

    def leaving(self, rows: slice) -> Evaluation:
        """The term of leaving for histories with repeat purchases."""
        frequency, recency, length = (place[rows] for place in self._histories.places)
        n, risk, intensity = self._histories.customers[rows], self._risk[frequency], self._intensity[frequency]
        per_end, per_last = self._per_end[length], self._per_last[recency]
        by_r = self._log_end[length] - self._log_last[recency]
        by_alpha = intensity * (per_end - per_last)
        u = self._log_odds[frequency] + intensity * by_r
        small = np.exp(-np.abs(u))
        share = 1 / (1 + small)
        left = n * share * np.where(u > 0, 1, small)
        value = dot(n, np.maximum(u, 0) + np.log1p(small))
        gradient = np.array([dot(left, by_r), dot(left, by_alpha), left.sum() / self._a, -dot(left, risk)])
        hessian = self._slopes_squared(n * small * share**2, by_r, by_alpha, risk)
        hessian[0, 1] += dot(left, per_end - per_last)
        hessian[1, 1] -= dot(left * by_alpha, per_end + per_last)
        hessian[2, 2] -= left.sum() / self._a**2
        hessian[3, 3] += dot(left * risk, risk)
        return Evaluation(value, gradient, np.triu(hessian) + np.triu(hessian, 1).T)

    def _slopes_squared(self, n: Floats, by_r: Floats, by_alpha: Floats, risk: Floats) -> Floats:
        """Upper triangle of the sum of n times the products of u's slopes, which are 1/a by a and -risk by b."""
        by_r_n, by_alpha_n, risk_n = n * by_r, n * by_alpha, n * risk
        hessian = np.zeros((4, 4))
        hessian[0] = dot(by_r_n, by_r), dot(by_r_n, by_alpha), by_r_n.sum() / self._a, -dot(by_r_n, risk)
        hessian[1, 1:] = dot(by_alpha_n, by_alpha), by_alpha_n.sum() / self._a, -dot(by_alpha_n, risk)
        hessian[2, 2:] = n.sum() / self._a**2, -risk_n.sum() / self._a
        hessian[3, 3] = dot(risk_n, risk)
        return hessian
