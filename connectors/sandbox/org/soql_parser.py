"""SOQL text -> `soql_tree.Query`. The grammar is `soql.lark`; errors have the form Salesforce gives them."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedInput, UnexpectedToken
from lark.exceptions import VisitError

from connectors.sandbox.org.outcomes import QueryError
from connectors.sandbox.org.soql_tree import (
    BadEscape,
    Both,
    Call,
    Compare,
    Condition,
    DateWord,
    Day,
    Either,
    Expression,
    Instant,
    Member,
    Not,
    Order,
    Path,
    Place,
    Query,
    Selected,
    Text,
    Value,
)


def refuse(soql: str, place: Place, text: str, code: str = "MALFORMED_QUERY") -> QueryError:
    """An error that points at a place in the query, in the service's layout."""
    lines = soql.split("\n")
    line = lines[min(place.line, len(lines)) - 1]
    first = max(0, place.column - 41)
    caret = " " * (place.column - 1 - first)
    return QueryError(
        code,
        f"\n{line[first : place.column + 40]}\n{caret}^\nERROR at Row:{place.line}:Column:{place.column}\n{text}",
    )


def parse(soql: str) -> Query:
    """Raises QueryError("MALFORMED_QUERY", ...)."""
    return _parse(soql.strip())


@lru_cache(maxsize=256)
def _parse(soql: str) -> Query:
    try:
        tree = _lark().parse(soql)
        query: Query = _Builder().transform(tree)
    except UnexpectedInput as error:
        raise _unexpected(soql, error) from None
    except VisitError as error:
        if isinstance(error.orig_exc, _Misplaced):
            raise refuse(soql, error.orig_exc.place, str(error.orig_exc)) from None
        raise
    return query


@lru_cache(maxsize=1)
def _lark() -> Lark:
    return Lark.open("soql.lark", rel_to=__file__, parser="lalr", maybe_placeholders=False)


def _unexpected(soql: str, error: UnexpectedInput) -> QueryError:
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        lines = soql.split("\n")
        return refuse(soql, Place(len(lines), len(lines[-1]) + 1), "unexpected token: '<EOF>'")
    place = Place(max(error.line, 1), max(error.column, 1))
    rest = soql.split("\n")[place.line - 1][place.column - 1 :]
    word = str(error.token) if isinstance(error, UnexpectedToken) else rest.split(" ")[0]
    return refuse(soql, place, f"unexpected token: '{word}'")


class _Misplaced(Exception):
    def __init__(self, place: Place, text: str) -> None:
        super().__init__(text)
        self.place = place


def _place(token: Token) -> Place:
    return Place(token.line or 1, token.column or 1)


def _path(token: Token) -> Path:
    return Path(tuple(token.split(".")), _place(token))


def _value(token: Token) -> Value:
    match token.type:
        case "STRING":
            text = Text(str(token)[1:-1])
            try:
                _ = text.value
            except BadEscape as error:
                raise _Misplaced(_place(token), f"invalid escape sequence '\\{error}' in string literal") from None
            return text
        case "NUMBER":
            return Decimal(str(token))
        case "DATE":
            return Day(str(token))
        case "DATETIME":
            return Instant(str(token).upper())
        case "TRUE" | "FALSE":
            return token.type == "TRUE"
        case "NULL":
            return None
    name, _, count = token.partition(":")
    return DateWord(name.upper(), int(count) if count else None)


def _words(items: list[Any]) -> set[str]:
    return {item.type for item in items if isinstance(item, Token)}


class _Builder(Transformer[Token, Query]):
    """One method per rule of the grammar. Optional clauses become (name, value) pairs."""

    def start(self, items: list[Any]) -> Query:
        query: Query = items[0]
        return query

    def query(self, items: list[Any]) -> Query:
        selected = tuple(item for item in items if isinstance(item, Selected))
        clauses: dict[str, Any] = dict(item for item in items if isinstance(item, tuple))
        entity, alias, place = clauses.pop("from_")
        return Query(selected, entity, alias, place, **{k: v for k, v in clauses.items() if v is not None})

    def selected(self, items: list[Any]) -> Selected:
        return Selected(items[0], str(items[1]) if len(items) > 1 else "")

    def from_(self, items: list[Any]) -> tuple[str, tuple[str, str, Place]]:
        names = [item for item in items if item.type == "PATH"]
        return "from_", (str(names[0]), str(names[1]) if len(names) > 1 else "", _place(names[0]))

    def scope(self, items: list[Any]) -> tuple[str, None]:
        return "ignored", None

    security = for_ = scope

    def all_rows(self, items: list[Any]) -> None:
        raise _Misplaced(_place(items[0]), "ALL ROWS not allowed in this context")

    def where(self, items: list[Any]) -> tuple[str, Condition]:
        return "where", items[-1]

    def having(self, items: list[Any]) -> tuple[str, Condition]:
        return "having", items[-1]

    def group(self, items: list[Any]) -> tuple[str, tuple[Expression, ...]]:
        return "group_by", tuple(items[2:])

    def order(self, items: list[Any]) -> tuple[str, tuple[Order, ...]]:
        return "order_by", tuple(items[2:])

    def ordered(self, items: list[Any]) -> Order:
        words = _words(items)
        return Order(items[0], "DESC" in words, "LAST" in words)

    def limit(self, items: list[Any]) -> tuple[str, int]:
        return "limit", _count(items[1])

    def offset(self, items: list[Any]) -> tuple[str, int]:
        return "offset", _count(items[1])

    def both(self, items: list[Any]) -> Both:
        return Both(tuple(item for item in items if not isinstance(item, Token)))

    def either(self, items: list[Any]) -> Either:
        return Either(tuple(item for item in items if not isinstance(item, Token)))

    def negated(self, items: list[Any]) -> Not:
        return Not(items[-1])

    def compare(self, items: list[Any]) -> Compare:
        left, operator, right = items
        written = "!=" if operator == "<>" else str(operator).upper()
        return Compare(left, written, _value(right), left.place)

    def member(self, items: list[Any]) -> Member:
        left, *rest = items
        operator = " ".join(t.type for t in rest if isinstance(t, Token) and t.type in _MEMBER_WORDS)
        values = [item for item in rest if not (isinstance(item, Token) and item.type in _MEMBER_WORDS)]
        if isinstance(values[0], Query):
            return Member(left, operator, values[0], left.place)
        return Member(left, operator, tuple(map(_value, values)), left.place)

    def expression(self, items: list[Any]) -> Expression:
        return _path(items[0]) if isinstance(items[0], Token) else items[0]

    def call(self, items: list[Any]) -> Call:
        name = items[0]
        return Call(str(name).upper(), items[1] if len(items) > 1 else None, _place(name))


_MEMBER_WORDS = {"NOT", "IN", "INCLUDES", "EXCLUDES"}


def _count(token: Token) -> int:
    if not token.isdigit():
        raise _Misplaced(_place(token), f"unexpected token: '{token}'")
    return int(token)
