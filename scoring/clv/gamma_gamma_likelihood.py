"""Log-likelihood of Gamma-Gamma with its first and second derivatives, summed over the different customers.

Fader & Hardie (2013), "The Gamma-Gamma Model of Monetary Value", equation 1a, in logarithms: with x purchases of mean
value m, a customer adds

    ln G(px+q) - ln G(px) - ln G(q) + q ln gamma + px ln(x m) - ln m - (px+q) ln(gamma + x m)
"""

from __future__ import annotations

import numpy as np

from scoring.clv.distinct import Distinct
from scoring.clv.maximum import Evaluation, dot, total
from scoring.clv.special import digamma, log_gamma, trigamma
from scoring.ranks import Floats


class GammaGammaLikelihood:
    """Called with (p, q, gamma), gives the evaluation over all customers.

    Args:
        customers: the different ones, columns frequency and monetary, both above 0.
    """

    def __init__(self, customers: Distinct) -> None:
        by_frequency = customers.sums(0, customers.customers)
        self._frequencies = customers.tables[0][by_frequency > 0], by_frequency[by_frequency > 0]
        self._customers = customers.customers
        self._purchases = customers.customers * customers.column(0)
        self._spent = customers.column(0) * customers.column(1)
        self._log_spent = dot(self._purchases, np.log(self._spent))
        self._log_mean = dot(self._customers, np.log(customers.column(1)))

    def __call__(self, parameters: Floats) -> Evaluation:
        p, q, gamma = parameters.tolist()
        return total([self._counts(p, q, gamma), self._values(p, q, gamma)])

    def _counts(self, p: float, q: float, gamma: float) -> Evaluation:
        """The terms that depend on the number of purchases alone."""
        x, n = self._frequencies
        everyone = float(n.sum())
        shape = p * x
        value = dot(n, log_gamma(shape + q) - log_gamma(shape) - log_gamma(q)) + everyone * q * np.log(gamma)
        both = digamma(shape + q)
        by_q = dot(n, both - digamma(q)) + everyone * np.log(gamma)
        gradient = np.array([dot(n * x, both - digamma(shape)), by_q, everyone * q / gamma])
        curved = trigamma(shape + q)
        hessian = np.zeros((3, 3))
        hessian[0, 0] = dot(n * x**2, curved - trigamma(shape))
        hessian[0, 1] = hessian[1, 0] = dot(n * x, curved)
        hessian[1, 1] = dot(n, curved - trigamma(q))
        hessian[1, 2] = hessian[2, 1] = everyone / gamma
        hessian[2, 2] = -everyone * q / gamma**2
        return Evaluation(value, gradient, hessian)

    def _values(self, p: float, q: float, gamma: float) -> Evaluation:
        """The terms that depend on what was spent."""
        inverse = 1 / (gamma + self._spent)
        logarithm = np.log(gamma + self._spent)
        of_purchases, of_customers = dot(self._purchases, logarithm), dot(self._customers, logarithm)
        per_purchase, per_customer = dot(self._purchases, inverse), dot(self._customers, inverse)
        hessian = np.zeros((3, 3))
        hessian[0, 2] = hessian[2, 0] = -per_purchase
        hessian[1, 2] = hessian[2, 1] = -per_customer
        hessian[2, 2] = p * dot(self._purchases, inverse**2) + q * dot(self._customers, inverse**2)
        return Evaluation(
            p * (self._log_spent - of_purchases) - self._log_mean - q * of_customers,
            np.array([self._log_spent - of_purchases, -of_customers, -p * per_purchase - q * per_customer]),
            hessian,
        )
