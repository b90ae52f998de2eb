"""Cost to serve in words, for the accounts that have a tier: how much, and for what above all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scoring.cost_to_serve import CostItem
from scoring.explain.told import Lines, Told
from scoring.model.tiers import TierAxis

_SHOWN = 3


def texts(told: Told, axis: TierAxis, number: int) -> Lines:
    """ "Cost to serve 690 EUR, 17.3 per 100 of gross margin (low): 97 % for 2 visits, 2 % for 1 order"."""
    first = f"Cost to serve does not count before the first {told.orders.removesuffix('s')}"
    lines = []
    for never, spent, amount, relative, word, shares, rated in zip(
        told.never_bought[told.has_tier].tolist(),
        told.worth.spent[told.has_tier].tolist(),
        told.costs,
        told.worth.relative[told.has_tier].tolist(),
        told.words(number),
        _shares(told),
        told.worth.ratings[told.has_tier].tolist(),
        strict=True,
    ):
        if never:
            lines.append(first)
        elif rated:
            said = f"estimated from a rating of {rated} of 5, nothing is on record"
            lines.append(f"Cost to serve {amount}{_relative(relative, word, told.basis)}: {said}")
        elif not spent:
            lines.append("No cost to serve on record")
        else:
            lines.append(f"Cost to serve {amount}{_relative(relative, word, told.basis)}: {shares}")
    return lines


def _relative(relative: float, word: str, basis: str) -> str:
    if relative != relative:  # not a number: no basis to relate it to
        return f", with no {basis} to bear it"
    return f", {relative:g} per 100 of {basis} ({word})"


def phrases(told: Told, axis: TierAxis, number: int) -> Lines:
    """For the one line: "low cost to serve, 17.3 per 100, mostly visits"."""
    lines = []
    for spent, amount, relative, word, most, rated in zip(
        told.worth.spent[told.has_tier].tolist(),
        told.costs,
        told.worth.relative[told.has_tier].tolist(),
        told.words(number),
        _most(told),
        told.worth.ratings[told.has_tier].tolist(),
        strict=True,
    ):
        mostly = ", estimated" if rated else f", mostly {most}" if most else ""
        if relative != relative:
            lines.append(f"and {amount} cost to serve{mostly}" if spent else "and no cost to serve")
        else:
            figure = f"{relative:g} per 100{mostly}" if spent else "none on record"
            lines.append(f"{word} cost to serve, {figure}")
    return lines


def _costs(told: Told) -> np.ndarray:
    """Cost per account that has a tier (rows) and item (columns)."""
    items = told.worth.items
    if not items:
        return np.zeros((int(told.has_tier.sum()), 0), dtype=np.int64)
    return np.column_stack([item.cost for item in items])[told.has_tier]


def _most(told: Told) -> Lines:
    """The dearest item in words, "" where there is none."""
    costs = _costs(told)
    if not costs.shape[1]:
        return [""] * len(costs)
    names = [item.many for item in told.worth.items]
    dearest = costs.argmax(axis=1)
    return [names[item] if costs[row, item] > 0 else "" for row, item in enumerate(dearest.tolist())]


def _shares(told: Told) -> Lines:
    """The dearest items of each account with their shares of its cost."""
    costs = _costs(told)
    total = costs.sum(axis=1)
    order = np.argsort(-costs, axis=1, kind="stable")[:, :_SHOWN]
    ranked = np.take_along_axis(costs, order, axis=1)
    told_too = (ranked > 0) & (ranked >= 0.01 * total[:, None])
    percent = np.round(100.0 * ranked / np.where(total > 0, total, 1)[:, None]).astype(np.int64)
    counts = [item.counts[told.has_tier].tolist() if item.counts is not None else None for item in told.worth.items]
    lines = []
    for row, (places, shown, shares) in enumerate(
        zip(order.tolist(), told_too.tolist(), percent.tolist(), strict=True)
    ):
        parts = [
            f"{share} % for {_counted(told.worth.items[item], counts[item], row)}"
            for item, is_shown, share in zip(places, shown, shares, strict=True)
            if is_shown
        ]
        lines.append(", ".join(parts))
    return lines


def _counted(item: CostItem, counts: Sequence[int] | None, row: int) -> str:
    if counts is None:
        return item.many
    return f"{counts[row]:,} {item.one if counts[row] == 1 else item.many}"
