"""The tier matrix: value to the company (high, low) by relative cost to serve (low, high).

Source: customer portfolio management, Thakur & Workman (2016). High value and low cost is platinum, high and high gold,
low and low silver, low and high bronze. The cuts are quantiles the model prefers; where a tier would then hold too few
or too many customers, the nearest cuts (in whole percentiles) at which every tier keeps its share are taken, and
`Cuts` says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from scoring.model_types import Tiers
from scoring.ranks import Floats

Mask = npt.NDArray[np.bool_]
_PERCENTILES = range(10, 1000, 10)  # in thousandths


@dataclass(frozen=True)
class Cuts:
    """Fitted cuts.

    Attributes:
        value: value is high from this value score on; None when nobody has a positive basis.
        cost: cost is high above this cost per 100; None when nobody has a positive basis.
        value_quantile, cost_quantile: the quantiles these cuts stand at.
        shares: share of the customers in scope per tier, of those fitted to.
        note: what an administrator should know, "" when the preferred cuts hold.
    """

    value: float | None = None
    cost: float | None = None
    value_quantile: float = 0.0
    cost_quantile: float = 0.0
    shares: Mapping[str, float] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True)
class _Grid:
    """Candidate cuts in thousandths of the population, their values, and the customers per tier for each pair."""

    value_steps: list[int]
    cost_steps: list[int]
    values: Floats
    costs: Floats
    counts: Mapping[str, npt.NDArray[np.int64]]


def fit(value: Floats, cost: Floats, scheme: Tiers) -> Cuts:
    """Cuts for the customers in scope.

    `value` and `cost` are the two axes per customer: -inf for a customer without a positive basis (value), for one
    that never costs (cost); inf for one that always costs too much.
    """
    ranked = np.isfinite(value) & np.isfinite(cost)
    if not ranked.any():
        return Cuts(note="No customer has a positive value yet, so there are no cuts and nobody is high in value.")
    preferred = (round(scheme.cuts.value_quantile * 1000), round(scheme.cuts.cost_quantile * 1000))
    grid = _grid(value, cost, ranked, preferred)
    size = len(value)
    row, column = _nearest(grid, preferred, scheme, size)
    chosen = (grid.value_steps[row], grid.cost_steps[column])
    shares = {tier: round(int(counts[row, column]) / size, 4) for tier, counts in grid.counts.items()}
    return Cuts(
        value=float(grid.values[row]),
        cost=float(grid.costs[column]),
        value_quantile=chosen[0] / 1000,
        cost_quantile=chosen[1] / 1000,
        shares=shares,
        note=_note(scheme, chosen, preferred, shares),
    )


def is_high_value(value: Floats, cuts: Cuts) -> Mask:
    return value >= cuts.value if cuts.value is not None else np.zeros(len(value), dtype=bool)


def is_high_cost(cost: Floats, cuts: Cuts) -> Mask:
    return cost > cuts.cost if cuts.cost is not None else cost == math.inf


def assign(high_value: Mask, high_cost: Mask) -> npt.NDArray[np.object_]:
    """Tier key per customer."""
    return np.where(
        high_value, np.where(high_cost, "gold", "platinum"), np.where(high_cost, "bronze", "silver")
    ).astype(object)


def _grid(value: Floats, cost: Floats, ranked: Mask, preferred: tuple[int, int]) -> _Grid:
    value_steps = sorted({*_PERCENTILES, preferred[0]})
    cost_steps = sorted({*_PERCENTILES, preferred[1]})
    values = np.quantile(value[ranked], np.array(value_steps) / 1000, method="inverted_cdf")
    costs = np.quantile(cost[ranked], np.array(cost_steps) / 1000, method="inverted_cdf")
    # A customer is high at the first `reached` candidates of an axis; counting pairs of these gives every tier's size.
    value_reached = np.searchsorted(values, value, side="right")
    cost_reached = np.searchsorted(costs, cost, side="left")
    pairs = np.zeros((len(values) + 1, len(costs) + 1), dtype=np.int64)
    np.add.at(pairs, (value_reached, cost_reached), 1)
    at_least = pairs[::-1, ::-1].cumsum(axis=0).cumsum(axis=1)[::-1, ::-1]
    gold = at_least[1:, 1:]
    high_value = at_least[1:, :1]
    high_cost = at_least[:1, 1:]
    counts = {
        "platinum": high_value - gold,
        "gold": gold,
        "silver": len(value) - high_value - high_cost + gold,
        "bronze": high_cost - gold,
    }
    return _Grid(value_steps, cost_steps, values, costs, counts)


def _nearest(grid: _Grid, preferred: tuple[int, int], scheme: Tiers, size: int) -> tuple[int, int]:
    """The pair that breaks the share limits least; among equals the nearest to the preferred one."""
    low, high = math.ceil(scheme.share.min * size - 1e-9), math.floor(scheme.share.max * size + 1e-9)
    broken = np.zeros((len(grid.values), len(grid.costs)), dtype=np.int64)
    for counts in grid.counts.values():
        broken += np.maximum(low - counts, 0) + np.maximum(counts - high, 0)
    value_moves = np.abs(np.array(grid.value_steps) - preferred[0])[:, None] + np.zeros_like(broken)
    cost_moves = np.abs(np.array(grid.cost_steps) - preferred[1])[None, :] + np.zeros_like(broken)
    order = np.lexsort((value_moves.ravel(), (value_moves + cost_moves).ravel(), broken.ravel()))
    row, column = np.unravel_index(int(order[0]), broken.shape)
    return int(row), int(column)


def _note(scheme: Tiers, chosen: tuple[int, int], preferred: tuple[int, int], shares: Mapping[str, float]) -> str:
    low, high = scheme.share.min, scheme.share.max
    limits = f"{100 * low:g} % to {100 * high:g} % of the customers"
    outside = [
        f"{scheme.label(tier)} {100 * share:.1f} %"
        for tier, share in shares.items()
        if not low - 1e-4 <= share <= high + 1e-4
    ]
    if outside:
        return f"No cuts give every tier {limits}; at the nearest ones: {', '.join(outside)}."
    moved = [
        f"{axis} from percentile {before / 10:g} to {now / 10:g}"
        for axis, before, now in zip(("value", "cost to serve"), preferred, chosen, strict=True)
        if before != now
    ]
    return f"Cut moved so that every tier holds {limits}: {', '.join(moved)}." if moved else ""
