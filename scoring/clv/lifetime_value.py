"""What customers are worth today: margin and retention, or expected purchases times their value, discounted.

Money is in any unit and comes out in the same; rates are per year, 0.1 for 10 %. Everything is before the cost of
winning the customer, and before cost to serve unless the margin given is after it.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from scoring.clv.beta_geo import BetaGeo
from scoring.ranks import Floats

Unit = Literal["days", "weeks"]
#: Length of a year in the unit of the histories.
YEAR: dict[Unit, float] = {"days": 365.25, "weeks": 365.25 / 7}
#: Points at which expected purchases are taken; up to ten years more points change a result by less than 1e-5 of it.
_NODES = 16


def retained_margin(
    margin: ArrayLike,
    retention: ArrayLike,
    discount: float,
    *,
    growth: float = 0.0,
    years: int | None = None,
    paid: Literal["end", "begin"] = "end",
) -> Floats:
    """Lifetime value of a yearly margin m that goes on with probability r from each year to the next.

    Source: Gupta & Lehmann (2003), "Customers as Assets": m r / (1 + i - r), the sum of m (r / (1 + i))^t over
    all years t from 1. Growth, a number of years and the moment of payment change that sum; with growth it comes to
    m r / (1 + i - r (1 + g)).

    Args:
        margin: m, the margin of the first year that is counted; may be negative. Broadcast against `retention`.
        retention: r, 0 to 1.
        discount: i per year, from 0.
        growth: g, by which the margin grows from one counted year to the next.
        years: how many payments are counted; None for all.
        paid: "end": payments at the ends of years, the first in a year and only if the customer stays for it, as in
            the source. "begin": at the beginnings, the first now and certain, so the value is m (1 + i) / (1 + i - r).

    Returns:
        One value per margin and retention.

    Raises:
        ValueError: a rate is outside its range or not finite, or without a number of years the value has no limit
            because r (1 + g) is not below 1 + i.
    """
    margins, kept = np.asarray(margin, dtype=np.float64), np.asarray(retention, dtype=np.float64)
    _check_rates(kept, discount, growth, years)
    if not np.isfinite(margins).all():
        raise ValueError("A margin is missing or infinite.")
    ratio = kept * (1 + growth) / (1 + discount)
    first = kept / (1 + discount) if paid == "end" else np.ones_like(kept)
    if years is None:
        if (ratio >= 1).any():
            raise ValueError("Retention x (1 + growth) reaches 1 + discount: the value has no limit. Give years.")
        return np.asarray(margins * first / (1 - ratio), dtype=np.float64)
    payments = np.sum([ratio**year for year in range(years)], axis=0)
    return np.asarray(margins * first * payments, dtype=np.float64)


def discounted_purchases(
    model: BetaGeo, frame: pd.DataFrame, *, years: float, discount: float, unit: Unit
) -> pd.Series[float]:
    """Purchases that a customer is expected to make in the coming years, each discounted from its moment to today.

    Today is the end of the windows. With E(t) the purchases expected until t (Fader, Hardie & Lee 2005, equation 10)
    and d = ln(1 + discount) it is the integral of exp(-d t) dE(t), which by parts is exp(-d H) E(H) plus d times the
    integral of exp(-d t) E(t) up to the horizon H, here by Gauss and Legendre.

    Args:
        frame: columns and errors as in `BetaGeo.fit`.
        years: the horizon, above 0.
        discount: per year, from 0.
        unit: time unit of the frame and of the model.

    Returns:
        One number per row, at most the undiscounted expectation.
    """
    _check_rates(np.zeros(1), discount, 0.0, None)
    if not 0 < years < np.inf:
        raise ValueError(f"years is {years}; it has to be positive and finite.")
    force = float(np.log1p(discount))
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    moments = [(years, np.exp(-force * years))]
    if force > 0:
        at = (nodes + 1) / 2 * years
        moments += zip(at.tolist(), (force * np.exp(-force * at) * weights / 2 * years).tolist(), strict=True)
    discounted = np.zeros(len(frame))
    for moment, weight in moments:
        discounted += weight * model.expected_future_purchases(moment * YEAR[unit], frame).to_numpy(np.float64)
    return pd.Series(discounted, index=frame.index, name="discounted_purchases")


def discounted_value(
    model: BetaGeo,
    frame: pd.DataFrame,
    value_per_purchase: pd.Series[float],
    *,
    years: float,
    discount: float,
    unit: Unit,
) -> pd.Series[float]:
    """Discounted expected purchases times what one is worth: Fader, Hardie & Lee (2005), "RFM and CLV".

    Args:
        value_per_purchase: per row of the frame, with the same index: `GammaGamma.expected_average_value`, times the
            margin rate if that was fitted to revenue.
        frame, years, discount, unit: as in `discounted_purchases`.

    Raises:
        ValueError: a value is missing or infinite, or its index is not the frame's.
    """
    if not value_per_purchase.index.equals(frame.index):
        raise ValueError("value_per_purchase and the frame need the same index.")
    values = value_per_purchase.to_numpy(np.float64)
    if not np.isfinite(values).all():
        raise ValueError("A value per purchase is missing or infinite. Put the mean over the base there.")
    purchases = discounted_purchases(model, frame, years=years, discount=discount, unit=unit)
    return pd.Series(purchases.to_numpy(np.float64) * values, index=frame.index, name="discounted_value")


def customer_equity(values: ArrayLike) -> float:
    """The sum of the lifetime values of all customers: Rust, Lemon & Zeithaml (2004). 0 without customers.

    Raises:
        ValueError: a value is missing or infinite.
    """
    amounts = np.asarray(values, dtype=np.float64)
    if not np.isfinite(amounts).all():
        raise ValueError("A lifetime value is missing or infinite.")
    return float(amounts.sum())


def _check_rates(retention: Floats, discount: float, growth: float, years: int | None) -> None:
    if not ((retention >= 0) & (retention <= 1)).all():
        raise ValueError("A retention is not between 0 and 1.")
    if not 0 <= discount < np.inf:
        raise ValueError(f"The discount is {discount}; it has to be 0 or greater, and finite.")
    if not -1 < growth < np.inf:
        raise ValueError(f"The growth is {growth}; it has to be above -1, and finite.")
    if years is not None and years < 1:
        raise ValueError(f"years is {years}; count one payment at least.")
