"""BG/NBD: how often a customer will buy again, and whether it still does, from how often it bought and when last.

Fader, Hardie & Lee (2005), "Counting Your Customers the Easy Way: An Alternative to the Pareto/NBD Model", Marketing
Science 24 (2). A customer buys at random at a rate of its own, and after each repeat purchase leaves for good with a
probability of its own; rates are spread by a gamma distribution (r, alpha), probabilities by a beta one (a, b).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from scoring.clv import histories
from scoring.clv.beta_geo_expectation import before_leaving
from scoring.clv.beta_geo_likelihood import BetaGeoLikelihood
from scoring.clv.distinct import Distinct, distinct
from scoring.clv.errors import NotFitted, UnusableHistory
from scoring.clv.histories import Histories
from scoring.clv.maximum import Parameter, maximise
from scoring.clv.special import logistic
from scoring.ranks import Floats

#: Four parameters are not asked of fewer customers, nor of fewer repeat buyers among them.
LEAST_CUSTOMERS = 50
LEAST_REPEAT_BUYERS = 20


class BetaGeo:
    """The BG/NBD model.

    Attributes:
        r_, alpha_: shape and rate of the purchase rates; alpha in the time unit of the data.
        a_, b_: of the probabilities to leave after a repeat purchase.
        log_likelihood_: of all customers together, in the time unit of the data.

    Example:
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"frequency": [2, 0], "recency": [30.43, 0.0], "T": [38.86, 38.86]})
        >>> model = BetaGeo.of(r=0.243, alpha=4.414, a=0.793, b=2.426)
        >>> model.probability_alive(frame).round(3).tolist()
        [0.727, 1.0]
        >>> model.expected_future_purchases(39, frame).round(3).tolist()
        [1.226, 0.195]
        >>> model.expected_purchases([52, 104]).round(3).tolist()
        [1.446, 2.203]
    """

    r_: float
    alpha_: float
    a_: float
    b_: float
    log_likelihood_: float

    @classmethod
    def of(cls, *, r: float, alpha: float, a: float, b: float) -> BetaGeo:
        """A model with parameters fitted before; it has no log_likelihood_."""
        values = {"r": r, "alpha": alpha, "a": a, "b": b}
        for name, value in values.items():
            if not 0 < value < np.inf:
                raise ValueError(f"{name} is {value}; it has to be positive and finite.")
        model = cls()
        model.r_, model.alpha_, model.a_, model.b_ = values.values()
        return model

    def fit(self, frame: pd.DataFrame) -> BetaGeo:
        """Maximum likelihood; the order of the rows does not change a bit of the result.

        Args:
            frame: one row per customer that ever bought, columns frequency (repeat purchases), recency (first purchase
                to last) and T (first purchase to the end of the window), the two in one unit.

        Raises:
            UnusableHistory: the frame cannot be what it is said to be, or holds too few customers.
            NotConverged: the likelihood has no usable maximum; nothing was set.
        """
        seen = histories.read(frame)
        _enough(seen)
        rows = distinct([seen.frequency, seen.recency, seen.length])
        found = maximise("BG/NBD", BetaGeoLikelihood, rows, _search(rows))
        self.r_, self.alpha_, self.a_, self.b_ = found.parameters
        self.log_likelihood_ = found.log_likelihood
        return self

    def probability_alive(self, frame: pd.DataFrame) -> pd.Series[float]:
        """Probability that a customer has not left by the end of its window; 1 without a repeat purchase.

        Source: Fader & Hardie (2008), "Computing P(alive) Using the BG/NBD Model". Columns and errors as in `fit`.
        """
        return pd.Series(self._alive(histories.read(frame)), index=frame.index, name="probability_alive")

    def expected_purchases(self, t: ArrayLike) -> Floats:
        """Purchases that a new customer makes after its first one, until t: equation 9; shaped like t.

        Args:
            t: time from the first purchase, from 0, in the unit of the data.
        """
        self._fitted()
        return self._while_alive(_times(t), np.zeros(1), np.zeros(1)).reshape(np.shape(t))

    def expected_future_purchases(self, t: ArrayLike, frame: pd.DataFrame) -> pd.Series[float]:
        """Purchases in the time t after the end of a customer's window, given its history: equation 10.

        Args:
            t: from 0, in the unit of the data; one for all, or one per row.
            frame: columns and errors as in `fit`.
        """
        seen = histories.read(frame)
        times = _times(t)
        if times.shape not in ((), seen.length.shape):
            raise ValueError(f"t has shape {times.shape}; give one time, or one per row of the {len(frame)}.")
        times = np.broadcast_to(times, seen.length.shape)
        expected = self._alive(seen) * self._while_alive(times, seen.frequency, seen.length)
        return pd.Series(expected, index=frame.index, name="expected_purchases")

    def _alive(self, seen: Histories) -> Floats:
        self._fitted()
        log_odds = np.log(self.a_ / (self.b_ + np.maximum(seen.frequency, 1) - 1))
        time = np.log((self.alpha_ + seen.length) / (self.alpha_ + seen.recency))
        return np.where(seen.frequency > 0, logistic(-log_odds - (self.r_ + seen.frequency) * time), 1.0)

    def _while_alive(self, t: Floats, frequency: Floats, length: Floats) -> Floats:
        """Expected purchases of a customer known to be there at the end of its window."""
        passed = t / (self.alpha_ + length)
        return before_leaving(self.r_ + frequency, self.a_, self.b_ + frequency, passed)

    def _fitted(self) -> None:
        if not hasattr(self, "r_"):
            raise NotFitted("BetaGeo")


def _enough(seen: Histories) -> None:
    customers, repeat_buyers = len(seen.frequency), int((seen.frequency > 0).sum())
    if customers < LEAST_CUSTOMERS or repeat_buyers < LEAST_REPEAT_BUYERS:
        raise UnusableHistory(
            f"There are {customers:,} customers, {repeat_buyers:,} of them with a repeat purchase; a fit needs "
            f"{LEAST_CUSTOMERS} and {LEAST_REPEAT_BUYERS}. Take a longer window or a wider scope."
        )


def _search(rows: Distinct) -> list[Parameter]:
    mean_length, mean_frequency = rows.mean(2), rows.mean(0)
    alpha = mean_length / mean_frequency
    one_rate, one_risk = "all customers bought at one rate", "all customers left with one probability"
    return [
        Parameter("r", 1.0, 1e-3, 1e3, "hardly any customer ever bought again", one_rate),
        Parameter("alpha", alpha, 1e-6 * mean_length, 1e6 * mean_length, "rates had no scale", one_rate),
        Parameter("a", 1.0, 1e-3, 1e3, "no customer ever left", one_risk),
        Parameter(
            "b",
            3.0,
            1e-3,
            1e3,
            "every customer left after one repeat purchase",
            f"no customer ever left, or {one_risk}",
        ),
    ]


def _times(t: ArrayLike) -> Floats:
    times = np.asarray(t, dtype=np.float64)
    if not (np.isfinite(times).all() and (times >= 0).all()):
        raise ValueError("t has to be 0 or greater, and finite.")
    return times
