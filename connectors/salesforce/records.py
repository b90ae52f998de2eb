"""Records of the REST API as canonical values: scalars for comparing and writing, and which fields fill which column.

Numbers arrive as int or `Decimal` (see `client.Client`), so money is exact. An empty string is null.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from connectors.base import DAY, FLAG, INSTANT, MONEY, NUMBER, WHOLE, Scalar

Record = Mapping[str, Any]

_NUMERIC = frozenset({"currency", "double", "percent", "int", "long"})

#: Canonical type -> describe types it can be read from.
READABLE: Mapping[pa.DataType, frozenset[str]] = {
    MONEY: _NUMERIC,
    NUMBER: _NUMERIC,
    WHOLE: _NUMERIC,
    FLAG: frozenset({"boolean"}),
    DAY: frozenset({"date", "datetime"}),
    INSTANT: frozenset({"datetime"}),
}


def value_at(record: Record, path: str) -> Any:
    """The value behind a field path; None where a relationship on the way is empty."""
    value: Any = record
    for step in path.split("."):
        if value is None:
            return None
        value = value.get(step)
    return value


def to_scalar(value: Any, describe_type: str) -> Scalar:
    """A REST value as `fetch` delivers it, so that it compares with what a plan wants to write."""
    if value in (None, ""):
        return None
    if describe_type == "date":
        return date.fromisoformat(value)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bool | int | str):
        return value
    raise TypeError(f"{describe_type} values cannot be compared")


def to_rest(value: Scalar) -> str | float | int | bool | None:
    """A scalar as the REST API takes it. Raises ValueError for numbers that are none."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} cannot be written to a CRM field")
    return None if value == "" else value
