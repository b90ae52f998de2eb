"""Values of files as canonical values: exact money, dates in any format, and a reason for each that cannot be read."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from connectors.base import DAY, FLAG, INSTANT, MONEY, NUMBER, TEXT, WHOLE
from connectors.files.mapping import ColumnRule

_TRUE = frozenset({"true", "yes", "y", "t", "1", "x"})
_FALSE = frozenset({"false", "no", "n", "f", "0"})
_PLACES = Decimal("0.0001")
_LARGEST = Decimal(10) ** 14
_LARGEST_WHOLE = 2**63


class Unreadable(ValueError):
    """A value that does not fit its column; the message completes "line 7, column 'Amount', value 'x': ..."."""


def convert(raw: pa.Array, wanted: pa.DataType, rule: ColumnRule) -> tuple[pa.Array, dict[int, str]]:
    """The column in its canonical type, and by row number the reason for each value that cannot be read.

    Empty text is null. Values already typed in the file keep their exactness; text is read by the rule.
    """
    if (ready := _already(raw, wanted, rule)) is not None:
        return ready, {}
    # Files repeat themselves: each different value is read once.
    encoded = raw.dictionary_encode()
    parse = _PARSERS[wanted]
    values: list[Any] = []
    bad: dict[int, str] = {}
    for place, value in enumerate(encoded.dictionary.to_pylist()):
        try:
            values.append(_parsed(value, rule, parse))
        except Unreadable as error:
            values.append(None)
            bad[place] = str(error)
    column = pa.array(values, wanted).take(encoded.indices)
    if not bad:
        return column, {}
    reasons = {row: bad[place] for row, place in enumerate(encoded.indices.to_pylist()) if place in bad}
    return column, reasons


def _already(raw: pa.Array, wanted: pa.DataType, rule: ColumnRule) -> pa.Array | None:
    """Typed columns by a plain cast, where no value can change by it."""
    if rule.values or pa.types.is_string(raw.type) or pa.types.is_large_string(raw.type):
        return None
    if wanted == TEXT and not pa.types.is_integer(raw.type):
        return None
    if wanted == INSTANT and not (pa.types.is_timestamp(raw.type) and raw.type.tz):
        return None
    if wanted in (MONEY, FLAG) and pa.types.is_floating(raw.type):
        return None  # by way of the shortest text, so that 0.1 is 0.1
    if wanted == DAY and not pa.types.is_temporal(raw.type):
        return None
    try:
        return pc.cast(raw, wanted)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None


def _parsed(value: Any, rule: ColumnRule, parse: Callable[[Any, ColumnRule], Any]) -> Any:
    if isinstance(value, str):
        value = value.strip()
        value = rule.values.get(value, value)
        if not value:
            return None
    elif value is not None and rule.values:
        value = rule.values.get(str(value), value)
    return None if value is None else parse(value, rule)


def _number(value: Any, rule: ColumnRule) -> Decimal:
    text = str(value)
    if isinstance(value, str):
        # Accounting writes negatives in brackets, and SAP puts the sign behind.
        if text.startswith("(") and text.endswith(")"):
            text = f"-{text[1:-1]}"
        elif text.endswith("-"):
            text = f"-{text[:-1]}"
        if rule.thousands:
            text = text.replace(rule.thousands, "")
        if rule.decimal == ",":
            if "." in text:
                raise Unreadable("is not a number with decimal comma; say 'thousands' if '.' groups the digits")
            text = text.replace(",", ".")
    if "_" in text:
        raise Unreadable("is not a number")  # Python would read 1_000
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise Unreadable("is not a number") from None
    if not number.is_finite():
        raise Unreadable("is not a number")
    return number


def _money(value: Any, rule: ColumnRule) -> Decimal:
    number = _number(value, rule)
    if abs(number) >= _LARGEST:
        raise Unreadable("is too large for an amount of money")
    return number.quantize(_PLACES)


def _whole(value: Any, rule: ColumnRule) -> int:
    number = _number(value, rule)
    if abs(number) >= _LARGEST_WHOLE:  # before int(), which would write out 1e999999
        raise Unreadable("is too large for a whole number")
    if number != int(number):
        raise Unreadable("is not a whole number")
    return int(number)


def _float(value: Any, rule: ColumnRule) -> float:
    number = float(_number(value, rule))
    if not math.isfinite(number):
        raise Unreadable("is too large for a number")
    return number


def _flag(value: Any, _: ColumnRule) -> bool:
    text = str(value).lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise Unreadable("is neither yes nor no; translate it with 'values'")


def _moment(value: Any, rule: ColumnRule) -> datetime:
    """Without a timezone of its own an instant is UTC."""
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day)  # noqa: DTZ001  # the zone comes below
    else:
        moment = _read_date(str(value), rule.format)
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise Unreadable("is outside the calendar") from None


def _read_date(text: str, form: str) -> datetime:
    if form:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007  # the zone is the caller's matter
        except ValueError:
            pass  # spreadsheets hand out real dates in ISO form, whatever the sheet shows
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        expected = f"in the form {form}" if form else "in ISO form (2024-01-31); give its 'format'"
        raise Unreadable(f"is not a date {expected}") from None


def _day(value: Any, rule: ColumnRule) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, str):
        return _read_date(value, rule.format).date()
    return _read_date(str(value), rule.format or "%Y%m%d").date()  # 20240131 as a number


def _text(value: Any, _: ColumnRule) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # an id column with gaps comes as floats
    return str(value)


_PARSERS: Mapping[pa.DataType, Callable[[Any, ColumnRule], Any]] = {
    MONEY: _money,
    NUMBER: _float,
    WHOLE: _whole,
    FLAG: _flag,
    DAY: _day,
    INSTANT: _moment,
    TEXT: _text,
}
