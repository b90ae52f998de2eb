"""What an axis of the tier matrix measures, per account.

A figure is finite for customers that can be ranked on it; -inf for a customer that has none (never bought, not rated,
no revenue or worth above 0, a value score of 0, for profit nothing bought in the window), and inf for one that costs
without bringing anything. Both are beyond every cut. Money is in whole units of the currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scoring import cost_to_serve, lifetime, rfm, value
from scoring.model.shape import Model
from scoring.model.tiers import Component, TierAxis
from scoring.money import SCALE
from scoring.ranks import Floats, Ints
from scoring.rules import Facts, holds
from scoring.value import components
from scoring.value.figure import Base


@dataclass(frozen=True)
class Worth:
    """What is computed of each account before tiers: worth, points, score, and cost to serve.

    Attributes:
        basis: margin or revenue of the window, 1/10,000.
        points: points per component, 0-100, NaN where the component is not known.
        contributions: what each component of the value score adds to it.
        spent: cost to serve, 1/10,000; relative: per 100 of the basis, NaN where that is not positive.
        lifetime: customer lifetime values, where the model has them fitted.
        ratings: rating (1-5) that the cost is estimated from; 0 where it is measured.
    """

    basis: Ints
    points: Mapping[str, Floats]
    contributions: Mapping[Component, Floats]
    score: Floats
    items: list[cost_to_serve.CostItem]
    spent: Ints
    relative: Floats
    ratings: Ints
    lifetime: lifetime.Values | None = None


def worth(facts: Facts, frame: pd.DataFrame, model: Model, scale: value.ValueScale) -> Worth:
    """Value and cost of the accounts of `frame` (columns of `scoring.features.build`)."""
    basis = value.amount(frame, model, scale)
    lasting = lifetime.values(scale.lifetime, frame, basis, model, facts.as_of)
    points = components.points(Base(frame, basis, model, facts.as_of, lasting), scale.limits)
    parts = value.contributions(points, model)
    items = cost_to_serve.items(frame, model)
    rated = cost_to_serve.ratings(frame, model, items, basis)
    spent = cost_to_serve.total(items, len(frame)) + cost_to_serve.estimate(rated, model, basis)
    relative = cost_to_serve.per_hundred(spent, basis)
    return Worth(basis, points, parts, value.score(parts), items, spent, relative, rated, lasting)


def of_axis(axis: TierAxis, found: Worth, facts: Facts, frame: pd.DataFrame, fitted: rfm.Rfm) -> Floats:
    """The axis' figure per account."""
    if axis.rule is not None:
        return holds(axis.rule, facts).astype(float)
    if not isinstance(axis.measure, str):
        return _mean(found, axis.measure or {})
    if axis.measure in found.points:
        return _ranked(found.points[axis.measure])
    if axis.measure == "rfm":
        return _ranked(rfm.score(frame, fitted, facts.as_of)["rfm"].to_numpy(float, na_value=np.nan))
    return _MEASURES[axis.measure](found, frame)


def _mean(found: Worth, weights: Mapping[Component, float]) -> Floats:
    """Weighted mean of components; what is not known is left out."""
    known = np.any([~np.isnan(found.points[name]) for name in weights], axis=0)
    mean = np.sum(list(components.weighted(found.points, weights).values()), axis=0)
    return np.where(known, np.round(mean, 1), -np.inf)


def _ranked(figures: Floats) -> Floats:
    return np.where(np.isnan(figures), -np.inf, figures)


def _value_score(found: Worth, frame: pd.DataFrame) -> Floats:
    return np.where(found.score > 0, found.score, -np.inf)


def _cost_to_serve(found: Worth, frame: pd.DataFrame) -> Floats:
    """Relative cost. The cost of winning a customer is no cost to serve: it counts from the first order on."""
    never = frame["transactions_ever"].to_numpy() == 0
    return np.where(found.basis > 0, found.relative, np.where((found.spent > 0) & ~never, np.inf, -np.inf))


def _cost(found: Worth, frame: pd.DataFrame) -> Floats:
    never = frame["transactions_ever"].to_numpy() == 0
    return np.where(never, -np.inf, found.spent / SCALE)


def _revenue(found: Worth, frame: pd.DataFrame) -> Floats:
    revenue = frame["revenue"].to_numpy(np.int64)
    return np.where(revenue > 0, revenue / SCALE, -np.inf)


def _worth(found: Worth, frame: pd.DataFrame) -> Floats:
    return np.where(found.basis > 0, found.basis / SCALE, -np.inf)


def _profit(found: Worth, frame: pd.DataFrame) -> Floats:
    """Worth after cost to serve; of a customer that bought in the window, it may be negative."""
    bought = frame["transactions"].to_numpy() > 0
    return np.where(bought, (found.basis - found.spent) / SCALE, -np.inf)


_MEASURES = {
    "value_score": _value_score,
    "cost_to_serve": _cost_to_serve,
    "cost": _cost,
    "revenue": _revenue,
    "worth": _worth,
    "profit": _profit,
}
