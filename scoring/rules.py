"""Evaluates the conditions of a model on a frame of accounts, and says in words why one holds.

The words show the account's own value: "Industry is Energy and employees 1,240 (at least 500)".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from scoring.model.conditions import All, AnyOf, Condition, Not, Otherwise, Test
from scoring.model.fields import rule_fields
from scoring.model.shape import Model
from scoring.money import SCALE
from scoring.periods import months_before

Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.intp]
Texts = npt.NDArray[np.object_]

_INVERSE = {"at_least": "below", "below": "at_least"}


class Facts:
    """Accounts as rules see them: the columns of `features.build`, typed, with reviewed labels replaced.

    Parameters:
        frame: one row per account; a column that is absent counts as empty.
        as_of: the date scored for, to which `within_months` refers.
    """

    def __init__(self, frame: pd.DataFrame, model: Model, as_of: date) -> None:
        self.size = len(frame)
        self.as_of = as_of
        self.fields = rule_fields(model)
        self._frame = frame
        self._model = model
        self._texts: dict[str, tuple[Codes, list[str], list[str]]] = {}

    @property
    def elsewhere(self) -> Texts:
        """With which account each counts, and why; "" for those that count for themselves."""
        if "elsewhere" not in self._frame:
            return np.full(self.size, "", dtype=object)
        column = self._frame["elsewhere"].astype(object)
        return np.asarray(column.where(column.notna(), ""), dtype=object)

    def text(self, name: str) -> tuple[Codes, list[str], list[str]]:
        """Code per account (-1: empty), and per code the value to compare and the value to show."""
        if name not in self._texts:
            codes, shown = self._coded(name)
            labels = self._labels(name)
            known = [labels.get(value.casefold(), value) for value in shown]
            words = [
                value if meant == value else f"{meant} (recorded as {value})"
                for value, meant in zip(shown, known, strict=True)
            ]
            self._texts[name] = (codes, [value.strip().casefold() for value in known], words)
        return self._texts[name]

    def values(self, name: str) -> tuple[Codes, list[dict[str, str]]]:
        """Code per account (-1: empty), and per code what a field with several values holds: to compare -> to show."""
        codes, shown = self._coded(name)
        labels = self._labels(name)
        known = [[labels.get(part.casefold(), part).strip() for part in parts(value)] for value in shown]
        return codes, [{part.casefold(): part for part in held} for held in known]

    def _coded(self, name: str) -> tuple[Codes, list[str]]:
        """Code per account (-1: empty), and per code the text as it is in the CRM, without outer blanks."""
        raw = pd.Series(self._column(name), dtype=object)
        codes, uniques = pd.factorize(raw.where(raw.notna(), None))
        shown = [str(value).strip() for value in uniques]
        empty = np.array([not value for value in shown], dtype=bool)
        if empty.any():
            codes = np.where((codes >= 0) & np.append(empty, False)[codes], -1, codes)
        return codes, shown

    def _labels(self, name: str) -> dict[str, str]:
        vocabulary = self._model.vocabulary.get(name)
        return {label.strip().casefold(): meant for label, meant in vocabulary.labels.items()} if vocabulary else {}

    def number(self, name: str) -> npt.NDArray[np.float64]:
        """Value per account, money in whole units; NaN where empty or not a number."""
        values = pd.to_numeric(pd.Series(self._column(name)), errors="coerce").to_numpy(float, na_value=np.nan)
        return values / SCALE if self.fields[name].type == "money" else values

    def day(self, name: str) -> npt.NDArray[np.datetime64]:
        """Date per account; NaT where empty."""
        return pd.to_datetime(pd.Series(self._column(name))).to_numpy().astype("datetime64[D]")

    def _column(self, name: str) -> Any:
        return self._frame[name] if name in self._frame else [None] * self.size


def holds(condition: Condition, facts: Facts) -> Mask:
    """Whether the condition is true, per account."""
    if isinstance(condition, Test):
        return _HOLDS[facts.fields[condition.field].type](condition, facts)
    if isinstance(condition, All):
        return np.asarray(np.logical_and.reduce([holds(part, facts) for part in condition.all]))
    if isinstance(condition, AnyOf):
        return np.asarray(np.logical_or.reduce([holds(part, facts) for part in condition.any]))
    if isinstance(condition, Not):
        return ~holds(condition.not_, facts)
    return np.ones(facts.size, dtype=bool)


def _text_holds(test: Test, facts: Facts) -> Mask:
    if test.includes is not None:
        codes, held = facts.values(test.field)
        return np.append(np.array([bool(_named(test, each)) for each in held], dtype=bool), False)[codes]
    codes, values, _ = facts.text(test.field)
    if test.operator == "missing":
        return np.asarray((codes < 0) == test.missing)
    if test.operator == "starts_with":
        prefix = str(test.starts_with).casefold()
        hits = [value.startswith(prefix) for value in values]
    else:
        wanted = {str(v).strip().casefold() for v in (test.in_ or (test.equals,))}
        hits = [value in wanted for value in values]
    return np.append(np.array(hits, dtype=bool), False)[codes]  # code -1 is the appended False


def _named(test: Test, held: Mapping[str, str]) -> list[str]:
    """Those values of a field with several that `includes` names, as they are shown."""
    wanted = {value.strip().casefold() for value in test.includes or ()}
    return [shown for value, shown in held.items() if value in wanted]


def _number_holds(test: Test, facts: Facts) -> Mask:
    return _ordered_holds(test, facts.number(test.field), np.isnan)


def _day_holds(test: Test, facts: Facts) -> Mask:
    values = facts.day(test.field)
    if test.within_months is not None:
        start = np.datetime64(months_before(facts.as_of, test.within_months))
        return np.asarray((values >= start) & (values < np.datetime64(facts.as_of)))
    return _ordered_holds(test, values, np.isnat)


def _ordered_holds(test: Test, values: npt.NDArray[Any], is_empty: Any) -> Mask:
    if test.missing is not None:
        return np.asarray(is_empty(values) == test.missing)
    if test.between is not None:
        low, high = (_bound(bound, values) for bound in test.between)
        return np.asarray((values >= low) & (values <= high))
    if test.at_least is not None:
        return np.asarray(values >= _bound(test.at_least, values))
    if test.below is not None:
        return np.asarray(values < _bound(test.below, values))
    return np.asarray(values == test.equals)


def _bound(bound: Any, values: npt.NDArray[Any]) -> Any:
    return np.datetime64(bound) if values.dtype.kind == "M" else bound


_HOLDS = {"text": _text_holds, "number": _number_holds, "money": _number_holds, "date": _day_holds}


def why(condition: Condition, facts: Facts, negated: bool = False) -> Texts:
    """Why the condition holds (`negated`: does not hold), per account; meaningless for the other accounts."""
    if isinstance(condition, Test):
        return _why_test(condition, facts, negated)
    if isinstance(condition, Not):
        return why(condition.not_, facts, not negated)
    if isinstance(condition, Otherwise):
        return np.full(facts.size, "No rule before this one applies", dtype=object)
    parts = condition.all if isinstance(condition, All) else condition.any
    texts = [why(part, facts, negated) for part in parts]
    if isinstance(condition, All) != negated:
        return _joined(texts)
    result = texts[-1].copy()
    for part, text in reversed(list(zip(parts, texts, strict=True))[:-1]):
        decides = holds(part, facts) != negated
        result[decides] = text[decides]
    return result


def _joined(texts: Sequence[Texts]) -> Texts:
    result = texts[0].copy()
    for text in texts[1:]:
        result = result + " and " + np.array([lower_first(part) for part in text], dtype=object)
    return result


def _why_test(test: Test, facts: Facts, negated: bool) -> Texts:
    field = facts.fields[test.field]
    nothing = f"{field.label} is missing"
    if test.includes is not None:
        codes, held = facts.values(field.name)
        said = [" and ".join(_named(test, each) or each.values()) for each in held]
        texts = [f"{field.label} includes {values}" if values else nothing for values in said]
        return np.array([*texts, nothing], dtype=object)[codes]
    if field.type == "text":
        codes, _, words = facts.text(field.name)
        return np.array([*(f"{field.label} is {word}" for word in words), nothing], dtype=object)[codes]
    values: npt.NDArray[Any] = facts.day(field.name) if field.type == "date" else facts.number(field.name)
    uniques, codes = np.unique(values, return_inverse=True)
    bound = _bound_words(test, negated)
    texts = [nothing if pd.isna(value) else f"{field.label} {shown(value)}{bound}" for value in uniques]
    return np.array(texts, dtype=object)[codes]


def _bound_words(test: Test, negated: bool) -> str:
    operator = test.operator
    if operator in ("missing", "equals"):
        return ""
    operand = test.operand(operator)
    if negated and operator in _INVERSE:
        operator, negated = _INVERSE[operator], False
    no = "not " if negated else ""
    if test.between is not None:
        return f" ({no}from {shown(test.between[0])} to {shown(test.between[1])})"
    if operator == "within_months":
        return f" ({no}in the last {operand} months)"
    return f" ({no}{operator.replace('_', ' ')} {shown(operand)})"


def shown(value: Any) -> str:
    """A number with thousands separators, or a date as 2026-01-31."""
    if isinstance(value, (date, np.datetime64)):
        return str(value)[:10]
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,g}"


def first_match(groups: Sequence[Sequence[Condition]], facts: Facts, among: Mask | None = None) -> tuple[Codes, Texts]:
    """Position of the first group with a condition that holds, and why; -1 and "" where there is none.

    Only accounts of `among` are looked at.
    """
    chosen = np.full(facts.size, -1, dtype=np.intp)
    texts = np.full(facts.size, "", dtype=object)
    undecided = np.ones(facts.size, dtype=bool) if among is None else among.copy()
    for number, conditions in enumerate(groups):
        for condition in conditions:
            hit = undecided & holds(condition, facts)
            if hit.any():
                chosen[hit] = number
                texts[hit] = why(condition, facts)[hit]
                undecided &= ~hit
    return chosen, texts


def tested_fields(conditions: Sequence[Condition]) -> list[str]:
    """Names of the fields that the conditions test, in order of appearance."""
    names: dict[str, None] = {}
    for condition in conditions:
        if isinstance(condition, Test):
            names[condition.field] = None
        elif isinstance(condition, Not):
            names.update(dict.fromkeys(tested_fields([condition.not_])))
        elif isinstance(condition, All):
            names.update(dict.fromkeys(tested_fields(condition.all)))
        elif isinstance(condition, AnyOf):
            names.update(dict.fromkeys(tested_fields(condition.any)))
    return list(names)


def fill_gaps(texts: Texts, gap: Mask, tested: Sequence[str], facts: Facts) -> Texts:
    """`texts`, saying for accounts in `gap`, where no rule held, which field of `tested` is empty, or what it holds."""
    result = texts.copy()
    result[gap] = "No rule of the model fits"
    words = [name for name in tested if facts.fields[name].type == "text"]
    for name in words[:1]:
        codes, _, shown_ = facts.text(name)
        label = facts.fields[name].label
        held = np.array([*(f"{label} is {word}, and no rule fits" for word in shown_), ""], dtype=object)
        result[gap] = held[codes][gap]
    for name in reversed(words):
        result[gap & (facts.text(name)[0] < 0)] = f"{facts.fields[name].label} is missing"
    return result


def parts(text: str) -> list[str]:
    """Values of a field that may hold several: a CRM's multi-select picklist writes them as one text.

    >>> parts("Customer; Partner")
    ['Customer', 'Partner']
    """
    return [part.strip() for part in text.split(";") if part.strip()]


def lower_first(text: str) -> str:
    """For the middle of a sentence; an abbreviation keeps its capitals.

    >>> lower_first("Industry is Energy"), lower_first("OEM share")
    ('industry is Energy', 'OEM share')
    """
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]
