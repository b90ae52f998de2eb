"""A SOQL query as values: what the parser makes and the compiler reads. Positions are for error messages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\", "_": "_", "%": "%"}


@dataclass(frozen=True)
class Place:
    """Where in the text something stands, both counted from 1."""

    line: int
    column: int


class BadEscape(ValueError):
    """A backslash in a string that starts no escape."""


@dataclass(frozen=True)
class Text:
    """A string literal, as written between its quotes."""

    raw: str

    @property
    def value(self) -> str:
        """The text meant. Raises BadEscape."""
        return _ESCAPE.sub(lambda match: _unescape(match[1]), self.raw)

    @property
    def pattern(self) -> str:
        """The same for LIKE: escaped wildcards and backslashes stay escaped with a backslash."""
        keep = {"_": "\\_", "%": "\\%", "\\": "\\\\"}
        return _ESCAPE.sub(lambda match: keep.get(match[1]) or _unescape(match[1]), self.raw)


def _unescape(code: str) -> str:
    if code[0] == "u" and len(code) == 5:
        return chr(int(code[1:], 16))
    if code not in _ESCAPES:
        raise BadEscape(code)
    return _ESCAPES[code]


@dataclass(frozen=True)
class DateWord:
    """A date literal such as TODAY or LAST_N_DAYS:30."""

    name: str
    count: int | None = None


@dataclass(frozen=True)
class Day:
    text: str


@dataclass(frozen=True)
class Instant:
    text: str


Value = Text | Decimal | bool | None | DateWord | Day | Instant


@dataclass(frozen=True)
class Path:
    """A field, through relationships: ("Account", "Owner", "Name")."""

    names: tuple[str, ...]
    place: Place

    def __str__(self) -> str:
        return ".".join(self.names)


@dataclass(frozen=True)
class Call:
    """A function of a field or of another call; `argument` is None for COUNT()."""

    name: str
    argument: Path | Call | None
    place: Place


Expression = Path | Call


@dataclass(frozen=True)
class Selected:
    expression: Expression | Query
    alias: str = ""


@dataclass(frozen=True)
class Compare:
    left: Expression
    operator: str
    right: Value
    place: Place


@dataclass(frozen=True)
class Member:
    """IN, NOT IN, INCLUDES or EXCLUDES with a list or a semi-join."""

    left: Expression
    operator: str
    right: tuple[Value, ...] | Query
    place: Place


@dataclass(frozen=True)
class Both:
    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Either:
    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Not:
    part: Condition


Condition = Compare | Member | Both | Either | Not


@dataclass(frozen=True)
class Order:
    expression: Expression
    descending: bool
    nulls_last: bool


@dataclass(frozen=True)
class Query:
    """`entity` is the object, or in a child subquery the relationship."""

    selected: tuple[Selected, ...]
    entity: str
    alias: str
    place: Place
    where: Condition | None = None
    group_by: tuple[Expression, ...] = ()
    having: Condition | None = None
    order_by: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0
