"""What a customer is worth: the basis (margin or revenue in the window) and the value score, 0-100.

The basis is taken before cost to serve, which has its own axis. Margin is revenue minus product cost; revenue whose
product cost is not known enters at the margin rate of all revenue whose cost is, and where it is negative (a reduction
of the order as a whole, a credit) in full. All amounts are int64 in units of 1/10,000 of the currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd

from scoring import lifetime
from scoring.model.shape import Model
from scoring.model.tiers import Component
from scoring.ranks import Floats, Ints
from scoring.value import components
from scoring.value.figure import Base

Basis = Literal["margin", "revenue"]


@dataclass(frozen=True)
class ValueScale:
    """What the value axis was fitted to.

    Attributes:
        basis: "margin" or "revenue", one for all customers.
        margin_rate: margin per unit of revenue where product cost is known.
        limits: limits of `scoring.ranks` per component of the value score.
        lifetime: what customer lifetime value was fitted to; lifetime_note: that, or why there is none.
        revenue_note: customers whose orders count for nothing, because revenue is taken from lines they lack.
    """

    basis: Basis = "revenue"
    margin_rate: float = 0.0
    limits: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    lifetime: lifetime.Fitted | None = None
    lifetime_note: str = ""
    revenue_note: str = ""


def fit(customers: pd.DataFrame, model: Model, as_of: date) -> ValueScale:
    """Fits the scale to the customers in scope (columns of `scoring.features.build`)."""
    known = int(customers["revenue_cost_known"].sum())
    rate = (known - int(customers["product_cost"].sum())) / known if known > 0 else 0.0
    basis = _basis(known, int(customers["revenue"].sum()), model)
    scale = ValueScale(basis, rate)
    worth = amount(customers, model, scale)
    fitted, note = lifetime.fit(customers, worth, model, as_of)
    base = Base(customers, worth, model, as_of, lifetime.values(fitted, customers, worth, model, as_of))
    return ValueScale(basis, rate, components.fit_limits(base), fitted, note, _revenue_note(customers, model))


def _revenue_note(customers: pd.DataFrame, model: Model) -> str:
    if model.value.revenue_from != "order_lines":
        return ""
    lacking = int(((customers["orders"] > 0) & (customers["order_lines"] == 0)).sum())
    if not lacking:
        return ""
    whose = "1 customer has" if lacking == 1 else f"{lacking:,} customers have"
    return (
        f"{whose} orders without a single line, and revenue is taken from lines: these orders count for nothing. "
        "If lines are not kept, write value: {revenue_from: orders} in the model file."
    )


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


def contributions(points: Mapping[str, Floats], model: Model) -> dict[Component, Floats]:
    """What each component adds to the value score, in points with one decimal.

    They sum to the score, which is the weighted mean rounded to one decimal: what rounding leaves over goes to the
    components that lost most by it (largest remainder), the first in the model's order among equals.
    """
    parts = components.weighted(components.filled(points, model), model.value.components)
    tenths = np.array([parts[name] * 10 for name in model.value.components])
    whole = np.floor(tenths + 1e-9)
    missing = np.round(tenths.sum(axis=0)) - whole.sum(axis=0)
    order = np.argsort(-np.round(tenths - whole, 9), axis=0, kind="stable")
    position = np.argsort(order, axis=0, kind="stable")
    shared = (whole + (position < missing)) / 10
    return dict(zip(model.value.components, shared, strict=True))


def score(parts: Mapping[Component, Floats]) -> Floats:
    """Value score: the sum of the contributions, 0-100 with one decimal."""
    total: Floats = np.round(np.sum(list(parts.values()), axis=0), 1)
    return total
