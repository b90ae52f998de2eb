"""Rules of the company's own: conditions of the model file, and how a rule written in Python joins the others."""

from __future__ import annotations

from collections.abc import Iterator

from scoring.model.quality import CUSTOM, CustomRule, Severity
from scoring.model.shape import Model
from scoring.quality.finding import Checked, Problem, name_of
from scoring.quality.values import OWN, account_problem
from scoring.rules import holds, tested_fields


def tested(model: Model) -> set[str]:
    """Names of the fields that conditions of the model's data-quality rules test."""
    conditions = [rule.when for rule in model.quality.contradictions]
    return set(tested_fields([*conditions, *(rule.when for rule in model.quality.custom)]))


class Custom:
    """A customer of which a condition of the model's `quality.custom` holds."""

    def __init__(self, rule: CustomRule) -> None:
        self._rule = rule
        self.id = CUSTOM + rule.key
        self.title = rule.title
        self.severity: Severity = rule.severity

    def problems(self, checked: Checked) -> Iterator[Problem]:
        rule = self._rule
        for row in checked.rows("account", checked.in_scope & holds(rule.when, checked.facts)):
            held = (row.get(OWN + rule.field) or row.get(rule.field)) if rule.field else None
            value = None if held is None else str(held)
            message = f"{name_of(row)}: {rule.message.rstrip('.')}."
            yield account_problem(row, rule.field or "", value, message, f"{rule.fix.rstrip('.')}.")
