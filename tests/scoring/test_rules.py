"""Conditions on accounts: what holds, and the words for it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest
from pydantic import TypeAdapter

from scoring.model.conditions import Condition
from scoring.rules import Facts, first_match, holds, why
from tests.scoring.frames import DAY, accounts, default, with_roles

MODEL = default()
ADAPTER: TypeAdapter[Any] = TypeAdapter(Condition)


def condition(rule: dict[str, Any]) -> Any:
    return ADAPTER.validate_python(rule)


def facts(*rows: dict[str, Any]) -> Facts:
    return Facts(accounts(*rows), MODEL, DAY)


def about(*rows: dict[str, Any], rule: dict[str, Any]) -> list[bool]:
    return [bool(value) for value in holds(condition(rule), facts(*rows))]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"field": "industry", "equals": "energy"}, [True, False, False]),
        ({"field": "industry", "in": ["Mining", "Energy"]}, [True, True, False]),
        ({"field": "industry", "starts_with": "MIN"}, [False, True, False]),
        ({"field": "industry", "includes": ["ENERGY", "Marine"]}, [True, False, False]),
        ({"field": "industry", "missing": True}, [False, False, True]),
        ({"field": "employees", "at_least": 10}, [True, False, False]),
        ({"field": "employees", "below": 10}, [False, True, False]),
        ({"field": "employees", "between": [9, 10]}, [True, True, False]),
        ({"field": "employees", "missing": False}, [True, True, False]),
        ({"field": "revenue", "at_least": 99.5}, [True, False, False]),
        ({"field": "last_transaction_on", "within_months": 12}, [True, False, False]),
        ({"field": "last_transaction_on", "below": date(2025, 6, 1)}, [False, True, False]),
        ({"not": {"field": "industry", "equals": "Energy"}}, [False, True, True]),
        ({"any": [{"field": "employees", "below": 10}, {"field": "industry", "missing": True}]}, [False, True, True]),
        (
            {"all": [{"field": "employees", "below": 99}, {"field": "industry", "equals": "Energy"}]},
            [True, False, False],
        ),
        ({"otherwise": True}, [True, True, True]),
    ],
)
def test_a_condition_holds_for_these_accounts(rule: dict[str, Any], expected: list[bool]) -> None:
    rows = (
        {"industry": " Energy", "employees": 10, "revenue": 99.5, "last_transaction_on": date(2026, 10, 31)},
        {"industry": "mining", "employees": 9, "revenue": 99.4, "last_transaction_on": date(2025, 5, 31)},
        {"industry": None},
    )
    assert about(*rows, rule=rule) == expected


def test_within_months_begins_that_many_months_before_and_ends_the_day_before() -> None:
    days = [date(2025, 10, 31), date(2025, 11, 1), date(2026, 10, 31), date(2026, 11, 1)]
    rows = [{"last_transaction_on": day} for day in days]
    assert about(*rows, rule={"field": "last_transaction_on", "within_months": 12}) == [False, True, True, False]


def test_a_mapped_label_counts_as_what_it_stands_for_and_is_shown_as_recorded() -> None:
    about_it = facts({"industry": "power generation"})
    rule = condition({"field": "industry", "equals": "Energy"})
    assert holds(rule, about_it).tolist() == [True]
    assert why(rule, about_it).tolist() == ["Industry is Energy (recorded as power generation)"]


@pytest.mark.parametrize(
    ("rule", "negated", "words"),
    [
        ({"field": "employees", "at_least": 500}, False, "Employees 1,240 (at least 500)"),
        ({"field": "employees", "at_least": 5000}, True, "Employees 1,240 (below 5,000)"),
        ({"field": "annual_revenue", "missing": True}, False, "Annual revenue is missing"),
        (
            {"all": [{"field": "industry", "equals": "Energy"}, {"field": "employees", "at_least": 500}]},
            False,
            "Industry is Energy and employees 1,240 (at least 500)",
        ),
        (
            {"any": [{"field": "employees", "below": 9}, {"field": "industry", "equals": "Energy"}]},
            False,
            "Industry is Energy",
        ),
        ({"otherwise": True}, False, "No rule before this one applies"),
    ],
)
def test_why_shows_the_accounts_own_value(rule: dict[str, Any], negated: bool, words: str) -> None:
    about_it = facts({"industry": "Energy", "employees": 1240})
    assert why(condition(rule), about_it, negated).tolist() == [words]


@pytest.mark.parametrize(
    ("held", "is_one", "words"),
    [
        ("Customer; Partner ;Competitor", True, "Roles includes Partner and Competitor"),
        ("Partner", True, "Roles includes Partner"),
        ("Customer;Partnership", False, "Roles includes Customer and Partnership"),
        ("Reseller;Customer", True, "Roles includes Partner"),
        (" ; ", False, "Roles is missing"),
        ("", False, "Roles is missing"),
        (None, False, "Roles is missing"),
    ],
)
def test_a_field_with_several_values_is_tested_value_by_value(held: str | None, is_one: bool, words: str) -> None:
    known = {"roles": {"values": ["Customer", "Partner", "Competitor"], "labels": {"Reseller": "Partner"}}}
    about_it = Facts(accounts({"roles": held}), with_roles(vocabulary=known), DAY)
    rule = condition({"field": "roles", "includes": ["competitor", "Partner"]})
    assert holds(rule, about_it).tolist() == [is_one]
    assert why(rule, about_it, negated=not is_one).tolist() == [words]


def test_the_first_group_that_holds_is_taken_among_those_asked_for() -> None:
    groups = [[condition({"field": "employees", "at_least": 10})], [condition({"otherwise": True})]]
    about_it = facts({"employees": 11}, {"employees": 9}, {"employees": 50})
    chosen, texts = first_match(groups, about_it, among=pd.Series([True, True, False]).to_numpy())
    assert chosen.tolist() == [0, 1, -1]
    assert texts.tolist() == ["Employees 11 (at least 10)", "No rule before this one applies", ""]
