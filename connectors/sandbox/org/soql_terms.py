"""Expressions of a query - fields, aggregates, date functions - as SQL, each with how its value is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from connectors.sandbox.org.schema import NUMBER_TYPES, PICKLIST_TYPES, FieldDef
from connectors.sandbox.org.soql_names import Source
from connectors.sandbox.org.soql_tree import Call, Expression, Path
from connectors.sandbox.org.values import presenter

AGGREGATES = frozenset({"COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX"})
_DAY = "substr({0}, 1, 10)"
_DATE_PARTS = {
    "CALENDAR_YEAR": "CAST(substr({0}, 1, 4) AS INTEGER)",
    "CALENDAR_QUARTER": "(CAST(substr({0}, 6, 2) AS INTEGER) + 2) / 3",
    "CALENDAR_MONTH": "CAST(substr({0}, 6, 2) AS INTEGER)",
    "DAY_IN_MONTH": "CAST(substr({0}, 9, 2) AS INTEGER)",
    "DAY_IN_WEEK": f"CAST(strftime('%w', {_DAY}) AS INTEGER) + 1",
    "DAY_IN_YEAR": f"CAST(strftime('%j', {_DAY}) AS INTEGER)",
    "HOUR_IN_DAY": "CAST(substr({0}, 12, 2) AS INTEGER)",
    "WEEK_IN_MONTH": "(CAST(substr({0}, 9, 2) AS INTEGER) + 6) / 7",
    "WEEK_IN_YEAR": f"(CAST(strftime('%j', {_DAY}) AS INTEGER) + 6) / 7",
    "FISCAL_YEAR": "CAST(substr({0}, 1, 4) AS INTEGER)",
    "FISCAL_QUARTER": "(CAST(substr({0}, 6, 2) AS INTEGER) + 2) / 3",
    "FISCAL_MONTH": "CAST(substr({0}, 6, 2) AS INTEGER)",
}
_WHOLE = FieldDef("", "", "int", precision=18)


@dataclass(frozen=True)
class Term:
    """An expression as SQL.

    Attributes:
        field: gives the type of the values, for literals compared with it and for showing them.
        keys: where the value stands in a record, from the query's object down.
        plain: it is a field itself, not a function of one.
    """

    sql: str
    field: FieldDef
    keys: tuple[str, ...]
    show: Callable[[Any], Any] | None
    aggregate: bool = False
    plain: bool = False


def term(source: Source, expression: Expression) -> Term:
    """Raises QueryError."""
    if isinstance(expression, Path):
        found = source.column(expression)
        return Term(found.sql, found.field, found.keys, presenter(found.field), plain=True)
    if expression.name in AGGREGATES:
        return _aggregate(source, expression)
    if expression.argument is None:
        raise source.refuse(expression.place, f"Invalid argument to {expression.name}", "MALFORMED_QUERY")
    inner = term(source, expression.argument)
    if expression.name in _DATE_PARTS:
        return _date_part(source, expression, inner)
    if expression.name == "DAY_ONLY":
        _require(source, expression, inner.field.type == "datetime")
        return Term(_DAY.format(inner.sql), FieldDef("", "", "date"), inner.keys, None)
    if expression.name == "CONVERTTIMEZONE":
        return inner  # the org's zone is GMT
    if expression.name == "TOLABEL":
        _require(source, expression, inner.field.type in PICKLIST_TYPES)
        return Term(inner.sql, inner.field, inner.keys, _labels(inner.field), inner.aggregate)
    if expression.name == "FORMAT":
        return Term(inner.sql, inner.field, inner.keys, _formatted(inner), inner.aggregate)
    raise source.refuse(expression.place, f"Unknown function: {expression.name.lower()}", "MALFORMED_QUERY")


def _require(source: Source, call: Call, fits: bool) -> None:
    if not fits:
        raise source.refuse(call.place, f"field {call.argument} does not support function {call.name}", "INVALID_FIELD")


def _date_part(source: Source, call: Call, inner: Term) -> Term:
    needed = {"datetime"} if call.name == "HOUR_IN_DAY" else {"date", "datetime"}
    _require(source, call, inner.field.type in needed)
    return Term(_DATE_PARTS[call.name].format(inner.sql), _WHOLE, inner.keys, None)


def _aggregate(source: Source, call: Call) -> Term:
    if call.argument is None:
        if call.name != "COUNT":
            raise source.refuse(call.place, f"{call.name} needs a field", "MALFORMED_QUERY")
        return Term("COUNT(*)", _WHOLE, (), None, aggregate=True)
    inner = term(source, call.argument)
    kind = inner.field.type
    if inner.aggregate:
        raise source.refuse(call.place, "aggregates cannot be nested", "MALFORMED_QUERY")
    if call.name in {"COUNT", "COUNT_DISTINCT"}:
        _require(source, call, not inner.field.is_long_text)
        distinct = "DISTINCT " if call.name == "COUNT_DISTINCT" else ""
        return Term(f"COUNT({distinct}{inner.sql})", _WHOLE, (), None, aggregate=True)
    if call.name in {"MIN", "MAX"}:
        _require(source, call, not inner.field.is_long_text and kind not in {"boolean", "multipicklist"})
        return Term(f"{call.name}({inner.sql})", inner.field, (), inner.show, aggregate=True)
    _require(source, call, kind in NUMBER_TYPES)
    if call.name == "SUM":
        # A sum of whole numbers is shown as a whole number, of others as a decimal.
        return Term(f"SUM({inner.sql})", inner.field, (), inner.show, aggregate=True)
    average = f"CAST(SUM({inner.sql}) AS REAL) / COUNT({inner.sql})"
    return Term(average, inner.field, (), inner.show or float, aggregate=True)


def _labels(field: FieldDef) -> Callable[[Any], Any]:
    labels = {entry.value: entry.label for entry in field.values}
    return lambda stored: ";".join(labels.get(part, part) for part in str(stored).split(";"))


def _formatted(inner: Term) -> Callable[[Any], Any]:
    """FORMAT() in the locale en_US."""
    field, show = inner.field, inner.show
    if field.type in NUMBER_TYPES:
        decimals = 0 if field.type == "int" else field.scale
        return lambda stored: f"{show(stored) if show else stored:,.{decimals}f}"
    if field.type == "date":
        return lambda stored: _us_date(str(stored))
    if field.type == "datetime":
        return lambda stored: (
            f"{_us_date(stored)}, {int(stored[11:13]) % 12 or 12}:{stored[14:16]} "
            + ("AM" if int(stored[11:13]) < 12 else "PM")
        )
    return show or str


def _us_date(text: str) -> str:
    day = date.fromisoformat(text[:10])
    return f"{day.month}/{day.day}/{day.year}"
