"""Components of the value score: each a figure of every customer that becomes 0-100 points.

A figure is an integer, greater is better, with a mask that says of whom it is known. Most are *ranked*: their points
are the percent of the customers with a known figure that the customer reaches (`scoring.ranks`). A component that has
a scale of its own (a rating) gives its points in tenths instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from scoring import ranks
from scoring.model.shape import UNKNOWN, Model
from scoring.model.tiers import Component
from scoring.ranks import Floats
from scoring.value import growth, loyalty, strategic_fit
from scoring.value.figure import Base, Figure

Limits = Mapping[str, tuple[int, ...]]


def _money(base: Base) -> Figure:
    return Figure(base.basis, base.basis > 0)


def _recency(base: Base) -> Figure:
    return Figure(-base.days_since("last_transaction_on"), base.counts("transactions_ever") > 0)


def _frequency(base: Base) -> Figure:
    transactions = base.counts("transactions")
    return Figure(transactions, transactions > 0)


def _potential(base: Base) -> Figure:
    """Amount of the open deals."""
    amount = base.counts("open_amount")
    return Figure(amount, amount > 0)


def _lifetime(base: Base) -> Figure:
    """Customer lifetime value; of nobody where it is not fitted."""
    found = base.lifetime
    if found is None:
        nothing = np.zeros(len(base.frame), dtype=np.int64)
        return Figure(nothing, nothing > 0)
    return Figure(found.amounts, found.known & (found.amounts > 0))


FIGURES: Mapping[Component, Callable[[Base], Figure]] = {
    "money": _money,
    "recency": _recency,
    "frequency": _frequency,
    "potential": _potential,
    "growth": growth.growth,
    "loyalty": loyalty.loyalty,
    "engagement": loyalty.engagement,
    "fit": strategic_fit.fit,
    "lifetime": _lifetime,
}


def fit_limits(customers: Base) -> dict[str, tuple[int, ...]]:
    """Limits of the ranked components, from the customers in scope."""
    figures = {name: FIGURES[name](customers) for name in customers.model.components_used()}
    return {name: ranks.fit(figure.amounts[figure.known]) for name, figure in figures.items() if figure.ranked}


def points(base: Base, limits: Limits) -> dict[str, Floats]:
    """Points per component, 0-100 with one decimal; NaN where the figure is not known."""
    found: dict[str, Floats] = {}
    for name in base.model.components_used():
        figure = FIGURES[name](base)
        given = ranks.points(figure.amounts, limits.get(name, ())) if figure.ranked else figure.amounts / 10
        found[name] = np.where(figure.known, given, np.nan)
    return found


def filled(given: Mapping[str, Floats], model: Model) -> dict[str, Floats]:
    """The points with the model's rule for unknown figures applied; NaN stays where the rule is to leave it out."""
    instead = {"zero": 0.0, "middle": 50.0, "leave_out": np.nan}
    rules = {**UNKNOWN, **model.value.unknown}
    return {
        name: np.where(np.isnan(values), instead[dict(rules)[name]], values)  # type: ignore[index]
        for name, values in given.items()
    }


def weighted(given: Mapping[str, Floats], weights: Mapping[Component, float]) -> dict[Component, Floats]:
    """Contribution per component: points times weight, the weight of absent ones (NaN) shared among the others.

    The contributions of an account add up to its weighted mean, 0-100; all are 0 where nothing is known.
    """
    present = {name: ~np.isnan(given[name]) for name in weights}
    share = sum((weights[name] * there for name, there in present.items()), np.zeros(1))
    share = np.where(share > 0, share, 1.0)
    return {name: np.where(there, given[name] * weights[name] / share, 0.0) for name, there in present.items()}
