"""The nearest change that would move a customer's tier, up or down: so much more worth, or so much less cost.

Every candidate is put through the tier matrix again with both axes, because worth also carries cost. Boundaries are
taken with the hysteresis of the model: a change that only reaches into it would move nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scoring import lifetime, measures, tiers, value
from scoring.calibration import Calibration
from scoring.cost_to_serve import per_hundred
from scoring.explain.told import Lines, Told
from scoring.measures import Worth
from scoring.model.tiers import TierAxis
from scoring.money import SCALE
from scoring.ranks import Floats, Ints
from scoring.rules import Facts
from scoring.value import components
from scoring.value.figure import Base, Mask

_OF_WORTH = ("value_score", "money", "worth", "profit")
_OF_COST = ("cost_to_serve", "cost")


@dataclass(frozen=True)
class _Move:
    """Worth and cost after a change, per account; `possible` where there is such a change."""

    basis: Ints
    spent: Ints
    possible: Mask

    def change(self, told: Told) -> Ints:
        """By how much worth or cost moves."""
        return (self.basis - told.worth.basis) + (self.spent - told.worth.spent)


def texts(told: Told, calibration: Calibration, facts: Facts) -> Lines:
    """Per account "Platinum with 1,200 EUR less cost to serve; Silver with 3,000 EUR less gross margin"."""
    moves = list(_moves(told, calibration))
    if not moves or not told.size:
        return [""] * told.size
    rank = {key: place for place, key in enumerate(told.model.tiers.keys)}
    now = np.array([rank.get(key, -1) for key in told.tiers.tolist()])
    ranked = [_then(told, move, calibration, facts, rank) for move in moves]
    both = [_nearest(told, moves, ranked, now, upwards=upwards) for upwards in (True, False)]
    return ["; ".join(part for part in parts if part) for parts in zip(*both, strict=True)]


def _then(told: Told, move: _Move, fitted: Calibration, facts: Facts, rank: dict[str, int]) -> Ints:
    """Rank of the tier after a move."""
    keys = tiers.assign(_positions(told, move, fitted, facts), told.model.tiers)
    return np.array([rank[key] for key in keys.tolist()], dtype=np.int64)


def _nearest(told: Told, moves: list[_Move], ranked: list[Ints], now: Ints, *, upwards: bool) -> Lines:
    """The smallest of the moves that lead up (or down), per account; "" where none does."""
    worth = told.worth
    known = told.has_tier & (worth.ratings == 0)  # an estimated cost moves with the worth and by a person's rating
    greatest = np.maximum(np.maximum(worth.basis, worth.spent), 1)
    sizes = [
        np.where(
            move.possible & known & ((then < now) if upwards else (then > now)),
            np.abs(move.change(told)) / greatest,
            np.inf,
        )
        for move, then in zip(moves, ranked, strict=True)
    ]
    chosen = np.argmin(sizes, axis=0)
    columns = [move.change(told).tolist() for move in moves]
    of_cost = [bool(np.any(move.spent != worth.spent)) for move in moves]
    labels = [told.model.tiers.label(key) for key in told.model.tiers.keys]
    return [
        _text(told, columns[move][row], labels[ranked[move][row]], of_cost[move]) if size < np.inf else ""
        for row, (move, size) in enumerate(zip(chosen.tolist(), np.min(sizes, axis=0).tolist(), strict=True))
    ]


def _text(told: Told, change: int, label: str, of_cost: bool) -> str:
    """Rounded away from nothing to whole units, so that the change named is enough."""
    units = -(-abs(change) // SCALE)
    what = "cost to serve" if of_cost else told.basis
    return f"{label} with {units:,} {told.model.currency} {'more' if change > 0 else 'less'} {what}"


def _moves(told: Told, calibration: Calibration) -> Iterator[_Move]:
    """For each axis of worth or cost: across the next boundary upwards and downwards."""
    band = told.model.tiers.stability.hysteresis
    for number, axis in enumerate(told.model.tiers.axes):
        if axis.measure not in (*_OF_WORTH, *_OF_COST):
            continue
        cuts = np.array(calibration.cuts.at[axis.key])
        places = told.positions[:, number]
        for step in (1, -1):
            crossed = places if step > 0 else places - 1
            exists = (crossed >= 0) & (crossed < len(cuts))
            target = cuts[np.clip(crossed, 0, len(cuts) - 1)]
            target = target + step * band * np.abs(target)
            yield _to(told, axis, target, step, exists, calibration)


def _to(told: Told, axis: TierAxis, target: Floats, step: int, exists: Mask, fitted: Calibration) -> _Move:
    worth = told.worth
    with np.errstate(invalid="ignore", over="ignore"):
        if axis.measure == "cost_to_serve":
            # One tenth beyond the boundary where the better side includes it.
            goal = np.floor(target * 10 + 1e-9) / 10 if step < 0 else np.floor(target * 10 + 1e-9) / 10 + 0.1
            spent = np.floor(goal * worth.basis / 100)
            possible = exists & (worth.basis > 0) & ~told.never_bought
        elif axis.measure == "cost":
            spent, possible = np.floor(target * SCALE) + (step > 0), exists & ~told.never_bought
        else:
            return _to_worth(told, axis, target, step, exists, fitted)
        possible &= np.isfinite(spent) & (np.abs(spent) < 2**62)
    after = np.where(possible, spent, worth.spent).astype(np.int64)
    return _Move(worth.basis, after, possible & (after >= 0) & (after != worth.spent))


def _to_worth(told: Told, axis: TierAxis, target: Floats, step: int, exists: Mask, fitted: Calibration) -> _Move:
    worth = told.worth
    if axis.measure in ("worth", "profit"):
        beside = worth.spent if axis.measure == "profit" else 0
        basis: Floats = np.ceil(target * SCALE) + beside - (step < 0)
        possible = exists
    else:
        limits = np.array(fitted.value.limits.get("money", ()), dtype=np.int64)
        if not len(limits) or "money" not in told.model.value.components:
            return _Move(worth.basis, worth.spent, np.zeros(told.size, dtype=bool))
        needed = _points_needed(told, axis, target)
        place = (
            np.ceil(np.round(needed * 10, 6)).astype(np.int64) if step > 0 else np.ceil(needed * 10).astype(np.int64)
        )
        possible = exists & (place >= 1) & (place <= len(limits))
        basis = (limits[np.clip(place, 1, len(limits)) - 1] - (step < 0)).astype(float)
    possible &= np.isfinite(basis) & (np.abs(basis) < 2**62)
    after = np.where(possible, basis, worth.basis).astype(np.int64)
    return _Move(after, worth.spent, possible & (after != worth.basis))


def _points_needed(told: Told, axis: TierAxis, target: Floats) -> Floats:
    """Points of the money component at which the axis reaches the target."""
    points = np.nan_to_num(told.worth.points["money"])
    if axis.measure == "money":
        return np.clip(target, -1e6, 1e6)
    share = told.model.value.components["money"] / 100
    return np.clip(points + (target - told.worth.score) / share, -1e6, 1e6)


def _positions(told: Told, move: _Move, fitted: Calibration, facts: Facts) -> tiers.Positions:
    """Where each account would stand after the move: everything that worth or cost enters is computed again."""
    revenue = told.frame["revenue"].to_numpy(np.int64) + (move.basis - told.worth.basis)
    frame = told.frame.assign(revenue=revenue)
    lasting = lifetime.values(fitted.value.lifetime, frame, move.basis, told.model, facts.as_of)
    points = components.points(Base(frame, move.basis, told.model, facts.as_of, lasting), fitted.value.limits)
    parts = value.contributions(points, told.model)
    relative = per_hundred(move.spent, move.basis)
    worth = told.worth
    after = Worth(
        move.basis, points, parts, value.score(parts), worth.items, move.spent, relative, worth.ratings, lasting
    )
    figures = {axis.key: measures.of_axis(axis, after, facts, frame, fitted.rfm) for axis in told.model.tiers.axes}
    return tiers.positions(figures, fitted.cuts, told.model.tiers)
