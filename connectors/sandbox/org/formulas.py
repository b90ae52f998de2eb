"""Formulas: text -> checked and ready to be evaluated. The grammar is `formulas.lark`.

Names and the kinds of values are checked when a formula is compiled, as the service does when one is saved.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, DivisionByZero, InvalidOperation
from functools import lru_cache
from typing import Any

from lark import Lark, Token, Tree, UnexpectedInput, UnexpectedToken

from connectors.sandbox.org import formula_functions as functions
from connectors.sandbox.org.formula_fields import Find, Names
from connectors.sandbox.org.formula_terms import FormulaError, Kind, Scope, Term, Value, expect, is_blank
from connectors.sandbox.org.schema import FieldDef, ObjectDef

#: A formula holds at most so many characters.
LONGEST = 3900
_DEEPEST = 10
_ORDERED: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
}  # fmt: skip
Part = Tree[Token] | Token


@dataclass(frozen=True)
class Formula:
    """A checked formula.

    Attributes:
        kind: of its value.
        used: fields it looks at, as Object.Field.
    """

    text: str
    kind: Kind
    used: frozenset[str]
    _term: Term

    def value(self, scope: Scope) -> Value:
        return self._term.run(scope)

    def holds(self, scope: Scope) -> bool:
        """Whether a Boolean formula is true; what is neither true nor false is not."""
        return self._term.run(scope) is True


def compile_formula(
    text: str,
    definition: ObjectDef,
    find: Find,
    custom_permissions: frozenset[str] = frozenset(),
    *,
    blank_as_zero: bool = False,
    above: tuple[str, ...] = (),
) -> Formula:
    """A formula over records of the object. Raises FormulaError.

    Args:
        custom_permissions: names that exist, in lower case.
        blank_as_zero: empty numbers count as 0, as a formula field may want.
        above: the formula fields (Object.Field) through which this formula is reached.
    """
    if not text.strip():
        raise FormulaError("Formula is empty")
    if len(text) > LONGEST:
        raise FormulaError(f"Formula is too long ({len(text):,} characters). Maximum length is {LONGEST:,} characters")

    def nested(parent: ObjectDef, field: FieldDef) -> Term:
        full_name = f"{parent.name}.{field.name}"
        if full_name in above or len(above) > _DEEPEST:
            raise FormulaError(f"Field {field.name} leads back to itself or too deep")
        inner = compile_formula(
            field.formula, parent, find, custom_permissions, blank_as_zero=field.blank_as_zero,
            above=(*above, full_name),
        )  # fmt: skip
        return Term(inner.kind, inner.value)

    names = Names(definition, find, custom_permissions, nested, blank_as_zero)
    term = _Compiler(names).term(_parse(text))
    return Formula(text, term.kind, frozenset(names.used), term)


def compile_condition(
    text: str, definition: ObjectDef, find: Find, custom_permissions: frozenset[str] = frozenset()
) -> Formula:
    """A formula whose value is true or false. Raises FormulaError."""
    found = compile_formula(text, definition, find, custom_permissions)
    if found.kind != "Boolean":
        raise FormulaError(
            f"Formula result is data type ({found.kind}), incompatible with expected data type (true or false)."
        )
    return found


@lru_cache(maxsize=1)
def _lark() -> Lark:
    return Lark.open("formulas.lark", rel_to=__file__, parser="lalr", maybe_placeholders=False)


def _parse(text: str) -> Part:
    try:
        (tree,) = _lark().parse(text).children
    except UnexpectedInput as error:
        if isinstance(error, UnexpectedToken) and error.token.type == "$END":
            raise FormulaError("Syntax error. Found end of formula") from None
        word = (
            str(error.token)
            if isinstance(error, UnexpectedToken)
            else text.split("\n")[error.line - 1][error.column - 1 : error.column]
        )
        raise FormulaError(f"Syntax error. Extra {word}") from None
    return tree


class _Compiler:
    """Turns the parts of one formula into terms."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def term(self, part: Part) -> Term:
        if isinstance(part, Token):
            raise FormulaError(f"Syntax error. Extra {part}")
        first = part.children[0]
        match str(part.data):
            case "number":
                number = Decimal(str(first))
                return Term("Number", lambda scope: number, literal=str(first))
            case "string":
                text = _unquoted(str(first))
                return Term("Text", lambda scope: text, literal=text)
            case "name":
                return self._names.term(str(first))
            case "call":
                return functions.call(str(first), [self.term(child) for child in part.children[1:]])
            case "negated":
                return functions.negation("operator '!'", [self.term(first)])
            case "minus":
                return _arithmetic("-", Term("Number", lambda scope: Decimal(0)), self.term(part.children[-1]))
        left, right = self.term(first), self.term(part.children[-1])
        match str(part.data):
            case "either":
                return functions.any_of("operator '||'", (left, right))
            case "both":
                return functions.all_of("operator '&&'", (left, right))
            case "compare":
                return _comparison(str(part.children[1]), left, right)
            case "power":
                return _arithmetic("^", left, right)
        return _arithmetic(str(part.children[1]), left, right)


def _unquoted(text: str) -> str:
    escapes = {"n": "\n", "r": "\r", "t": "\t"}
    return re.sub(r"\\(.)", lambda match: escapes.get(match[1], match[1]), text[1:-1], flags=re.DOTALL)


def _comparison(sign: str, left: Term, right: Term) -> Term:
    where = f"operator '{sign}'"
    subject = right if left.kind == "Null" else left
    for term in (left, right):
        if term.kind in ("Picklist", "MultiPicklist"):
            expect(where, term, "Text")
        expect(where, term, subject.kind)
    if sign in _ORDERED:
        compare = _ORDERED[sign]

        def ordered(scope: Scope) -> Value:
            values = left.run(scope), right.run(scope)
            return None if None in values else compare(*values)

        return Term("Boolean", ordered)
    wanted = sign in ("=", "==")

    def equal(scope: Scope) -> Value:
        first, second = left.run(scope), right.run(scope)
        if is_blank(first) or is_blank(second):
            return (is_blank(first) and is_blank(second)) is wanted
        return (first == second) is wanted

    return Term("Boolean", equal)


def _arithmetic(sign: str, left: Term, right: Term) -> Term:
    kind = _result(sign, left, right)

    def run(scope: Scope) -> Value:
        first, second = left.run(scope), right.run(scope)
        if kind == "Text":
            return f"{first or ''}{second or ''}"
        if first is None or second is None:
            return None
        return _computed(sign, first, second)

    return Term(kind, run)


def _result(sign: str, left: Term, right: Term) -> Kind:
    where = f"operator '{sign}'"
    kinds = (left.kind, right.kind)
    if sign == "&" or (sign == "+" and "Text" in kinds):
        expect(where, left, "Text")
        expect(where, right, "Text")
        return "Text"
    if sign == "-" and kinds in (("Date", "Date"), ("DateTime", "DateTime")):
        return "Number"
    if sign in "+-" and left.kind in ("Date", "DateTime"):
        expect(where, right, "Number")
        return left.kind
    if sign == "+" and right.kind in ("Date", "DateTime"):
        expect(where, left, "Number")
        return right.kind
    expect(where, left, "Number")
    expect(where, right, "Number")
    return "Number"


def _computed(sign: str, left: Value, right: Value) -> Value:
    match sign, left, right:
        case "-", date(), date():
            days = left - right
            return Decimal(days.days) + Decimal(days.seconds) / 86_400
        case "+" | "-", date(), Decimal():
            return left + _days(left, right) * (1 if sign == "+" else -1)
        case "+", Decimal(), date():
            return right + _days(right, left)
        case _, Decimal(), Decimal():
            return _number(sign, left, right)
    return None


def _days(moment: date, count: Decimal) -> timedelta:
    """A date moves by whole days."""
    return timedelta(days=float(count) if isinstance(moment, datetime) else int(count))


def _number(sign: str, left: Decimal, right: Decimal) -> Decimal | None:
    try:
        match sign:
            case "+":
                return left + right
            case "-":
                return left - right
            case "*":
                return left * right
            case "/":
                return left / right
        return Decimal(left**right)
    except (DivisionByZero, InvalidOperation):
        return None
