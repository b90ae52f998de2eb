"""Functions of formulas: those that look at the record or at their arguments' nature, and the plain ones."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal, InvalidOperation

from connectors.sandbox.clock import parse_date, parse_instant
from connectors.sandbox.org.formula_terms import FormulaError, Kind, Scope, Term, Value, expect, is_blank

Terms = Sequence[Term]


@dataclass(frozen=True)
class Function:
    """A function: how many arguments it takes (`most` None: any number) and how its call becomes a term."""

    fewest: int
    most: int | None
    build: Callable[[str, Terms], Term]


def call(name: str, arguments: Terms) -> Term:
    """Raises FormulaError for an unknown function or wrong arguments."""
    function = _FUNCTIONS.get(name.upper())
    if function is None:
        raise FormulaError(f"Unknown function {name.upper()}. Check spelling.")
    most = len(arguments) if function.most is None else function.most
    if not function.fewest <= len(arguments) <= most:
        expected = function.fewest if len(arguments) < function.fewest else most
        raise FormulaError(
            f"Incorrect number of parameters for function '{name.upper()}()'. "
            f"Expected {expected}, received {len(arguments)}"
        )
    return function.build(f"function '{name.upper()}()'", arguments)


# --- logic ------------------------------------------------------------------------------------------


# unverified: a comparison with an empty number or date is neither true nor false, so a rule does not fire on it.
def all_of(function: str, terms: Terms) -> Term:
    """True if all are, false as soon as one is false."""
    for term in terms:
        expect(function, term, "Boolean")

    def run(scope: Scope) -> Value:
        unsure = False
        for term in terms:
            value = term.run(scope)
            if value is False:
                return False
            unsure = unsure or value is None
        return None if unsure else True

    return Term("Boolean", run)


def any_of(function: str, terms: Terms) -> Term:
    for term in terms:
        expect(function, term, "Boolean")

    def run(scope: Scope) -> Value:
        unsure = False
        for term in terms:
            value = term.run(scope)
            if value is True:
                return True
            unsure = unsure or value is None
        return None if unsure else False

    return Term("Boolean", run)


def negation(function: str, terms: Terms) -> Term:
    (term,) = terms
    expect(function, term, "Boolean")

    def run(scope: Scope) -> Value:
        value = term.run(scope)
        return None if value is None else not value

    return Term("Boolean", run)


def _if(function: str, terms: Terms) -> Term:
    condition, then, otherwise = terms
    expect(function, condition, "Boolean")
    kind = _common(function, (then, otherwise))
    return Term(kind, lambda scope: (then if condition.run(scope) is True else otherwise).run(scope))


def _case(function: str, terms: Terms) -> Term:
    if len(terms) % 2:
        raise FormulaError(f"Incorrect number of parameters for {function}. Expected {len(terms) + 1}")
    subject, *pairs, otherwise = terms
    tried = list(zip(pairs[::2], pairs[1::2], strict=True))
    wanted: Kind = "Text" if subject.kind == "Picklist" else subject.kind
    for value, _ in tried:
        expect(function, value, wanted)
    kind = _common(function, (*(result for _, result in tried), otherwise))

    def run(scope: Scope) -> Value:
        found = subject.run(scope)
        return next((result for value, result in tried if value.run(scope) == found), otherwise).run(scope)

    return Term(kind, run)


def _common(function: str, terms: Terms) -> Kind:
    """The one kind all terms have."""
    first = next((term for term in terms if term.kind != "Null"), terms[0])
    for term in terms:
        expect(function, term, *(() if first.kind in ("Picklist", "MultiPicklist") else (first.kind,)))
    return first.kind


# --- the record and its fields -------------------------------------------------------------------------


def _is_picklist_value(function: str, terms: Terms) -> Term:
    field, text = terms
    if field.kind != "Picklist":
        raise FormulaError(f"Incorrect parameter type for {function}. Expected Picklist, received {field.kind}")
    if text.literal is None or text.kind != "Text":
        raise FormulaError(f"Parameter 2 of {function} must be a text literal")
    return Term("Boolean", lambda scope: field.run(scope) == text.literal)


def _includes(function: str, terms: Terms) -> Term:
    field, text = terms
    if field.kind != "MultiPicklist":
        raise FormulaError(f"Incorrect parameter type for {function}. Expected MultiPicklist, received {field.kind}")
    if not text.literal or text.kind != "Text":
        raise FormulaError(f"Parameter 2 of {function} must be a text literal that is not empty")
    return Term("Boolean", lambda scope: text.literal in str(field.run(scope)).split(";"))


def _is_blank(function: str, terms: Terms) -> Term:
    (term,) = terms
    return Term("Boolean", lambda scope: is_blank(term.run(scope)))


def _is_null(function: str, terms: Terms) -> Term:
    """Text is never null, however empty."""
    (term,) = terms
    if term.kind == "Text":
        return Term("Boolean", lambda scope: False)
    return Term("Boolean", lambda scope: is_blank(term.run(scope)))


def _instead_of_blank(function: str, terms: Terms) -> Term:
    term, substitute = terms
    kind: Kind = "Text" if term.kind == "Picklist" else term.kind
    expect(function, substitute, kind)

    def run(scope: Scope) -> Value:
        value = term.run(scope)
        return substitute.run(scope) if is_blank(value) else value

    return Term(kind, run)


def _is_new(function: str, terms: Terms) -> Term:
    return Term("Boolean", lambda scope: scope.is_new)


def _is_changed(function: str, terms: Terms) -> Term:
    (term,) = terms
    prior = _own(function, term)
    return Term("Boolean", lambda scope: not scope.is_new and term.run(scope) != prior(scope))


def _prior_value(function: str, terms: Terms) -> Term:
    """Of a record that is being created: the value itself."""
    (term,) = terms
    prior = _own(function, term)
    return Term(term.kind, lambda scope: term.run(scope) if scope.is_new else prior(scope))


def _own(function: str, term: Term) -> Callable[[Scope], Value]:
    if term.prior is None:
        raise FormulaError(f"The parameter of {function} must be a field of the record itself")
    return term.prior


# --- plain functions -----------------------------------------------------------------------------------


def _text(function: str, terms: Terms) -> Term:
    (term,) = terms
    expect(function, term, "Picklist", "Number", "Date", "DateTime")
    return Term("Text", lambda scope: shown(term.run(scope)))


def shown(value: Value) -> str:
    """A value as TEXT() writes it."""
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"
    return "" if value is None else str(value)


def _plain(kind: Kind, work: Callable[..., Value], *kinds: Kind, unlimited: bool = False) -> Function:
    """A function of its arguments' values; nothing comes of an argument that is missing."""

    def build(function: str, terms: Terms) -> Term:
        for position, term in enumerate(terms):
            expect(function, term, kinds[min(position, len(kinds) - 1)])

        def run(scope: Scope) -> Value:
            values = [term.run(scope) for term in terms]
            return None if any(value is None for value in values) else work(*values)

        return Term(kind, run)

    return Function(len(kinds), None if unlimited else len(kinds), build)


def _now(kind: Kind, work: Callable[[datetime], Value]) -> Function:
    def build(function: str, terms: Terms) -> Term:
        return Term(kind, lambda scope: work(parse_instant(scope.context.now) or datetime.now(UTC)))

    return Function(0, 0, build)


def _begins(text: str, start: str) -> bool:
    """Blank fields are valid: nothing, too, begins with and contains whatever is asked."""
    return text.startswith(start) or not text


def _contains(text: str, part: str) -> bool:
    return part in text or not text


def _matches(text: str, form: str) -> Value:
    try:
        return re.fullmatch(form, text) is not None
    except re.error:
        return None


def _number(text: str) -> Value:
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        return None


def _rounded(number: Decimal, digits: Decimal) -> Value:
    return number.quantize(Decimal(1).scaleb(-int(digits)), ROUND_HALF_UP)


def _date(year: Decimal, month: Decimal, day: Decimal) -> Value:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _date_value(function: str, terms: Terms) -> Term:
    (term,) = terms
    expect(function, term, "Text", "Date", "DateTime")

    def run(scope: Scope) -> Value:
        value = term.run(scope)
        if isinstance(value, datetime):
            return value.astimezone(UTC).date()
        return parse_date(value) if isinstance(value, str) else value

    return Term("Date", run)


def _add_months(day: date, count: Decimal) -> Value:
    year, month = divmod(day.year * 12 + day.month - 1 + int(count), 12)
    last = calendar.monthrange(year, month + 1)[1]
    # The last day of a month stays the last day, as the reference says.
    is_last = day.day == calendar.monthrange(day.year, day.month)[1]
    return day.replace(year=year, month=month + 1, day=last if is_last else min(day.day, last))


_FUNCTIONS: Mapping[str, Function] = {
    "AND": Function(1, None, all_of), "OR": Function(1, None, any_of), "NOT": Function(1, 1, negation),
    "IF": Function(3, 3, _if), "CASE": Function(4, None, _case),
    "ISBLANK": Function(1, 1, _is_blank), "ISNULL": Function(1, 1, _is_null),
    "BLANKVALUE": Function(2, 2, _instead_of_blank), "NULLVALUE": Function(2, 2, _instead_of_blank),
    "ISPICKVAL": Function(2, 2, _is_picklist_value), "INCLUDES": Function(2, 2, _includes),
    "ISNEW": Function(0, 0, _is_new), "ISCHANGED": Function(1, 1, _is_changed),
    "PRIORVALUE": Function(1, 1, _prior_value), "TEXT": Function(1, 1, _text),
    "DATEVALUE": Function(1, 1, _date_value),
    "TODAY": _now("Date", lambda moment: moment.date()), "NOW": _now("DateTime", lambda moment: moment),
    "LEN": _plain("Number", lambda text: Decimal(len(text)), "Text"),
    "TRIM": _plain("Text", str.strip, "Text"), "UPPER": _plain("Text", str.upper, "Text"),
    "LOWER": _plain("Text", str.lower, "Text"),
    "LEFT": _plain("Text", lambda text, count: text[: max(int(count), 0)], "Text", "Number"),
    "RIGHT": _plain("Text", lambda text, count: text[-int(count):] if count > 0 else "", "Text", "Number"),
    "MID": _plain("Text", lambda text, first, count: text[int(first) - 1 :][: int(count)],
                  "Text", "Number", "Number"),
    "CONTAINS": _plain("Boolean", _contains, "Text", "Text"), "BEGINS": _plain("Boolean", _begins, "Text", "Text"),
    "FIND": _plain("Number", lambda part, text: Decimal(text.find(part) + 1), "Text", "Text"),
    "SUBSTITUTE": _plain("Text", str.replace, "Text", "Text", "Text"),
    "REGEX": _plain("Boolean", _matches, "Text", "Text"),
    "VALUE": _plain("Number", _number, "Text"),
    "ISNUMBER": _plain("Boolean", lambda text: _number(text) is not None, "Text"),
    "ABS": _plain("Number", abs, "Number"), "ROUND": _plain("Number", _rounded, "Number", "Number"),
    "FLOOR": _plain("Number", lambda number: number.to_integral_value(ROUND_FLOOR), "Number"),
    "CEILING": _plain("Number", lambda number: number.to_integral_value(ROUND_CEILING), "Number"),
    "MOD": _plain("Number", lambda number, by: number % by if by else None, "Number", "Number"),
    "MIN": _plain("Number", min, "Number", unlimited=True), "MAX": _plain("Number", max, "Number", unlimited=True),
    "YEAR": _plain("Number", lambda day: Decimal(day.year), "Date"),
    "MONTH": _plain("Number", lambda day: Decimal(day.month), "Date"),
    "DAY": _plain("Number", lambda day: Decimal(day.day), "Date"),
    "DATE": _plain("Date", _date, "Number", "Number", "Number"),
    "ADDMONTHS": _plain("Date", _add_months, "Date", "Number"),
}  # fmt: skip
