"""The clock moves in steps: the date a run scores for changes only at the turn of the model's period."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from scoring.model import Model


def as_of(model: Model, today: date, tables: Mapping[str, Any]) -> date:
    """First day of the current period, or for file demos the day after the newest transaction.

    `tables` are the mirror's ibis tables; they are read only for the latter.
    """
    if model.clock.period == "month":
        return today.replace(day=1)
    if model.clock.period == "quarter":
        return today.replace(month=3 * ((today.month - 1) // 3) + 1, day=1)
    dates = [_newest(tables, "order", "ordered_on"), _newest_closed(tables)]
    known = [day for day in dates if day is not None]
    return max(known) + timedelta(days=1) if known else today


def _newest(tables: Mapping[str, Any], kind: str, column: str) -> date | None:
    return _date(tables[kind][column].max().execute()) if kind in tables else None


def _newest_closed(tables: Mapping[str, Any]) -> date | None:
    """Open deals have a planned closing date; only closed ones have happened."""
    if "opportunity" not in tables:
        return None
    deals = tables["opportunity"]
    return _date(deals.filter(deals.is_closed).closes_on.max().execute())


def _date(value: Any) -> date | None:
    """A pandas timestamp, a date or a missing value as a date."""
    if value is None or value != value:
        return None
    return value.date() if hasattr(value, "date") else value  # type: ignore[no-any-return]
