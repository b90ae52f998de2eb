"""Data-quality rules in the model file and in packages: what they find, and how a mistake in them is told."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Any

import pandas as pd
import pytest

from scoring import quality
from scoring.model import ModelError
from scoring.quality import Checked, Problem
from sync import own_rules
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
    (found,) = (each for each in quality.check({"account": held}, scores, using, DAY) if each.rule == "custom_no_mode")
    assert (found.record_id, found.severity, found.field) == ("A", "high", "operation_mode")
    assert found.message == "Ann: large, and nobody knows how its plant runs."
    assert found.fix == "Ask, and enter the operation mode."


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
    found = quality.check({"account": held}, scores, default(), DAY, more=more)
    assert [(each.rule, each.record_id) for each in found] == [("every_account", "A")]


@pytest.mark.parametrize(("name", "words"), [("NoRule", "has no title"), ("Missing", "takes the id 'missing'")])
def test_a_package_whose_rule_cannot_be_used_is_named(name: str, words: str) -> None:
    with pytest.raises(own_rules.UnusableRule, match=words):
        own_rules.read([point(name)])
