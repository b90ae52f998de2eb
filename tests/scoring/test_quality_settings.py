"""Data-quality rules in the model file and in packages: what they find, and how a mistake in them is told."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Any

import pandas as pd
import pytest
from ibis import memtable

from scoring import currency, quality
from scoring.features import purchases
from scoring.model import ModelError
from scoring.quality import Checked, Problem
from sync.quality import own_rules
from tests.scoring.frames import DAY, default


@pytest.mark.parametrize(
    ("section", "key", "words"),
    [
        ({"rules": {"stale": {"months": 0}}}, "quality.rules.stale.months", "1"),
        ({"rules": {"stale": {"moths": 3}}}, "quality.rules.stale.moths", "months"),
        ({"rules": {"out_of_range": {"fields": {"employes": {"min": 1}}}}}, "fields.employes", "employees"),
        ({"rules": {"out_of_range": {"fields": {"employees": {"min": 9, "max": 2}}}}}, "employees", "greater"),
        ({"rules": {"missing_at_stage": {"stages": {"Won": ["amont"]}}}}, "missing_at_stage.stages", "amount"),
        ({"rules": {"parent_child": {"agree": ["tier"]}}}, "parent_child.agree", "segment"),
        ({"contradictions": [{"when": {"field": "industry", "in": ["Energy"]}}]}, "contradictions[0]", "name the"),
        (
            {"contradictions": [{"when": {"field": "industry", "in": ["Energy"]}, "segment": ["enrgy"]}]},
            "quality.contradictions[0].segment[0]",
            "energy",
        ),
        (
            {"contradictions": [{"when": {"field": "orders", "at_least": 1}, "segment": ["energy"]}]},
            "quality.contradictions[0].when.field",
            "no field",
        ),
        (
            {"custom": [{"key": "a", "title": "Abc", "when": {"field": "naem", "missing": True},
                         "message": "no", "fix": "Fill it."}]},
            "quality.custom[0]",
            "",
        ),
    ],
)  # fmt: skip
def test_a_mistake_in_a_rule_is_named_by_its_key(section: dict[str, Any], key: str, words: str) -> None:
    with pytest.raises(ModelError) as caught:
        default(quality=section)
    assert key in str(caught.value)
    assert words in str(caught.value)


def test_a_rule_of_the_model_file_is_a_condition_and_its_words() -> None:
    using = default(
        quality={
            "custom": [
                {
                    "key": "no_mode",
                    "title": "Operation mode unknown",
                    "when": {
                        "all": [{"field": "operation_mode", "missing": True}, {"field": "employees", "at_least": 5}]
                    },
                    "message": "large, and nobody knows how its plant runs",
                    "fix": "Ask, and enter the operation mode",
                    "field": "operation_mode",
                    "severity": "high",
                }
            ]
        }
    )
    held = pd.DataFrame({"id": ["A", "B"], "name": ["Ann", "Bob"], "operation_mode": [None, None], "employees": [9, 1]})
    scores = pd.DataFrame({"account_id": ["A", "B"], "in_scope": [True, True]})
    checked = Checked({"account": held}, scores, using, DAY, DAY)
    (found,) = (each for each in quality.check(checked) if each.rule == "custom_no_mode")
    assert (found.record_id, found.severity, found.field) == ("A", "high", "operation_mode")
    assert found.message == "Ann: large, and nobody knows how its plant runs."
    assert found.fix == "Ask, and enter the operation mode."


def test_a_value_can_contradict_what_the_account_mainly_buys() -> None:
    day = pd.Timestamp(2026, 9, 1)
    bought = [("A", "O1", "P1", 60), ("A", "O2", "P2", 40), ("B", "O3", "P1", 50), ("B", "O4", "P2", 50)]
    orders = pd.DataFrame([{"id": order, "account_id": account, "ordered_on": day} for account, order, _, _ in bought])
    lines = pd.DataFrame([{"order_id": order, "product_id": key, "amount": paid} for _, order, key, paid in bought])
    products = pd.DataFrame({"id": ["P1", "P2"], "family": ["Boilers", "Pumps"]})
    held = pd.DataFrame({"id": ["A", "B"], "name": ["Ann", "Bob"], "own_sub_segment": ["utilities", "utilities"]})
    rule = {"when": {"field": "main_product_family", "equals": "Boilers"}, "sub_segment": ["power_producers"]}
    using = default(quality={"contradictions": [rule]})
    tables = {"account": held, "order": orders, "order_line": lines, "product": products}
    main = purchases.main_families({kind: memtable(each) for kind, each in tables.items()}, using, DAY).to_pandas()
    assert main.to_dict("records") == [{"account_id": "A", "main_product_family": "Boilers"}]
    tables["order"] = orders.assign(currency=["EUR", "EUR", "EUR", "USD"])
    worths = currency.worths(pd.DataFrame([("x", "USD", None, None, 2.0, False)], columns=currency.COLUMNS), using)
    paid = {kind: memtable(each) for kind, each in tables.items()}
    assert set(purchases.main_families(paid, using, DAY, worths).to_pandas()["account_id"]) == {"A", "B"}
    scores = pd.DataFrame({"account_id": ["A", "B"], "in_scope": [True, True]})
    known = held.merge(main, left_on="id", right_on="account_id", how="left")
    checked = Checked({"account": known}, scores, using, DAY, DAY)
    found = [each for each in quality.check(checked) if each.rule == "contradicts"]
    assert [each.message for each in found] == [
        "Ann has the sub-segment Utilities, but its main product family is Boilers, which goes with Power producers."
    ]


def test_credits_never_leave_an_account_with_two_main_product_families() -> None:
    orders = pd.DataFrame({"id": ["O1"], "account_id": ["A"], "ordered_on": [pd.Timestamp(2026, 9, 1)]})
    lines = pd.DataFrame({"order_id": ["O1"] * 3, "product_id": ["P1", "P2", "P3"], "amount": [100, 80, -100]})
    products = pd.DataFrame({"id": ["P1", "P2", "P3"], "family": ["Boilers", "Pumps", "Valves"]})
    held = pd.DataFrame({"id": ["A"], "name": ["Ann"]})
    tables = {"account": held, "order": orders, "order_line": lines, "product": products}
    main = purchases.main_families({kind: memtable(each) for kind, each in tables.items()}, default(), DAY).to_pandas()
    assert main["main_product_family"].tolist() == ["Boilers"]


class EveryAccount:
    """A rule as a package brings it."""

    id = "every_account"
    title = "An account"
    severity = "low"

    def problems(self, checked: Checked) -> list[Problem]:
        return [Problem("account", row, row["id"], "", None, "It is one.", "None.") for row in checked.rows(
            "account", checked.in_scope)]  # fmt: skip


class NoRule:
    id = "no_rule"


class Missing(EveryAccount):
    id = "missing"


def point(name: str) -> EntryPoint:
    return EntryPoint(name, f"{__name__}:{name}", own_rules.GROUP)


def test_a_rule_of_a_package_is_checked_with_the_others() -> None:
    more = own_rules.read([point("EveryAccount")])
    held, scores = pd.DataFrame({"id": ["A"]}), pd.DataFrame({"account_id": ["A"], "in_scope": [True]})
    found = quality.check(Checked({"account": held}, scores, default(), DAY, DAY), more)
    assert [(each.rule, each.record_id) for each in found] == [("every_account", "A")]


@pytest.mark.parametrize(("name", "words"), [("NoRule", "has no title"), ("Missing", "takes the id 'missing'")])
def test_a_package_whose_rule_cannot_be_used_is_named(name: str, words: str) -> None:
    with pytest.raises(own_rules.UnusableRule, match=words):
        own_rules.read([point(name)])
