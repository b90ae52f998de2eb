"""PURE: working days that something has lain, and which step of the model's escalation that calls for."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from scoring.model.days import WEEKDAYS, Weekday
from scoring.model.follow_up import STEPS, Steps


def working_days(since: date, today: date, working: Collection[Weekday]) -> int:
    """Working days after `since`, through `today`: what comes on a Friday has lain one on Monday."""
    numbers = {WEEKDAYS.index(day) for day in working}
    weeks, rest = divmod(max((today - since).days, 0), 7)
    last = since + timedelta(days=7 * weeks)
    return weeks * len(numbers) + sum((last + timedelta(days=n)).weekday() in numbers for n in range(1, rest + 1))


def step(steps: Steps, waited: int, told: int) -> int:
    """How many steps are reached after so many working days, never fewer than were `told` already.

    Where several came at once, only the furthest is told.
    """
    reached = [number for number, name in enumerate(STEPS, 1) if _is_reached(getattr(steps, name), waited)]
    return max([told, *reached])


def _is_reached(days: int | None, waited: int) -> bool:
    return days is not None and waited >= days
