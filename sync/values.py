"""Values of CRM fields in the one form in which they are stored and compared."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from connectors.base import Scalar

Stored = str | float | int | bool | None


def stored(value: Scalar) -> Stored:
    """JSON form: dates as ISO text, empty text as None (a CRM makes no difference between the two)."""
    if value is None:
        return None
    if isinstance(value, str):
        return value.strip() or None
    return value.isoformat() if isinstance(value, date) else value


def stored_all(values: Mapping[str, Scalar]) -> dict[str, Stored]:
    return {name: stored(value) for name, value in values.items()}


def same(left: Mapping[str, Scalar], right: Mapping[str, Scalar]) -> bool:
    """Whether `right` holds the values of all fields of `left`."""
    return all(stored(value) == stored(right.get(name)) for name, value in left.items())


def text(value: Scalar) -> str | None:
    """A picklist value or other text; None for an empty one."""
    return None if value is None or value == "" else str(value)
