"""How firmly a tier stands: hysteresis at every boundary, a minimum stay, one step at a time, down only at a review.

Only behaviour is bound. A corrected record, a merge or a change of the rules shows at once, because the tier before it
was not earned. Everything is decided against where the account stood at the end of the period before, so within a
period the result depends on the data alone, whatever was looked at in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from scoring import tiers
from scoring.model.tiers import Stability, Tiers
from scoring.periods import months_after
from scoring.ranks import Floats

Cause = Literal["behaviour", "data correction", "rule change", "merge"]
CAUSES: tuple[Cause, ...] = get_args(Cause)
DECISIONS = ("accepted", "rejected", "deferred", "")
#: Columns of the table of where accounts stood before.
BEFORE = ("account_id", "position", "tier_since", "as_of", "cause", "decision")
Mask = npt.NDArray[np.bool_]
_MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}


@dataclass(frozen=True)
class Settled:
    """Where accounts stand once stability has been heard.

    Attributes:
        positions: class number per account and axis.
        held: why an account does not stand where its figures alone would put it, "" where it does.
        proposed: tier that waits for a decision of the review round, or None.
        moved: whether the tier is another than before.
        since: first day of the tier.
    """

    positions: tiers.Positions
    held: list[str]
    proposed: npt.NDArray[np.object_]
    moved: Mask
    since: list[date]


def settle(
    figures: Mapping[str, Floats],
    computed: tiers.Positions,
    before: pd.DataFrame,
    cuts: tiers.Cuts,
    scheme: Tiers,
    as_of: date,
) -> Settled:
    """Apply the scheme's stability.

    Args:
        figures: per axis, as `scoring.measures.of_axis` gives them; `computed`: positions by these figures alone.
        before: one row per account in the same order, columns `BEFORE`: class keys per axis, the tier's first day, the
            date that was scored for, the cause of a move away from there, and what the review round decided about it
            ("accepted", "rejected", "deferred" or ""). Rows are empty for new accounts.
    """
    old = _numbers(before["position"].tolist(), scheme)
    known = old[:, 0] >= 0
    bound = known & (before["cause"] == "behaviour").to_numpy(bool)
    rule = scheme.stability
    kept = np.where(bound[:, None], _within_band(figures, computed, old, cuts, scheme), computed)
    step = np.where(bound[:, None], reached(figures, computed, old, cuts, scheme), computed)
    since = [_day(value) for value in before["tier_since"].tolist()]
    until = [months_after(day, rule.dwell_months) if day else as_of for day in since]
    now, then = _ranks(step, scheme), np.where(known, _ranks(np.maximum(old, 0), scheme), -1)
    young = bound & (now != then) & np.array([day > as_of for day in until], dtype=bool)
    early = bound & (now > then) & ~_at_review(before["as_of"].tolist(), as_of, rule) & ~young
    accepted = (before["decision"] == "accepted").to_numpy(bool)
    asks = bound & ~young & ~early & ~accepted & _needs_approval(now, then, rule)
    positions = np.where((young | early | asks)[:, None], old, step)
    why = {"young": young, "early": early, "asks": asks, "step": (kept != step).any(axis=1)}
    moved = known & (_ranks(positions, scheme) != then)
    return Settled(
        positions,
        _reasons(computed, positions, scheme, why, (until, before["decision"].tolist()), as_of),
        np.where(asks, tiers.assign(step, scheme), np.array(None, dtype=object)),
        moved,
        [as_of if day is None or move else day for day, move in zip(since, (moved | ~known).tolist(), strict=True)],
    )


def _ranks(positions: tiers.Positions, scheme: Tiers) -> npt.NDArray[np.int64]:
    """Place of the tier per account, 0 for the best."""
    rank = {key: place for place, key in enumerate(scheme.keys)}
    return np.array([rank[key] for key in tiers.assign(positions, scheme).tolist()], dtype=np.int64)


def _needs_approval(now: npt.NDArray[np.int64], then: npt.NDArray[np.int64], rule: Stability) -> Mask:
    """Moves that the review round has to accept first."""
    if rule.approval == "none":
        return np.zeros(len(now), dtype=bool)
    return (now > then) if rule.approval == "down" else (now != then)


def _numbers(positions: list[list[str] | None], scheme: Tiers) -> tiers.Positions:
    """Class numbers of class keys; -1 where there is no position in this scheme."""
    places = [{name: place for place, name in enumerate(axis.classes)} for axis in scheme.axes]
    nowhere = [-1] * len(places)
    rows = []
    for position in positions:
        if position is None or len(position) != len(places):
            rows.append(nowhere)
            continue
        found = [known.get(name, -1) for known, name in zip(places, position, strict=True)]
        rows.append(nowhere if -1 in found else found)
    return np.array(rows, dtype=np.int64).reshape(len(positions), len(places))


def reached(
    figures: Mapping[str, Floats], computed: tiers.Positions, old: tiers.Positions, cuts: tiers.Cuts, scheme: Tiers
) -> tiers.Positions:
    """Where a review takes accounts from an old position: past the band, and by one step where that is the rule."""
    kept = _within_band(figures, computed, old, cuts, scheme)
    return _one_step(kept, old) if scheme.stability.one_step else kept


def _within_band(
    figures: Mapping[str, Floats], computed: tiers.Positions, old: tiers.Positions, cuts: tiers.Cuts, scheme: Tiers
) -> tiers.Positions:
    """Positions that leave the old one only where a figure has passed a cut by the band."""
    columns = []
    for number, axis in enumerate(scheme.axes):
        at = np.array(cuts.at[axis.key])
        band = scheme.stability.hysteresis * np.abs(at)
        lowest = tiers.classes(figures[axis.key], at + band, axis)
        highest = tiers.classes(figures[axis.key], at - band, axis)
        columns.append(np.clip(old[:, number], lowest, highest))
    return np.where(old >= 0, np.column_stack(columns), computed)


def _one_step(positions: tiers.Positions, old: tiers.Positions) -> tiers.Positions:
    """One boundary of one axis: the first axis that moves."""
    moves = np.sign(positions - old)
    first = np.cumsum(moves != 0, axis=1) == 1
    return np.asarray(old + np.where(first, moves, 0), dtype=np.int64)


def _at_review(then: list[object], as_of: date, rule: Stability) -> npt.NDArray[np.bool_]:
    """Whether a turn of the review lies between the date scored for before and this one."""
    now = _review(as_of, rule)
    days = [_day(value) for value in then]
    return np.array([day is None or _review(day, rule) != now for day in days], dtype=bool)


def _review(day: date, rule: Stability) -> int:
    return (day.year * 12 + day.month - 1) // _MONTHS[rule.review]


def is_review(before: date, as_of: date, rule: Stability) -> bool:
    """Whether a turn of the review lies between these two dates."""
    return _review(before, rule) < _review(as_of, rule)


def next_review(as_of: date, rule: Stability) -> date:
    """First day of the review period after the one of `as_of`."""
    year, month = divmod((_review(as_of, rule) + 1) * _MONTHS[rule.review], 12)
    return date(year, month + 1, 1)


def _day(value: object) -> date | None:
    if value is None or value != value:  # NaT and NaN differ from themselves
        return None
    return date.fromisoformat(str(value)[:10])


def _reasons(
    computed: tiers.Positions,
    positions: tiers.Positions,
    scheme: Tiers,
    why: Mapping[str, Mask],
    facts: tuple[list[date], list[object]],
    as_of: date,
) -> list[str]:
    """One sentence per account whose tier is not what its figures alone would give."""
    by_figures = tiers.assign(computed, scheme)
    lines = [""] * len(by_figures)
    rule, (until, decisions) = scheme.stability, facts
    review = next_review(as_of, rule)
    asked = {
        "rejected": f"the review round kept the tier, the next is on {review}",
        "deferred": f"the review round put it off to {review}",
    }
    for row in np.flatnonzero(by_figures != tiers.assign(positions, scheme)).tolist():
        if why["young"][row]:
            because = f"a tier is kept {rule.dwell_months} months at least, here until {until[row]}"
        elif why["early"][row]:
            because = f"a tier goes down only at a review, the next is on {review}"
        elif why["asks"][row]:
            because = asked.get(str(decisions[row]), "the move waits for the review round")
        elif why["step"][row]:
            because = "a review moves one step at most"
        else:
            because = f"a figure has to pass the boundary by {100 * rule.hysteresis:g} %"
        lines[row] = f"{scheme.label(by_figures[row])} by the figures alone, but {because}"
    return lines
