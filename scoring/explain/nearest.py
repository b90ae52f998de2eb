"""The nearest change that would move a customer's tier, up or down: so much more worth, or so much less cost.

Every candidate is put through the tier matrix again with all axes, because worth also carries cost. The tier named is
the one that the next review would give: a change that only reaches into the model's hysteresis moves nothing, and where
a review moves one step at most it is that step's. Worth changes by what is sold: revenue rises and falls with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from scoring import lifetime, measures, tiers, value
from scoring.calibration import Calibration
from scoring.cost_to_serve import per_hundred
from scoring.explain.told import Lines, Told
from scoring.measures import Worth
from scoring.model.tiers import Component, TierAxis
from scoring.money import SCALE
from scoring.ranks import Floats, Ints
from scoring.rules import Facts
from scoring.tiers import stability
from scoring.value import components
from scoring.value.figure import Base, Mask

_OF_WORTH = ("value_score", "money", "worth", "profit", "revenue")
_OF_COST = ("cost_to_serve", "cost")


@dataclass(frozen=True)
class _Move:
    """Worth and cost after a change, per account; `possible` where there is such a change, `what` changes in words."""

    what: str
    basis: Ints
    spent: Ints
    possible: Mask

    def change(self, told: Told) -> Ints:
        """By how much worth or cost moves."""
        return (self.basis - told.worth.basis) + (self.spent - told.worth.spent)


def texts(told: Told, calibration: Calibration, facts: Facts) -> Lines:
    """Per account "Platinum with 1,200 EUR less cost to serve; Silver with 3,000 EUR less gross margin"."""
    heading = _reached(told, told.figures, calibration)
    moves = list(_moves(told, heading, calibration))
    if not moves or not told.size:
        return [""] * told.size
    rank = {key: place for place, key in enumerate(told.model.tiers.keys)}
    now = np.array([rank.get(key, -1) for key in told.tiers.tolist()])
    waiting = _ranks(told, heading, rank)
    ranked = [
        _ranks(told, _reached(told, _figures(told, move, calibration, facts), calibration), rank) for move in moves
    ]
    both = [
        _nearest(told, moves, ranked, np.minimum(now, waiting), upwards=True),
        _nearest(told, moves, ranked, np.maximum(now, waiting), upwards=False),
    ]
    return ["; ".join(part for part in parts if part) for parts in zip(*both, strict=True)]


def _reached(told: Told, figures: Mapping[str, Floats], fitted: Calibration) -> tiers.Positions:
    """Where the next review takes accounts with these figures, once their tier may move."""
    computed = tiers.positions(figures, fitted.cuts, told.model.tiers)
    return stability.reached(figures, computed, told.positions, fitted.cuts, told.model.tiers)


def _ranks(told: Told, positions: tiers.Positions, rank: dict[str, int]) -> Ints:
    return np.array([rank[key] for key in tiers.assign(positions, told.model.tiers).tolist()], dtype=np.int64)


def _nearest(told: Told, moves: list[_Move], ranked: list[Ints], now: Ints, *, upwards: bool) -> Lines:
    """The smallest of the moves that lead above (or below) a rank, per account; "" where none does."""
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
    labels = [told.model.tiers.label(key) for key in told.model.tiers.keys]
    return [
        _text(told, columns[move][row], labels[ranked[move][row]], moves[move].what) if size < np.inf else ""
        for row, (move, size) in enumerate(zip(chosen.tolist(), np.min(sizes, axis=0).tolist(), strict=True))
    ]


def _text(told: Told, change: int, label: str, what: str) -> str:
    units = -(-abs(change) // SCALE)
    return f"{label} with {units:,} {told.model.currency} {'more' if change > 0 else 'less'} {what}"


def _moves(told: Told, heading: tiers.Positions, calibration: Calibration) -> Iterator[_Move]:
    """For each axis of worth or cost: across the next boundary upwards and downwards of where accounts are heading."""
    band = told.model.tiers.stability.hysteresis
    for number, axis in enumerate(told.model.tiers.axes):
        named = axis.measure if isinstance(axis.measure, str) else ""
        if named not in (*_OF_WORTH, *_OF_COST) and "money" not in _weights(told, axis):
            continue
        cuts = np.array(calibration.cuts.at[axis.key])
        places = heading[:, number]
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
    after = np.maximum(_outward(worth.spent, np.where(possible, spent, worth.spent).astype(np.int64)), 0)
    return _Move("cost to serve", worth.basis, after, possible & ((after - worth.spent) * step > 0))


def _outward(now: Ints, after: Ints) -> Ints:
    """The change in whole units, rounded away from nothing: what is named is what is tried."""
    change = after - now
    return np.asarray(now + np.sign(change) * (-(-np.abs(change) // SCALE) * SCALE), dtype=np.int64)


def _to_worth(told: Told, axis: TierAxis, target: Floats, step: int, exists: Mask, fitted: Calibration) -> _Move:
    worth = told.worth
    what = "revenue" if axis.measure == "revenue" else told.basis
    if axis.measure in ("worth", "profit", "revenue"):
        beside: Ints | int = worth.spent if axis.measure == "profit" else 0
        if axis.measure == "revenue":
            beside = worth.basis - told.frame["revenue"].to_numpy(np.int64)
        basis: Floats = np.ceil(target * SCALE) + beside - (step < 0)
        possible = exists
    else:
        limits = np.array(fitted.value.limits.get("money", ()), dtype=np.int64)
        if not len(limits) or "money" not in _weights(told, axis):
            return _Move(what, worth.basis, worth.spent, np.zeros(told.size, dtype=bool))
        needed = _points_needed(told, axis, target)
        place = (
            np.ceil(np.round(needed * 10, 6)).astype(np.int64) if step > 0 else np.ceil(needed * 10).astype(np.int64)
        )
        possible = exists & (place >= 1) & (place <= len(limits))
        basis = (limits[np.clip(place, 1, len(limits)) - 1] - (step < 0)).astype(float)
    possible &= np.isfinite(basis) & (np.abs(basis) < 2**62)
    after = _outward(worth.basis, np.where(possible, basis, worth.basis).astype(np.int64))
    return _Move(what, after, worth.spent, possible & ((after - worth.basis) * step > 0))


def _weights(told: Told, axis: TierAxis) -> Mapping[Component, float]:
    """The components that an axis is the weighted mean of; none where it is no mean."""
    if axis.measure == "value_score":
        return told.model.value.components
    return {"money": 100.0} if axis.measure == "money" else axis.measure if isinstance(axis.measure, Mapping) else {}


def _points_needed(told: Told, axis: TierAxis, target: Floats) -> Floats:
    """Points of the money component at which the axis reaches the target."""
    weights, given = _weights(told, axis), told.worth.points
    if axis.measure == "value_score":
        given = components.filled(given, told.model)
    beside = [weight * ~np.isnan(given[name]) for name, weight in weights.items() if name != "money"]
    share = weights["money"] / (weights["money"] + np.sum([np.zeros(told.size), *beside], axis=0))
    figure = told.worth.score if axis.measure == "value_score" else told.figures[axis.key]
    points = np.nan_to_num(told.worth.points["money"])
    needed = points + (target - np.where(np.isfinite(figure), figure, 0.0)) / share
    return np.asarray(np.clip(needed, -1e6, 1e6), dtype=np.float64)


def _figures(told: Told, move: _Move, fitted: Calibration, facts: Facts) -> dict[str, Floats]:
    """Figures per axis after the move: everything that worth or cost enters is computed again."""
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
    return {axis.key: measures.of_axis(axis, after, facts, frame, fitted.rfm) for axis in told.model.tiers.axes}
