"""Customer lifetime value as the model asks for it: fitted to the customers, then worked out account by account.

`retention`: the yearly margin goes on with the retention of the base (Gupta & Lehmann 2003). `repeat_orders`: BG/NBD
(Fader, Hardie & Lee 2005) says how many days with an order are still to come, Gamma-Gamma (Fader & Hardie 2013) what
one is worth; where an account's orders brought nothing, their own mean stands as it is. Worth is the value score's
basis, margin or revenue, before cost to serve. Where a fit was refused nobody has a value, and the note says why.

`scoring.clv` brings scipy, so it is imported where a model asks for it: every command would pay for it otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from scoring.model.lifetime import LifetimeRules
from scoring.model.shape import Model
from scoring.money import SCALE
from scoring.ranks import Floats, Ints

#: Customers of the window before, below which no retention is measured.
LEAST_CUSTOMERS = 30
_ENDS = ("first", "last")
#: How far ahead repeat orders are counted unless the model says.
YEARS = 5


@dataclass(frozen=True)
class Fitted:
    """What was fitted.

    Attributes:
        retention: per year; None with repeat orders.
        orders: r, alpha, a and b of BG/NBD, in days.
        values: p, q and gamma of Gamma-Gamma, in 1/10,000 of the currency; empty where it could not be fitted.
        mean: worth of a day with an order over the base, 1/10,000; for accounts whose own is not known.
    """

    customers: int
    retention: float | None = None
    orders: tuple[float, ...] = ()
    values: tuple[float, ...] = ()
    mean: float = 0.0


@dataclass(frozen=True)
class Values:
    """Per account, the last four with repeat orders alone.

    Attributes:
        amounts: lifetime value, 1/10,000; `known`: who has one.
        alive: probability to be a customer still; NaN with retention.
        expected: days with an order to come within the horizon, each discounted to today; NaN with retention.
        each: worth of one of them, 1/10,000; NaN with retention.
        by_mean: whether that is a mean because Gamma-Gamma does not apply.
    """

    amounts: Ints
    known: npt.NDArray[np.bool_]
    alive: Floats
    expected: Floats
    each: Floats
    by_mean: npt.NDArray[np.bool_]


def fit(customers: pd.DataFrame, basis: Ints, model: Model, as_of: date) -> tuple[Fitted | None, str]:
    """The fit to the customers in scope, or None, and a sentence for the administrator.

    Args:
        customers: columns of `scoring.features.build`; `basis`: what each brought in the window, 1/10,000.
    """
    rules = model.clv
    if rules is None:
        return None, ""
    return _retention(customers, rules, model) if rules.method == "retention" else _repeat(customers, basis, as_of)


def _retention(customers: pd.DataFrame, rules: LifetimeRules, model: Model) -> tuple[Fitted | None, str]:
    if rules.retention is not None:
        return Fitted(len(customers), rules.retention), ""
    before = customers["revenue_before"].gt(0)
    stayed, known = int((before & customers["transactions"].gt(0)).sum()), int(before.sum())
    if known < LEAST_CUSTOMERS:
        return None, (
            f"No lifetime value: {known:,} customers bought in the window before, {LEAST_CUSTOMERS} are needed to "
            "measure retention. Give `clv: retention`."
        )
    yearly = (stayed / known) ** (12 / model.value.windows.months)
    if rules.years is None and yearly * (1 + rules.growth) >= 1 + rules.discount:
        return None, f"No lifetime value: with a retention of {100 * yearly:.1f} % it has no limit. Give `clv: years`."
    return Fitted(len(customers), float(f"{yearly:.6g}")), (
        f"Lifetime value: {stayed:,} of {known:,} customers of the window before bought again, a retention of "
        f"{100 * yearly:.1f} % a year."
    )


def _repeat(customers: pd.DataFrame, basis: Ints, as_of: date) -> tuple[Fitted | None, str]:
    from scoring.clv import BetaGeo, GammaGamma, NotConverged, UnusableHistory

    bought = _bought(customers, as_of)
    history = _history(customers[bought], as_of)
    try:
        orders = BetaGeo().fit(history)
    except (UnusableHistory, NotConverged) as error:
        return None, f"No lifetime value: {_sentence(error)}"
    worth = _worth(customers[bought], basis[bought])
    seen = worth[worth["frequency"] > 0]
    mean = float(np.average(seen["monetary"], weights=seen["frequency"])) if len(seen) else 0.0
    positive = worth[(worth["frequency"] > 0) & (worth["monetary"] > 0)]
    parameters = tuple(float(f"{value:.9g}") for value in (orders.r_, orders.alpha_, orders.a_, orders.b_))
    note = f"Lifetime value: repeat orders are fitted to {len(history):,} customers."
    try:
        spent = GammaGamma().fit(positive)
    except (UnusableHistory, NotConverged) as error:
        return Fitted(
            len(history), None, parameters, (), mean
        ), f"{note} Their worth is each one's mean: {_sentence(error)}"
    values = tuple(float(f"{value:.9g}") for value in (spent.p_, spent.q_, spent.gamma_))
    return Fitted(len(history), None, parameters, values, mean), note


def _sentence(error: Exception) -> str:
    text = str(error)
    return text if text.endswith(".") else f"{text}."


def _bought(frame: pd.DataFrame, as_of: date) -> npt.NDArray[np.bool_]:
    first = pd.to_datetime(frame["first_transaction_on"])
    return np.asarray(frame["transaction_days_ever"].gt(0) & first.notna() & (first < pd.Timestamp(as_of)))


def _history(frame: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Repeat days with an order, days from the first to the last, and from the first to the date scored for."""
    first, last = (pd.to_datetime(frame[f"{end}_transaction_on"]) for end in _ENDS)
    return pd.DataFrame(
        {
            "frequency": frame["transaction_days_ever"].astype(float) - 1,
            "recency": (last - first).dt.days.astype(float),
            "T": (pd.Timestamp(as_of) - first).dt.days.astype(float),
        }
    )


def _worth(frame: pd.DataFrame, basis: Ints) -> pd.DataFrame:
    """Days with an order in the window, about, and the mean worth of one: where orders share a day, so do they."""
    orders = frame["transactions"].to_numpy(float)
    a_day = frame["transactions_ever"].to_numpy(float) / np.maximum(frame["transaction_days_ever"].to_numpy(float), 1)
    days = np.where(orders > 0, np.maximum(np.round(orders / np.maximum(a_day, 1)), 1), 0)
    return pd.DataFrame({"frequency": days, "monetary": basis / np.maximum(days, 1)}, index=frame.index)


def values(fitted: Fitted | None, frame: pd.DataFrame, basis: Ints, model: Model, as_of: date) -> Values | None:
    """Lifetime values of the accounts of `frame`; None where nothing is fitted."""
    rules = model.clv
    if fitted is None or rules is None:
        return None
    if fitted.retention is not None:
        return _retained(fitted.retention, frame, basis, rules, model)
    from scoring.clv import BetaGeo, discounted_purchases

    bought = _bought(frame, as_of)
    amounts, by_mean = np.zeros(len(frame)), np.zeros(len(frame), dtype=bool)
    alive, expected, each = (np.full(len(frame), np.nan) for _ in range(3))
    if bought.any():
        r, alpha, a, b = fitted.orders
        orders, history = BetaGeo.of(r=r, alpha=alpha, a=a, b=b), _history(frame[bought], as_of)
        years = rules.years or YEARS
        found = discounted_purchases(orders, history, years=years, discount=rules.discount, unit="days").to_numpy(float)
        alive[bought] = orders.probability_alive(history).to_numpy(float)
        expected[bought] = found
        each[bought], by_mean[bought] = _each(fitted, _worth(frame[bought], basis[bought]))
        amounts[bought] = found * each[bought]
    return Values(_whole(amounts), bought, alive, expected, each, by_mean)


def history(found: Values | None, frame: pd.DataFrame, shown: npt.NDArray[np.bool_]) -> list[dict[str, Any] | None]:
    """What a value by repeat orders was worked out from, so that a person can trace it; None where there is none.

    Keys: days (with an order), first, last (ISO dates), to_come (days with an order, discounted), each (worth of one,
    1/10,000), by_mean. Nothing in it moves with the clock but what the value itself moves with. Numbers are floats: as
    Arrow reads a column of these back, a whole number would be one only as long as every account beside it has a value.
    """
    if found is None or np.isnan(found.expected).all():
        return [None] * len(frame)
    ends = (pd.to_datetime(frame[f"{end}_transaction_on"]).dt.strftime("%Y-%m-%d").tolist() for end in _ENDS)
    counts = (frame["transaction_days_ever"].tolist(), found.expected.tolist(), found.each.tolist())
    return [
        {"days": float(days), "first": first, "last": last, "to_come": round(more, 1), "each": float(_whole(each)),
         "by_mean": mean} if known else None
        for known, days, more, each, first, last, mean in zip(
            (found.known & shown).tolist(), *counts, *ends, found.by_mean.tolist(), strict=True
        )
    ]  # fmt: skip


def _each(fitted: Fitted, worth: pd.DataFrame) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Worth of a day with an order to come: by Gamma-Gamma if that may be, else the account's mean, or the base's; and
    where it is a mean."""
    from scoring.clv import GammaGamma

    days, own = worth["frequency"].to_numpy(float), worth["monetary"].to_numpy(float)
    simple = np.where(days > 0, own, fitted.mean)
    if not fitted.values:
        return simple, np.ones(len(worth), dtype=bool)
    p, q, gamma = fitted.values
    asked = worth.assign(frequency=np.where(own > 0, days, 0))
    shrunk = GammaGamma.of(p=p, q=q, gamma=gamma).expected_average_value(asked).to_numpy(float)
    by_mean = ((days > 0) & (own <= 0)) | ~np.isfinite(shrunk)
    return np.where(by_mean, simple, shrunk), by_mean


def _retained(retention: float, frame: pd.DataFrame, basis: Ints, rules: LifetimeRules, model: Model) -> Values:
    from scoring.clv import retained_margin

    yearly = basis * (12 / model.value.windows.months)
    amounts = retained_margin(yearly, retention, rules.discount, growth=rules.growth, years=rules.years)
    unknown, no = np.full(len(frame), np.nan), np.zeros(len(frame), dtype=bool)
    return Values(_whole(amounts), np.asarray(frame["transactions"].to_numpy() > 0), unknown, unknown, unknown, no)


def _whole(amounts: Floats | float) -> Ints:
    """To whole units of the currency: further digits would only make a result look new."""
    return np.asarray(np.round(np.asarray(amounts) / SCALE) * SCALE, dtype=np.int64)
