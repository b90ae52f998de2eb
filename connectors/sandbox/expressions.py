"""What an expression of the mapping yields: one value per row of a view."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.sandbox.mapping import Expression, Join, LoadError, Scalar
from connectors.sandbox.views import Key, View

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
#: Letters that have no ASCII letter inside, which NFKD would leave out.
_LETTERS = str.maketrans("øØłŁđĐ", "oOlLdD", "") | {ord("ß"): "ss", ord("æ"): "ae", ord("Æ"): "Ae", ord("þ"): "th"}
#: Step -> key of a source row -> id of the record it became.
Loaded = Mapping[str, Mapping[Key, str]]


def evaluate(expression: Expression, view: View, loaded: Loaded) -> list[Any]:
    """Values of an expression. Raises `LoadError` with the place of the first value that cannot be used."""
    values = _SOURCES[expression.source](expression, view, loaded)
    if expression.map is not None:
        values = _mapped(expression, view, values)
    if expression.date is not None:
        values = _dates(expression.date, view, values)
    if expression.times is not None:
        factor = Decimal(str(expression.times))
        values = [None if v is None else number(v, view, row) * factor for row, v in enumerate(values)]
    if expression.divided_by is not None:
        values = _divided(values, view.column(expression.divided_by), view)
    if expression.default is not None and None in values:
        others = evaluate(expression.default, view, loaded)
        values = [other if value is None else value for value, other in zip(values, others, strict=True)]
    return values


def joined_columns(view: View, join: Join) -> dict[str, list[Any]]:
    """The columns that a join computes. They cannot look up records."""
    return {name: evaluate(expression, view, {}) for name, expression in join.columns.items()}


def number(value: Any, view: View, row: int) -> Decimal:
    """A value as an exact number."""
    try:
        return value if isinstance(value, Decimal) else Decimal(str(value).strip())
    except InvalidOperation:
        raise LoadError(f"{view.place(row)}: {value!r} is not a number.", "Correct the value.") from None


def _divided(values: list[Any], divisors: list[Any], view: View) -> list[Any]:
    """Quotients with 28 digits; the field's decimals decide how much of them is kept. Empty where nothing divides."""
    quotients: list[Any] = []
    for row, (value, divisor) in enumerate(zip(values, divisors, strict=True)):
        below = None if divisor is None else number(divisor, view, row)
        quotients.append(number(value, view, row) / below if value is not None and below else None)
    return quotients


def _first_of(expression: Expression, view: View, _: Loaded) -> list[Any]:
    columns = [view.column(name) for name in expression.first_of or ()]
    return [next((cell for cell in cells if cell is not None), None) for cells in zip(*columns, strict=True)]


def _template(expression: Expression, view: View, _: Loaded) -> list[Any]:
    parts = _PLACEHOLDER.split(expression.template or "")
    columns = [view.column(name) for name in parts[1::2]]
    fixed = parts[0::2]
    if not columns:
        return [fixed[0]] * len(view)
    return [
        fixed[0] + "".join(("" if c is None else str(c)) + f for c, f in zip(cells, fixed[1:], strict=True))
        for cells in zip(*columns, strict=True)
    ]


def _lookup(expression: Expression, view: View, loaded: Loaded) -> list[Any]:
    name = expression.lookup or ""
    ids = loaded.get(name, {})
    found: list[str | None] = []
    for row, key in enumerate(view.keys(expression.by or ())):
        record = None if key is None else ids.get(key)
        if key is not None and record is None and expression.missing == "refuse":
            raise unknown_key(view.place(row), name, key)
        found.append(record)
    return found


def unknown_key(place: str, name: str, key: Key) -> LoadError:
    """A lookup found nothing."""
    return LoadError(
        f"{place}: no {name} has the key {' '.join(key)!r}.",
        "Correct the value, or write `missing: empty` at the lookup to leave such fields empty.",
    )


def ascii_name(name: str) -> str:
    """A name in small ASCII letters with dots between: "Åsa Öberg" -> "asa.oberg"."""
    plain = unicodedata.normalize("NFKD", name.translate(_LETTERS)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", ".", plain.lower()).strip(".")


def _name_part(attribute: str, part: Callable[[str, Expression], str]) -> Callable[..., list[Any]]:
    def take(expression: Expression, view: View, _: Loaded) -> list[Any]:
        column = view.column(getattr(expression, attribute))
        return [None if cell is None else part(str(cell).strip(), expression) for cell in column]

    return take


def _aggregate(attribute: str, combine: Callable[[list[Any], View, int], Any]) -> Callable[..., list[Any]]:
    """An aggregate over the values that are there; without any the result is empty."""

    def take(expression: Expression, view: View, _: Loaded) -> list[Any]:
        values = view.raw(getattr(expression, attribute))
        results = []
        for row, members in enumerate(view.members):
            present = [values[index] for index in members if values[index] is not None]
            results.append(combine(present, view, row) if present or attribute == "count" else None)
        return results

    return take


def _rank(value: Any) -> tuple[int, Any]:
    """Sort key: numbers, also written ones, as numbers; dates as dates; everything else as text."""
    if isinstance(value, date):
        return 1, value.isoformat()
    try:
        return 0, Decimal(str(value).strip())
    except InvalidOperation:
        return 1, str(value)


def _last(expression: Expression, view: View, _: Loaded) -> list[Any]:
    values, order = view.raw(expression.last or ""), view.raw(expression.order_by or "")
    results = []
    for members in view.members:
        present = [index for index in members if order[index] is not None and values[index] is not None]
        newest = max(present, key=lambda index: (_rank(order[index]), index), default=None)
        results.append(None if newest is None else values[newest])
    return results


def _most(expression: Expression, view: View, _: Loaded) -> list[Any]:
    """The value with the greatest weight (or that occurs most often) in each group; the earlier one among equals."""
    values = view.raw(expression.most or "")
    weights = view.raw(expression.weight) if expression.weight else None
    results = []
    for row, members in enumerate(view.members):
        totals: dict[Any, Decimal] = {}
        for index in members:
            weight = 1 if weights is None else weights[index]
            if values[index] is not None and weight is not None:
                totals[values[index]] = totals.get(values[index], Decimal(0)) + number(weight, view, row)
        results.append(max(totals, key=lambda value: totals[value], default=None))
    return results


def _mapped(expression: Expression, view: View, values: list[Any]) -> list[Any]:
    table: dict[str, Scalar | None] = {str(key): value for key, value in (expression.map or {}).items()}
    result = []
    for row, value in enumerate(values):
        if value is None or str(value) in table:
            result.append(None if value is None else table[str(value)])
        elif expression.others == "refuse":
            raise LoadError(f"{view.place(row)}: {value!r} is not in the map.", "Add the value to the map.")
        else:
            result.append(value if expression.others == "keep" else None)
    return result


def _dates(form: str, view: View, values: list[Any]) -> list[Any]:
    seen: dict[str, date] = {}
    result: list[Any] = []
    for row, value in enumerate(values):
        if value is None or isinstance(value, date):
            result.append(value.date() if isinstance(value, datetime) else value)
            continue
        text = str(value).strip()
        if text not in seen:
            try:
                seen[text] = datetime.strptime(text, form).date()  # noqa: DTZ007 (a date has no zone)
            except ValueError:
                raise LoadError(
                    f"{view.place(row)}: {text!r} is not a date of the form {form}.", "Correct the value or the form."
                ) from None
        result.append(seen[text])
    return result


_SOURCES: dict[str, Callable[[Expression, View, Loaded], list[Any]]] = {
    "column": lambda expression, view, _: view.column(expression.column or ""),
    "first_of": _first_of,
    "constant": lambda expression, view, _: [expression.constant] * len(view),
    "template": _template,
    "lookup": _lookup,
    "first_name": _name_part("first_name", lambda name, _: name.partition(" ")[0]),
    "last_name": _name_part("last_name", lambda name, _: name.partition(" ")[2] or name),
    "username": _name_part("username", lambda name, expression: f"{ascii_name(name)}@{expression.domain}"),
    "sum": _aggregate("sum", lambda values, view, row: sum((number(v, view, row) for v in values), Decimal(0))),
    "min": _aggregate("min", lambda values, view, row: min(values, key=_rank)),
    "max": _aggregate("max", lambda values, view, row: max(values, key=_rank)),
    "count": _aggregate("count", lambda values, view, row: len(values)),
    "last": _last,
    "most": _most,
}
