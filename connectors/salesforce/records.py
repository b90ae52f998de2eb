"""Records of the REST API as canonical values: arrow columns for reads, scalars for comparing and writing.

Numbers arrive as int or `Decimal` (see `client.Client`), so money is exact. An empty string is null.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from connectors.base import COLUMNS, DAY, FLAG, INSTANT, MONEY, NUMBER, TEXT, WHOLE, Scalar
from connectors.errors import SchemaMismatch

Record = Mapping[str, Any]

_CENT_OF_CENT = Decimal("0.0001")
_NUMERIC = frozenset({"currency", "double", "percent", "int", "long"})

#: Canonical type -> describe types it can be read from, and what to call it in a message.
READABLE: Mapping[pa.DataType, tuple[frozenset[str], str]] = {
    MONEY: (_NUMERIC, "a number"),
    NUMBER: (_NUMERIC, "a number"),
    WHOLE: (_NUMERIC, "a number"),
    FLAG: (frozenset({"boolean"}), "a checkbox"),
    DAY: (frozenset({"date", "datetime"}), "a date"),
    INSTANT: (frozenset({"datetime"}), "a date and time"),
}


def column_type(kind: str, column: str) -> pa.DataType:
    """The canonical type of a column; text for a column that `COLUMNS` does not know."""
    return COLUMNS[kind].get(column, TEXT)


def schema_of(kind: str, columns: Sequence[str]) -> pa.Schema:
    return pa.schema([(column, column_type(kind, column)) for column in columns])


def value_at(record: Record, path: str) -> Any:
    """The value behind a field path; None where a relationship on the way is empty."""
    value: Any = record
    for step in path.split("."):
        if value is None:
            return None
        value = value.get(step)
    return value


def instant(text: str) -> datetime:
    """An instant as Salesforce writes it, e.g. "2026-01-01T00:00:00.000+0000"."""
    return datetime.fromisoformat(text).astimezone(UTC)


def to_column(values: Sequence[Any], kind: pa.DataType, where: str) -> pa.Array:
    """One arrow column of REST values. Raises `SchemaMismatch`, naming `where`, for one that does not fit."""
    try:
        return pa.array([_CONVERT[kind](value) if value not in (None, "") else None for value in values], kind)
    except (pa.ArrowInvalid, ArithmeticError, ValueError, TypeError) as error:
        raise SchemaMismatch(
            f"{where} holds a value that is not {READABLE.get(kind, (None, 'text'))[1]} we can keep: {error}",
            next_step="Correct the value in Salesforce, or map another field to this column.",
        ) from None


def _money(value: Any) -> Decimal:
    number = Decimal(value)
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -4:
        return number.quantize(_CENT_OF_CENT)
    return number


def _whole(value: Any) -> int:
    number = int(value)
    if number != value:
        raise ValueError(f"{value} is not a whole number")
    return number


def _day(value: str) -> date:
    return date.fromisoformat(value) if len(value) == 10 else instant(value).date()


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is not true or false")
    return value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return plain(value) if isinstance(value, Decimal) else str(value)


def plain(number: Decimal) -> str:
    """A number without exponent and without trailing zeros.

    >>> plain(Decimal("3.50E+8"))
    '350000000'
    """
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


_CONVERT: Mapping[pa.DataType, Any] = {
    MONEY: _money,
    NUMBER: float,
    WHOLE: _whole,
    FLAG: _flag,
    DAY: _day,
    INSTANT: instant,
    TEXT: _text,
}


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
