"""Tier churn before anybody lives with it: a model walked over periods that have passed.

Every period is scored as a run would have scored it, from the one before, with the model's stability. Records are taken
as they are known today. Calibrations are renewed at each review, and every move that waits for the review round is
accepted: what is left is what the rules themselves would do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import pandas as pd

from scoring import calibration as calibrating
from scoring import pipeline
from scoring.calibration import Calibration
from scoring.model.shape import Model
from scoring.tiers import stability


@dataclass(frozen=True)
class Turn:
    """What happened at the turn to a period.

    Attributes:
        customers: accounts with a tier before and after it.
        up, down: of these, those that moved to a better, or a worse tier.
        by_figures: those that would have moved if the figures alone decided.
        back: those that returned to the tier they had left at an earlier turn.
    """

    as_of: date
    customers: int
    up: int
    down: int
    by_figures: int
    back: int

    @property
    def moved(self) -> int:
        return self.up + self.down


def walk(frames: Iterable[tuple[date, pd.DataFrame]], model: Model) -> list[Turn]:
    """The turns between these periods.

    Args:
        frames: date scored for, and features of all accounts for it (columns of `scoring.features.build`), the
            earliest first.
    """
    turns: list[Turn] = []
    held: Calibration | None = None
    before: pd.DataFrame | None = None
    left: dict[str, set[str]] = {}
    for as_of, frame in frames:
        held = _calibration(held, frame, model, as_of)
        after = pipeline.settled(frame, model, held, as_of, _given(before))
        if before is not None:
            turns.append(_turn(as_of, before, after, model, left))
        before = after.assign(as_of=as_of)
    return turns


def _calibration(held: Calibration | None, frame: pd.DataFrame, model: Model, as_of: date) -> Calibration:
    """The one in force: fitted first, and anew at every review."""
    if held is None or stability.is_review(date.fromisoformat(held.as_of), as_of, model.tiers.stability):
        return pipeline.calibrate(frame, model, as_of)
    return calibrating.at(held, as_of)


def _given(before: pd.DataFrame | None) -> pd.DataFrame | None:
    if before is None:
        return None
    return before.assign(cause="behaviour", decision="accepted")[list(stability.BEFORE)]


def _turn(as_of: date, before: pd.DataFrame, after: pd.DataFrame, model: Model, left: dict[str, set[str]]) -> Turn:
    """Compare two periods; `left` remembers per account the tiers it has left."""
    rank = {key: place for place, key in enumerate(model.tiers.keys)}
    both = before.merge(after, on="account_id", suffixes=("_before", "_after"))
    both = both[both["tier_before"].notna() & both["tier_after"].notna()]
    now, then = both["tier_after"].map(rank), both["tier_before"].map(rank)
    back = 0
    for account, old, new in both.loc[now != then, ["account_id", "tier_before", "tier_after"]].itertuples(index=False):
        known = left.setdefault(account, set())
        back += new in known
        known.add(old)
    figures = both["computed_before"].map(tuple) != both["computed_after"].map(tuple)
    return Turn(as_of, len(both), int((now < then).sum()), int((now > then).sum()), int(figures.sum()), back)
