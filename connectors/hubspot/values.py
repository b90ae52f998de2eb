"""Values of properties, which HubSpot gives and takes as text."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from connectors.base import Scalar
from connectors.columns import plain

Value = str | bool | Decimal | None


def read(text: object, kind: str) -> Value:
    """The value of a property of this type; numbers exact, an empty text as None.

    Raises ValueError for a number that is none.
    """
    if text is None or text == "":
        return None
    if kind == "number":
        try:
            return Decimal(str(text))
        except InvalidOperation:
            raise ValueError(f"{text!r} is not a number") from None
    if kind == "bool":
        return str(text).lower() == "true"
    return str(text)


def to_scalar(text: object, kind: str) -> Scalar:
    """A value as `fetch` delivers it, so that it compares with what a plan wants to write."""
    value = read(text, kind)
    if isinstance(value, Decimal):
        return float(value)
    if kind == "date" and isinstance(value, str):
        return date.fromisoformat(value[:10])
    return value


def written(value: Scalar) -> str:
    """A value as HubSpot takes it; "" clears a property. Raises ValueError for numbers that are none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} cannot be written to a CRM field")
        return plain(Decimal(repr(value)))
    return str(value)


def milliseconds(moment: datetime) -> str:
    """An instant as the search takes it."""
    return str(round(moment.timestamp() * 1000))
