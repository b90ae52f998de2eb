"""Conditions of a query as SQL with bound parameters. Values of the query never become SQL text.

A missing value behaves as a value of its own, as in the real service: `X != 'a'` and `NOT X = 'a'` are true
where X is empty.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.sandbox.clock import instant_text, parse_date, parse_instant
from connectors.sandbox.org import ids
from connectors.sandbox.org.outcomes import QueryError
from connectors.sandbox.org.schema import NUMBER_TYPES, TEXT_TYPES
from connectors.sandbox.org.soql_dates import day_range
from connectors.sandbox.org.soql_names import Source
from connectors.sandbox.org.soql_terms import Term, term
from connectors.sandbox.org.soql_tree import (
    Both,
    Compare,
    Condition,
    DateWord,
    Day,
    Either,
    Instant,
    Member,
    Not,
    Query,
    Text,
    Value,
)

#: Compiles a semi-join to the SQL of a sub-select, adding its parameters.
SemiJoin = Callable[[Query, list[Any]], str]
_MIDNIGHT = "T00:00:00.000+0000"


class Where:
    """Compiles conditions of one statement; `parameters` fills up in the order of the SQL."""

    def __init__(self, source: Source, semi_join: SemiJoin) -> None:
        self._source = source
        self._semi_join = semi_join
        self.parameters: list[Any] = []

    def sql(self, condition: Condition) -> str:
        """Raises QueryError."""
        match condition:
            case Both(parts):
                return "(" + " AND ".join(map(self.sql, parts)) + ")"
            case Either(parts):
                return "(" + " OR ".join(map(self.sql, parts)) + ")"
            case Not(part):
                return f"(NOT ifnull({self.sql(part)}, 0))"
            case Compare():
                return self._compare(condition)
            case Member():
                return self._member(condition)

    def _bind(self, value: object) -> str:
        self.parameters.append(value)
        return "?"

    def _left(self, condition: Compare | Member) -> Term:
        left = term(self._source, condition.left)
        if left.field.is_long_text or not left.field.filterable:
            raise self._source.refuse(condition.place, f"field '{condition.left}' can not be filtered in a query call")
        return left

    # --- comparisons ---------------------------------------------------------------------------

    def _compare(self, condition: Compare) -> str:
        left = self._left(condition)
        if condition.right is None:
            if condition.operator not in {"=", "!="}:
                raise self._operator(condition)
            return f"{left.sql} IS {'NOT ' if condition.operator == '!=' else ''}NULL"
        if condition.operator == "LIKE":
            return self._like(left, condition)
        if isinstance(condition.right, DateWord):
            return self._word(left, condition, condition.right)
        stored = self._stored(left, condition.right, condition)
        if isinstance(stored, bool | int) and left.field.type == "boolean" and condition.operator not in "!=":
            raise self._operator(condition)
        return self._ordered(left, condition.operator, stored)

    def _ordered(self, left: Term, operator: str, stored: object) -> str:
        sql = left.sql
        if isinstance(stored, str) and left.field.type in TEXT_TYPES and not stored.isascii():
            # The column's collation folds ASCII only; text beyond it is compared folded on both sides.
            sql, stored = f"fold({sql})", stored.casefold()
        known = {"=": "IS", "!=": "IS NOT"}
        return f"{sql} {known.get(operator, operator)} {self._bind(stored)}"

    def _operator(self, condition: Compare | Member) -> QueryError:
        return self._source.refuse(
            condition.place, f"invalid operator on {condition.left} field", "INVALID_QUERY_FILTER_OPERATOR"
        )

    def _like(self, left: Term, condition: Compare) -> str:
        if left.field.type not in TEXT_TYPES or left.field.type == "multipicklist":
            raise self._operator(condition)
        if not isinstance(condition.right, Text):
            raise self._wrong_type(left, condition)
        pattern = condition.right.pattern
        if pattern.isascii():
            return f"{left.sql} LIKE {self._bind(pattern)} ESCAPE '\\'"
        return f"fold({left.sql}) LIKE {self._bind(pattern.casefold())} ESCAPE '\\'"

    def _word(self, left: Term, condition: Compare, word: DateWord) -> str:
        found = day_range(word.name, word.count, self._source.today)
        if found is None:
            raise self._source.refuse(condition.place, f"unexpected token: '{word.name}'", "MALFORMED_QUERY")
        if left.field.type not in {"date", "datetime"}:
            raise self._wrong_type(left, condition)
        first, after = (_edge(left, day) for day in found)
        match condition.operator:
            case "=":
                return f"({left.sql} >= {self._bind(first)} AND {left.sql} < {self._bind(after)})"
            case "!=":
                inside = f"{left.sql} >= {self._bind(first)} AND {left.sql} < {self._bind(after)}"
                return f"(NOT ifnull({inside}, 0))"
            case "<":
                return f"{left.sql} < {self._bind(first)}"
            case "<=":
                return f"{left.sql} < {self._bind(after)}"
            case ">":
                return f"{left.sql} >= {self._bind(after)}"
            case _:
                return f"{left.sql} >= {self._bind(first)}"

    # --- lists ---------------------------------------------------------------------------------

    def _member(self, condition: Member) -> str:
        left = self._left(condition)
        if condition.operator in {"INCLUDES", "EXCLUDES"}:
            return self._includes(left, condition)
        negated = condition.operator == "NOT IN"
        if isinstance(condition.right, Query):
            if left.field.type not in {"id", "reference"}:
                raise self._source.refuse(
                    condition.place,
                    f"The left operand of a semi-join must be an id or a reference: {condition.left}",
                )
            inside = f"{left.sql} IN ({self._semi_join(condition.right, self.parameters)})"
            return f"(NOT ifnull({inside}, 0))" if negated else inside
        if any(isinstance(value, DateWord) for value in condition.right):
            return self._word_list(left, condition, negated)
        inside = self._in_list(left, condition, condition.right)
        return f"(NOT ifnull({inside}, 0))" if negated else inside

    def _in_list(self, left: Term, condition: Member, values: tuple[Value, ...]) -> str:
        stored = [self._stored(left, value, condition) for value in values if value is not None]
        sql = left.sql
        texts = [value for value in stored if isinstance(value, str)]
        if left.field.type in TEXT_TYPES and not all(value.isascii() for value in texts):
            sql, stored = f"fold({sql})", [value.casefold() for value in texts]
        inside = f"{sql} IN ({', '.join(self._bind(value) for value in stored)})"
        return f"({inside} OR {left.sql} IS NULL)" if None in values else inside

    def _word_list(self, left: Term, condition: Member, negated: bool) -> str:
        parts = [
            self._compare(Compare(condition.left, "=", value, condition.place))
            for value in condition.right  # type: ignore[union-attr]
        ]
        inside = "(" + " OR ".join(parts) + ")"
        return f"(NOT ifnull({inside}, 0))" if negated else inside

    def _includes(self, left: Term, condition: Member) -> str:
        if left.field.type != "multipicklist" or isinstance(condition.right, Query):
            raise self._operator(condition)
        choices = []
        for value in condition.right:
            if not isinstance(value, Text):
                raise self._wrong_type(left, condition)
            # INCLUDES ('a;b', 'c'): a and b together, or c
            found = [
                f"instr(';' || fold({left.sql}) || ';', {self._bind(f';{part.casefold()};')}) > 0"
                for part in value.value.split(";")
            ]
            choices.append("(" + " AND ".join(found) + ")")
        inside = "(" + " OR ".join(choices) + ")"
        return inside if condition.operator == "INCLUDES" else f"(NOT ifnull({inside}, 0))"

    # --- literals ------------------------------------------------------------------------------

    def _stored(self, left: Term, value: Value, condition: Compare | Member) -> Any:
        """The literal in the form in which the field is stored."""
        kind = left.field.type
        if kind in {"id", "reference"} and isinstance(value, Text):
            found = ids.normalize(value.value)
            if found is None:
                raise self._source.refuse(
                    condition.place, f"invalid ID field: {value.value}", "INVALID_QUERY_FILTER_OPERATOR"
                )
            return found
        if kind in TEXT_TYPES and isinstance(value, Text):
            return value.value
        if kind == "boolean" and isinstance(value, bool):
            return int(value)
        if kind in NUMBER_TYPES and isinstance(value, Decimal):
            scaled = value.scaleb(0 if kind == "int" else left.field.scale)
            return int(scaled) if scaled == scaled.to_integral_value() else float(scaled)
        if kind == "date" and isinstance(value, Day) and parse_date(value.text):
            return value.text
        if kind == "datetime" and isinstance(value, Instant):
            moment = parse_instant(value.text)
            if moment is not None:
                return instant_text(moment)
        raise self._wrong_type(left, condition)

    def _wrong_type(self, left: Term, condition: Compare | Member) -> QueryError:
        kind = left.field.soap_type
        quotes = "should be" if kind in {"string", "ID"} else "should not be"
        return self._source.refuse(
            condition.place,
            f"value of filter criterion for field '{condition.left}' must be of type {kind} and {quotes} "
            "enclosed in quotes",
        )


def _edge(left: Term, day: date) -> str:
    return day.isoformat() + (_MIDNIGHT if left.field.type == "datetime" else "")
