"""What a customer is worth: the basis (margin or revenue in the window) and the value score, 0-100.

The basis is taken before cost to serve, which has its own axis. Margin is revenue minus product cost; revenue whose
product cost is not known enters at the margin rate of all revenue whose cost is. All amounts are int64 in units of
1/10,000 of the currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd

from scoring import ranks
from scoring.model_types import Model
from scoring.ranks import Floats, Ints

Basis = Literal["margin", "revenue"]


@dataclass(frozen=True)
class ValueScale:
    """What the value axis was fitted to.

    Attributes:
        basis: "margin" or "revenue", one for all customers.
        margin_rate: margin per unit of revenue where product cost is known.
        limits: limits of `scoring.ranks` per component of the value score.
    """

    basis: Basis = "revenue"
    margin_rate: float = 0.0
    limits: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


def fit(customers: pd.DataFrame, model: Model, as_of: date) -> ValueScale:
    """Fits the scale to the customers in scope (columns of `scoring.features.build`)."""
    known = int(customers["revenue_cost_known"].sum())
    rate = (known - int(customers["product_cost"].sum())) / known if known > 0 else 0.0
    basis = _basis(known, int(customers["revenue"].sum()), model)
    scale = ValueScale(basis, rate)
    inputs = _inputs(customers, amount(customers, model, scale), as_of)
    limits = {name: ranks.fit(values[counts]) for name, (values, counts) in inputs.items()}
    return ValueScale(basis, rate, limits)


def _basis(known: int, revenue: int, model: Model) -> Basis:
    if model.value.basis != "auto":
        return model.value.basis
    return "margin" if known > 0 and known >= model.value.cost_known_share * revenue else "revenue"


def amount(frame: pd.DataFrame, model: Model, scale: ValueScale) -> Ints:
    """Basis per account. Where discounts are a cost to serve, it is taken before discounts."""
    revenue = frame["revenue"].to_numpy(np.int64)
    before_discount = frame["discount"].to_numpy(np.int64) if model.cost_to_serve.money.discount else 0
    if scale.basis == "revenue":
        return np.asarray(revenue + before_discount, dtype=np.int64)
    known = frame["revenue_cost_known"].to_numpy(np.int64)
    rest = revenue - known
    # A negative rest is a reduction of the order as a whole: it lowers the margin by all of it.
    estimated = np.where(rest > 0, np.round(rest * scale.margin_rate), rest).astype(np.int64)
    return np.asarray(known - frame["product_cost"].to_numpy(np.int64) + estimated + before_discount, dtype=np.int64)


def points(frame: pd.DataFrame, basis: Ints, scale: ValueScale, as_of: date) -> dict[str, Floats]:
    """Points per component of the value score (money, recency, frequency), each 0-100."""
    inputs = _inputs(frame, basis, as_of)
    return {
        name: np.where(counts, ranks.points(values, scale.limits.get(name, ())), 0.0)
        for name, (values, counts) in inputs.items()
    }


def score(components: Mapping[str, Floats], model: Model) -> Floats:
    """Value score: the weighted mean of the components, 0-100 with one decimal."""
    total = sum(weight * components[name] for name, weight in model.value.components.items())
    return np.round(np.asarray(total, dtype=float) / 100, 1)


def _inputs(frame: pd.DataFrame, basis: Ints, as_of: date) -> dict[str, tuple[Ints, np.ndarray]]:
    """Per component the figure that is ranked, greater is better, and which accounts have one."""
    bought = frame["transactions_ever"].to_numpy(np.int64) > 0
    last = pd.to_datetime(frame["last_transaction_on"]).to_numpy().astype("datetime64[D]")
    days = (last - np.datetime64(as_of)).astype(np.int64)
    transactions = frame["transactions"].to_numpy(np.int64)
    return {
        "money": (basis, basis > 0),
        "recency": (np.where(bought, days, 0), bought),
        "frequency": (transactions, transactions > 0),
    }
