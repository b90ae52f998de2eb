"""The tier matrix: every axis is cut into classes, and the cell a customer stands in names the tier.

Cuts are amounts, quantiles of the ranked customers, or the higher of both. Ranked are those with a finite figure on
every axis that is cut by a quantile: one cut by amounts (key accounts, rated 4 or 5) does not say who can be ranked.
A figure exactly at a cut belongs to the better side. Where two axes have one quantile cut each, the cuts move as
little as the model's share limits ask for (`scoring.tiers.shares`), and `Cuts.note` says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Literal

import numpy as np
import numpy.typing as npt

from scoring.model.tiers import Cut, TierAxis, Tiers
from scoring.ranks import Floats, quantiles
from scoring.tiers.shares import fit as fit_shares

#: Class number per axis (rows: accounts), 0 for the lowest.
Positions = npt.NDArray[np.int64]
#: A cut that nobody reaches.
_BEYOND = 1e300


@dataclass(frozen=True)
class Cuts:
    """Fitted cuts.

    Attributes:
        at: cuts per axis, ascending.
        quantiles: the quantile each cut stands at, None for one by amount.
        shares: share of the customers in scope per tier, of those fitted to.
        note: what an administrator should know, "" when the preferred cuts hold.
        regional: cuts per axis that hold in a region instead, by its key.
    """

    at: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    quantiles: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)
    shares: Mapping[str, float] = field(default_factory=dict)
    note: str = ""
    regional: Mapping[str, Mapping[str, tuple[float, ...]]] = field(default_factory=dict)


def fit(figures: Mapping[str, Floats], scheme: Tiers) -> Cuts:
    """Cuts for the customers in scope; `figures` per axis as `scoring.measures.of_axis` gives them."""
    size = len(next(iter(figures.values())))
    ranked = _ranked(figures, scheme)
    if not ranked.any():
        at = {axis.key: tuple(_alone(axis)) for axis in scheme.axes}
        return Cuts(at=at, note="No customer has figures yet, so quantiles cut nothing off.")
    if scheme.keeps_shares():
        moved = fit_shares(figures, ranked, scheme)
        return Cuts(at=moved.at, quantiles=moved.quantiles, shares=moved.shares, note=moved.note)
    at = {axis.key: tuple(_cuts(axis, figures[axis.key][ranked])) for axis in scheme.axes}
    quantiles = {axis.key: tuple(cut.quantile for cut in axis.cuts) for axis in scheme.axes}
    keys = assign(positions(figures, Cuts(at), scheme), scheme)
    shares = {tier: round(float(np.count_nonzero(keys == tier)) / size, 4) for tier in scheme.keys}
    return Cuts(at, quantiles, shares)


def _ranked(figures: Mapping[str, Floats], scheme: Tiers) -> npt.NDArray[np.bool_]:
    """The customers that quantiles are taken of."""
    size = len(next(iter(figures.values())))
    by_quantile = [axis.key for axis in scheme.axes if any(cut.quantile is not None for cut in axis.cuts)]
    finite = [np.isfinite(figures[key]) for key in by_quantile]
    return np.asarray(np.all([np.ones(size, dtype=bool), *finite], axis=0))


def cuts_of(scheme: Tiers, key: str, cuts: tuple[Cut, ...], figures: Mapping[str, Floats]) -> tuple[float, ...]:
    """Where other cuts of an axis lie, for the customers that `fit` takes the scheme's own from."""
    axis = next(axis for axis in scheme.axes if axis.key == key).model_copy(update={"cuts": cuts})
    ranked = _ranked(figures, scheme)
    return tuple(_cuts(axis, figures[key][ranked]) if ranked.any() else _alone(axis))


def _cuts(axis: TierAxis, figures: Floats) -> list[float]:
    """Ascending cuts of an axis; each is at least as high as the one before it."""
    found: list[float] = [0.5] if axis.rule is not None else []
    for cut in axis.cuts:
        bounds = [] if cut.at is None else [cut.at]
        if cut.quantile is not None:
            bounds.append(float(quantiles(figures, cut.quantile)))
        found.append(max([*bounds, *found[-1:]]))
    return found


def _alone(axis: TierAxis) -> list[float]:
    """Cuts without customers: amounts stand, quantiles are beyond everybody."""
    given = [0.5] if axis.rule is not None else [_BEYOND if cut.at is None else cut.at for cut in axis.cuts]
    return list(accumulate(given, max))


def positions(figures: Mapping[str, Floats], cuts: Cuts, scheme: Tiers) -> Positions:
    """Class number per account (rows) and axis (columns, in the scheme's order)."""
    columns = [classes(figures[axis.key], cuts.at[axis.key], axis) for axis in scheme.axes]
    return np.column_stack(columns).astype(np.int64)


def classes(figures: Floats, cuts: Sequence[float], axis: TierAxis) -> npt.NDArray[np.int64]:
    """Number of cuts each figure is beyond. At a cut it belongs to the better side."""
    side: Literal["left", "right"] = "right" if axis.better == "high" else "left"
    return np.searchsorted(np.array(cuts, dtype=float), figures, side=side).astype(np.int64)


def assign(found: Positions, scheme: Tiers) -> npt.NDArray[np.object_]:
    """Tier key per account."""
    shape = tuple(len(axis.classes) for axis in scheme.axes)
    names = np.empty(shape, dtype=object)
    for spot, tier in scheme.grid().items():
        names[spot] = tier
    return np.asarray(names[tuple(found.T)], dtype=object)
