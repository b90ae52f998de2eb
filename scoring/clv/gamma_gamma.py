"""Gamma-Gamma: what a purchase of a customer is worth on average, from what its purchases so far were worth.

Fader & Hardie (2013), "The Gamma-Gamma Model of Monetary Value". Purchases of a customer vary at random about a mean of
its own (shape p), and means are spread over customers by q and gamma. The fewer purchases a customer has made, the
closer its expected value is to that of all customers. How often and how much are taken to be independent.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from scoring.clv import histories
from scoring.clv.distinct import distinct
from scoring.clv.errors import NotFitted, UnusableHistory
from scoring.clv.gamma_gamma_likelihood import GammaGammaLikelihood
from scoring.clv.maximum import Parameter, maximise
from scoring.ranks import Floats

#: Three parameters are not asked of fewer repeat buyers.
LEAST_REPEAT_BUYERS = 20


class GammaGamma:
    """The Gamma-Gamma model.

    Attributes:
        p_: shape of the values of one customer's purchases.
        q_, gamma_: shape of the spread over customers, and its scale in the unit of the values.
        log_likelihood_: of all customers with a repeat purchase together, in the unit of the values.

    Example:
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"frequency": [2, 1, 0], "monetary": [22.35, 11.77, 0.0]})
        >>> GammaGamma.of(p=6.25, q=3.74, gamma=15.45).expected_average_value(frame).round(2).tolist()
        [24.67, 18.92, 35.24]
    """

    p_: float
    q_: float
    gamma_: float
    log_likelihood_: float

    @classmethod
    def of(cls, *, p: float, q: float, gamma: float) -> GammaGamma:
        """A model with parameters fitted before; it has no log_likelihood_."""
        values = {"p": p, "q": q, "gamma": gamma}
        for name, value in values.items():
            if not 0 < value < np.inf:
                raise ValueError(f"{name} is {value}; it has to be positive and finite.")
        model = cls()
        model.p_, model.q_, model.gamma_ = values.values()
        return model

    def fit(self, frame: pd.DataFrame) -> GammaGamma:
        """Maximum likelihood; the order of the rows does not change a bit of the result.

        Args:
            frame: one row per customer, columns frequency (repeat purchases) and monetary (mean value of these, in any
                unit). Customers without repeat purchases are left out, and their monetary is not read.

        Raises:
            UnusableHistory: a value is missing, or 0 or less, where there are repeat purchases; or too few have any.
            NotConverged: the likelihood has no usable maximum; nothing was set.
        """
        frequency, monetary = _read(frame)
        repeats = frequency > 0
        if repeats.sum() < LEAST_REPEAT_BUYERS:
            raise UnusableHistory(
                f"There are {int(repeats.sum()):,} customers with a repeat purchase; a fit needs "
                f"{LEAST_REPEAT_BUYERS}. Take a longer window or a wider scope."
            )
        rows = distinct([frequency[repeats], monetary[repeats]])
        found = maximise("Gamma-Gamma", GammaGammaLikelihood, rows, _search(rows.mean(1)))
        self.p_, self.q_, self.gamma_ = found.parameters
        self.log_likelihood_ = found.log_likelihood
        return self

    def expected_average_value(self, frame: pd.DataFrame) -> pd.Series[float]:
        """Mean value of a customer's future purchases, given those so far: equation 5; in the unit of the values.

        Without a repeat purchase it is the mean over all customers. NaN where the mean is not finite (which needs
        p x frequency + q above 1): the caller puts the mean over its base there. Columns and errors as in `fit`.
        """
        if not hasattr(self, "p_"):
            raise NotFitted("GammaGamma")
        frequency, monetary = _read(frame)
        weight = self.p_ * frequency + self.q_ - 1
        spent = np.where(frequency > 0, frequency * monetary, 0)
        value = np.where(weight > 0, self.p_ * (self.gamma_ + spent) / np.where(weight > 0, weight, 1), np.nan)
        return pd.Series(value, index=frame.index, name="average_value")


def _read(frame: pd.DataFrame) -> tuple[Floats, Floats]:
    frequency = histories.column(frame, "frequency")
    histories.whole_numbers(frequency, frame)
    monetary = histories.numbers(frame, "monetary")
    repeats = frequency > 0
    histories.refuse(
        repeats & ~np.isfinite(monetary),
        frame,
        "monetary is missing or infinite though there are repeat purchases",
        "Give the mean value of the repeat purchases.",
    )
    histories.refuse(
        repeats & (monetary <= 0),
        frame,
        "monetary is 0 or less though there are repeat purchases",
        "The model knows positive values alone: leave these customers out, or use revenue where margins are negative.",
    )
    return frequency, monetary


def _search(mean: float) -> list[Parameter]:
    alike = "the mean values of all customers were alike"
    return [
        Parameter("p", 2.0, 1e-3, 1e4, "values had no typical size", "all purchases of a customer were worth the same"),
        Parameter("q", 2.0, 1e-2, 1e3, "the mean values of customers had no limit", alike),
        Parameter("gamma", mean / 2, 1e-6 * mean, 1e6 * mean, "values had no scale", alike),
    ]
