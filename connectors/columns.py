"""Values of a CRM as canonical columns: money exact, days and instants parsed, an empty text as null.

Numbers come as int or `Decimal`, flags as bool, days and instants as ISO text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from connectors.base import COLUMNS, DAY, FLAG, INSTANT, MONEY, NUMBER, TEXT, WHOLE
from connectors.errors import SchemaMismatch

_CENT_OF_CENT = Decimal("0.0001")
#: Canonical type -> what a field has to hold for it, in a message.
MEANT: Mapping[pa.DataType, str] = {
    MONEY: "a number",
    NUMBER: "a number",
    WHOLE: "a number",
    FLAG: "a checkbox",
    DAY: "a date",
    INSTANT: "a date and time",
}


def column_type(kind: str, column: str) -> pa.DataType:
    """The canonical type of a column; text for a column that `COLUMNS` does not know."""
    return COLUMNS[kind].get(column, TEXT)


def schema_of(kind: str, columns: Sequence[str]) -> pa.Schema:
    return pa.schema([(column, column_type(kind, column)) for column in columns])


def instant(text: str) -> datetime:
    """An instant as a CRM writes it, e.g. "2026-01-01T00:00:00.000+0000" or "2026-01-01T00:00:00Z"."""
    return datetime.fromisoformat(text).astimezone(UTC)


def to_column(values: Sequence[Any], kind: pa.DataType, where: str) -> pa.Array:
    """One arrow column. Raises `SchemaMismatch`, naming `where`, for a value that does not fit."""
    try:
        return pa.array([_CONVERT[kind](value) if value not in (None, "") else None for value in values], kind)
    except (pa.ArrowInvalid, ArithmeticError, ValueError, TypeError) as error:
        raise SchemaMismatch(
            f"{where} holds a value that is not {MEANT.get(kind, 'text')} we can keep: {error}",
            next_step="Correct the value in the CRM, or map another field to this column.",
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
