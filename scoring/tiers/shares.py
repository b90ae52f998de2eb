"""Quantile cuts of a two-by-two matrix that keep every tier's share of the customers within the model's limits.

The preferred cuts stand where they serve; where a tier would hold too few or too many customers, the nearest cuts (in
whole percentiles) at which every tier keeps its share are taken.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.model.tiers import TierAxis, Tiers
from scoring.ranks import Floats, quantiles

_PERCENTILES = range(10, 1000, 10)  # in thousandths
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Fitted:
    """The cuts taken, per axis, with the quantiles they stand at, the tiers' shares, and what to say about it."""

    at: Mapping[str, tuple[float, ...]]
    quantiles: Mapping[str, tuple[float | None, ...]]
    shares: Mapping[str, float]
    note: str


@dataclass(frozen=True)
class _Grid:
    """Per axis candidate cuts, in thousandths of the population and as figures; customers per tier for each pair."""

    steps: tuple[list[int], list[int]]
    cuts: tuple[Floats, Floats]
    counts: Mapping[str, Counts]


def fit(figures: Mapping[str, Floats], ranked: npt.NDArray[np.bool_], scheme: Tiers) -> Fitted:
    """Cuts for the customers in scope. `ranked`: those whose figures count for the quantiles."""
    first, second = scheme.axes
    preferred = (_thousandths(first), _thousandths(second))
    grid = _grid(figures, ranked, scheme, preferred)
    size = len(ranked)
    row, column = _nearest(grid, preferred, scheme, size)
    chosen = (grid.steps[0][row], grid.steps[1][column])
    shares = {tier: round(int(grid.counts[tier][row, column]) / size, 4) for tier in scheme.keys}
    return Fitted(
        at={first.key: (float(grid.cuts[0][row]),), second.key: (float(grid.cuts[1][column]),)},
        quantiles={first.key: (chosen[0] / 1000,), second.key: (chosen[1] / 1000,)},
        shares=shares,
        note=_note(scheme, chosen, preferred, shares),
    )


def _thousandths(axis: TierAxis) -> int:
    return round((axis.cuts[0].quantile or 0) * 1000)


def _grid(
    figures: Mapping[str, Floats], ranked: npt.NDArray[np.bool_], scheme: Tiers, preferred: tuple[int, int]
) -> _Grid:
    steps, cuts, reached = [], [], []
    for axis, wanted in zip(scheme.axes, preferred, strict=True):
        candidates = sorted({*_PERCENTILES, wanted})
        values = quantiles(figures[axis.key][ranked], np.array(candidates) / 1000)
        steps.append(candidates)
        cuts.append(values)
        # A customer is beyond the first so many candidates; counting pairs of these gives every tier's size.
        side = "right" if axis.better == "high" else "left"
        reached.append(np.searchsorted(values, figures[axis.key], side=side))  # type: ignore[call-overload]
    pairs = np.zeros((len(cuts[0]) + 1, len(cuts[1]) + 1), dtype=np.int64)
    np.add.at(pairs, (reached[0], reached[1]), 1)
    beyond = pairs[::-1, ::-1].cumsum(axis=0).cumsum(axis=1)[::-1, ::-1]
    both, one, other = beyond[1:, 1:], beyond[1:, :1], beyond[:1, 1:]
    sizes = {(1, 1): both, (1, 0): one - both, (0, 1): other - both, (0, 0): len(ranked) - one - other + both}
    return _Grid(
        (steps[0], steps[1]),
        (cuts[0], cuts[1]),
        {tier: sizes[spot[0], spot[1]] for spot, tier in scheme.grid().items()},
    )


def _nearest(grid: _Grid, preferred: tuple[int, int], scheme: Tiers, size: int) -> tuple[int, int]:
    """The pair that breaks the share limits least; among equals the nearest to the preferred one."""
    low, high = math.ceil(scheme.share.min * size - 1e-9), math.floor(scheme.share.max * size + 1e-9)
    broken = np.zeros((len(grid.steps[0]), len(grid.steps[1])), dtype=np.int64)
    for counts in grid.counts.values():
        broken += np.maximum(low - counts, 0) + np.maximum(counts - high, 0)
    rows = np.abs(np.array(grid.steps[0]) - preferred[0])[:, None] + np.zeros_like(broken)
    columns = np.abs(np.array(grid.steps[1]) - preferred[1])[None, :] + np.zeros_like(broken)
    order = np.lexsort((rows.ravel(), (rows + columns).ravel(), broken.ravel()))
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
        f"{axis.label.lower()} from percentile {before / 10:g} to {now / 10:g}"
        for axis, before, now in zip(scheme.axes, preferred, chosen, strict=True)
        if before != now
    ]
    return f"Cut moved so that every tier holds {limits}: {', '.join(moved)}." if moved else ""
