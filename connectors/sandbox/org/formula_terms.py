"""Parts of compiled formulas: what a term is, what it is evaluated against, and the values it takes.

A value is a bool, a Decimal, a text, a date, an instant, or None where there is nothing. Text is never None: an empty
text field is "".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from connectors.sandbox.clock import parse_date, parse_instant
from connectors.sandbox.org.derived import Context, Stored
from connectors.sandbox.org.schema import NUMBER_TYPES, FieldDef

Kind = Literal["Boolean", "Number", "Text", "Date", "DateTime", "Picklist", "MultiPicklist", "Null"]
Value = bool | Decimal | str | date | datetime | None
_KINDS: Mapping[str, Kind] = {
    "boolean": "Boolean", "date": "Date", "datetime": "DateTime", "picklist": "Picklist",
    "multipicklist": "MultiPicklist", **dict.fromkeys(NUMBER_TYPES, "Number"),
}  # fmt: skip


# unverified: the words in which Salesforce says what is wrong with a formula; only that it is refused is documented.
class FormulaError(Exception):
    """A formula that cannot be saved; the message says why."""


@dataclass(frozen=True)
class Scope:
    """One record under a formula.

    Attributes:
        row: stored values as they will be saved. `old`: as they were; empty for a new record.
        permissions: names of the user's custom permissions in lower case, asked for when a formula needs them.
    """

    row: Stored
    old: Stored
    context: Context
    user_id: str
    permissions: Callable[[str], frozenset[str]] = field(default=lambda user_id: frozenset())

    @property
    def is_new(self) -> bool:
        return not self.old


@dataclass(frozen=True)
class Term:
    """A part of a formula: the kind of its value, and how it is found.

    Attributes:
        prior: for a field of the record itself: its value before the write.
        literal: the text or number that stands in the formula as such.
        name: of the field.
    """

    kind: Kind
    run: Callable[[Scope], Value]
    prior: Callable[[Scope], Value] | None = None
    literal: str | None = None
    name: str = ""


def kind_of(field: FieldDef) -> Kind:
    return _KINDS.get(field.type, "Text")


def reader(field: FieldDef) -> Callable[[Stored], Value]:
    """How a stored value of the field becomes a value in a formula."""
    name, kind = field.name, kind_of(field)
    if kind == "Boolean":
        return lambda row: bool(row.get(name))
    if kind == "Number":
        scale = 0 if field.type == "int" else field.scale
        return lambda row: None if row.get(name) is None else Decimal(row[name]).scaleb(-scale)
    if kind == "Date":
        return lambda row: parse_date(row.get(name) or "")
    if kind == "DateTime":
        return lambda row: parse_instant(row.get(name) or "")
    return lambda row: row.get(name) or ""


def is_blank(value: Value) -> bool:
    return value is None or value == ""


def expect(function: str, term: Term, *kinds: Kind) -> None:
    """Raises FormulaError if the term is of another kind."""
    if term.kind in kinds or term.kind == "Null":
        return
    if term.kind in ("Picklist", "MultiPicklist"):
        raise FormulaError(
            f"Field {term.name} is a picklist field. Picklist fields are only supported in certain functions."
        )
    raise FormulaError(f"Incorrect parameter type for {function}. Expected {', '.join(kinds)}, received {term.kind}")
