"""Rules on amounts and dates that cannot be: out of bounds, below zero, in the future, or long passed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scoring.model.fields import rule_fields
from scoring.model.shape import RuleKey, Severity
from scoring.money import SCALE
from scoring.quality.finding import Checked, Problem, Row, name_of
from scoring.quality.values import account_problem
from scoring.rules import lower_first, shown

#: Figures that are never below zero: kind, column, its words, whether it is money.
_AMOUNTS = (
    ("account", "annual_revenue", "annual revenue", True),
    ("account", "employees", "number of employees", False),
    ("opportunity", "amount", "amount", True),
    ("order", "amount", "amount", True),
    ("product", "cost", "cost", True),
)


class OutOfRange:
    """A figure of the account outside the bounds that the model gives."""

    id: RuleKey = "out_of_range"
    title = "Figure out of range"
    severity: Severity = "medium"

    def problems(self, checked: Checked) -> Iterator[Problem]:
        known = rule_fields(checked.model)
        for name, bounds in checked.model.quality.rules.out_of_range.fields.items():
            held = checked.facts.number(name)
            low = -np.inf if bounds.min is None else bounds.min
            high = np.inf if bounds.max is None else bounds.max
            wrong = checked.in_scope & ((held < low) | (held > high))  # what is empty is neither
            if bounds.min is None or bounds.max is None:
                allowed = f"at most {shown(high)}" if bounds.min is None else f"at least {shown(low)}"
            else:
                allowed = f"{shown(low)} to {shown(high)}"
            label = lower_first(known[name].label)
            for row in checked.rows("account", wrong, figure=held):
                yield account_problem(
                    row,
                    name,
                    shown(row["figure"]),
                    f"{name_of(row)} has {label} {shown(row['figure'])}; {allowed} is possible.",
                    f"Look it up and correct the {label}; a unit too many or too few zeros are the usual cause.",
                )


class NegativeAmount:
    """An amount, a cost or a head count below zero. Returns and credits belong in records of their own."""

    id: RuleKey = "negative_amount"
    title = "Amount below zero"
    severity: Severity = "medium"

    def problems(self, checked: Checked) -> Iterator[Problem]:
        excluded = {status.casefold() for status in checked.model.value.excluded_order_statuses}
        for kind, column, words, money in _AMOUNTS:
            if not checked.has(kind, column):
                continue
            held = checked.number(kind, column) / (SCALE if money else 1)
            wrong = held < 0
            if column in checked.model.quality.rules.out_of_range.fields and kind == "account":
                wrong &= False  # the model's own bounds speak for it
            if kind == "account":
                wrong &= checked.in_scope
            if kind == "order":
                status = checked.column(kind, "status").str.casefold()
                wrong &= ~status.isin(excluded).to_numpy(dtype=bool)
            for row in checked.rows(kind, wrong, figure=held):
                figure = shown(row["figure"])
                fix = "If it is a return or a credit, record it as one; else correct it."
                yield _problem(
                    kind,
                    row,
                    column,
                    figure,
                    f"{_called(kind, row)} has the {words} {figure}.",
                    fix if kind == "order" else f"Correct the {words}.",
                )


class FutureDate:
    """Something that has happened by its record, on a day that is yet to come."""

    id: RuleKey = "future_date"
    title = "Date in the future"
    severity: Severity = "medium"

    def problems(self, checked: Checked) -> Iterator[Problem]:
        today = np.datetime64(checked.today)
        for kind, column, state in (("order", "ordered_on", "was ordered"), ("opportunity", "closes_on", "was won")):
            if not checked.has(kind, column):
                continue
            late = checked.day(kind, column) > today
            if kind == "opportunity":
                late &= checked.flags(kind, "is_won")
            for row in checked.rows(kind, late):
                day = str(row[column])[:10]
                yield _problem(
                    kind,
                    row,
                    column,
                    day,
                    f"{_called(kind, row)} {state} on {day}, which is after today ({checked.today}).",
                    "Correct the date; until then its amount counts for no period.",
                )


class CloseDatePassed:
    """An open deal whose closing date has passed: it inflates the pipeline, or was won or lost unnoticed."""

    id: RuleKey = "close_date_passed"
    title = "Closing date passed"
    severity: Severity = "low"

    def problems(self, checked: Checked) -> Iterator[Problem]:
        if not checked.has("opportunity", "closes_on"):
            return
        days = checked.model.quality.rules.close_date_passed.days
        closes = checked.day("opportunity", "closes_on")
        passed = closes < np.datetime64(checked.as_of) - np.timedelta64(days, "D")
        passed &= ~checked.flags("opportunity", "is_closed")
        for row in checked.rows("opportunity", passed):
            day = str(row["closes_on"])[:10]
            yield _problem(
                "opportunity",
                row,
                "closes_on",
                day,
                f"{_called('opportunity', row)} was to close on {day} and is still open.",
                "Set it to won or lost, or give it the date you expect now.",
            )


def _called(kind: str, row: Row) -> str:
    return name_of(row) if kind in ("account", "product") else f"{kind.capitalize()} {name_of(row)}"


def _problem(kind: str, row: Row, column: str, value: str, message: str, fix: str) -> Problem:
    account = row["id"] if kind == "account" else row.get("account_id")
    return Problem(kind, row, str(account) if account else None, column, value, message, fix)
