"""PURE: how long findings waited until somebody saw them and until they were closed, and how many were in time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from statistics import median
from typing import Protocol

from sync.alerts.states import SEEN, Event

#: What begins a finding's time, and what ends it: mended, or answered so that nobody has to do anything.
OPENING = (Event.FOUND, Event.FOUND_AGAIN, Event.CHANGED, Event.DUE, Event.TAKE_BACK)
CLOSING = (Event.GONE, Event.CONFIRM, Event.ACCEPT)
DAY = 86_400


class Happened(Protocol):
    """An event of a finding, as `FindingEvent` keeps it."""

    finding_id: int
    at: datetime
    event: str
    owner_id: int | None
    until: date | None


@dataclass(frozen=True)
class Episode:
    """One time a finding was open: from when it was found to when it was mended or answered.

    Attributes:
        owner: who had it last.
        due: the day by which it had to be closed.
        seen: when a person first said something about it; None where nobody did.
    """

    finding: int
    opened: datetime
    due: date | None
    owner: int | None = None
    seen: datetime | None = None
    closed: datetime | None = None

    @property
    def is_in_time(self) -> bool:
        """Whether it was closed by its day; days are those of the events' own time zone."""
        return self.closed is not None and (self.due is None or self.closed.date() <= self.due)


@dataclass(frozen=True)
class Times:
    """Times of some episodes in days; None where there is none to count."""

    count: int
    median: float | None
    ninetieth: float | None


@dataclass(frozen=True)
class Figures:
    """How a group of findings was dealt with.

    Attributes:
        open, overdue: now.
        seen, closed: times until then, of those seen or closed since the first day looked at.
        in_time: share of those closed since then, and of those overdue now, that were closed by their day.
    """

    open: int
    overdue: int
    seen: Times
    closed: Times
    in_time: float | None


def episodes(events: Iterable[Happened]) -> list[Episode]:
    """The times findings were open, from their events in order of finding and time."""
    found: list[Episode] = []
    for _, mine in groupby(events, key=lambda each: each.finding_id):
        found += _of_one(mine)
    return found


def _of_one(events: Iterable[Happened]) -> list[Episode]:
    found: list[Episode] = []
    now: Episode | None = None
    due: date | None = None
    for each in events:
        if each.event in OPENING and now is None:
            due = each.until or due  # what was taken back is due as before
            now = Episode(each.finding_id, each.at, due, each.owner_id)
            continue
        if now is None:
            continue
        now = replace(now, owner=each.owner_id if each.event != Event.ESCALATED and each.owner_id else now.owner)
        if each.event in SEEN and now.seen is None:
            now = replace(now, seen=each.at)
        if each.event in CLOSING:
            found.append(replace(now, closed=each.at))
            now = None
    return [*found, now] if now is not None else found


def figures(some: Sequence[Episode], since: datetime, today: date) -> Figures:
    """Figures of these episodes; `today` is the day on which it is asked."""
    still = [each for each in some if each.closed is None]
    overdue = sum(each.due is not None and each.due < today for each in still)
    closed = [each for each in some if each.closed is not None and each.closed >= since]
    seen = [each for each in some if each.seen is not None and each.seen >= since]
    good = sum(each.is_in_time for each in closed)
    return Figures(
        len(still),
        overdue,
        _times((each.seen - each.opened).total_seconds() / DAY for each in seen if each.seen),
        _times((each.closed - each.opened).total_seconds() / DAY for each in closed if each.closed),
        good / (len(closed) + overdue) if closed or overdue else None,
    )


def _times(days: Iterable[float]) -> Times:
    ordered = sorted(days)
    if not ordered:
        return Times(0, None, None)
    # The nearest rank: nine in ten were done within this many days.
    return Times(len(ordered), median(ordered), ordered[math.ceil(0.9 * len(ordered)) - 1])
