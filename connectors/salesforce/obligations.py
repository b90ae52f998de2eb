"""Mandatory values as validation rules: they look on create and on chosen changes, and can be bypassed.

Never the `required` of a field: that binds every save by every integration, and its field cannot be hidden. A rule's
formula reads: nobody who may bypass, only on create or when a chosen field changes, only the records meant, from a
day on, and one of the values is empty.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

from connectors.base import RuleSpec, SchemaStep
from connectors.salesforce.fields import Describe, resolve
from connectors.salesforce.kinds import only_source
from connectors.salesforce.metadata import Element, MetadataApi, component, put, text_of
from connectors.salesforce.permissions import BYPASS

_DESCRIPTION = "Made by Tierline from the model's section `mandatory`. Change the model, not this rule."


class Obligations:
    """The validation rules of one org that are ours."""

    def __init__(self, metadata: MetadataApi, describe: Callable[[str], Describe]) -> None:
        self._metadata = metadata
        self._describe = describe

    def steps(self, rules: Sequence[RuleSpec]) -> list[SchemaStep]:
        existing = self._metadata.read("ValidationRule", [full_name(rule) for rule in rules]) if rules else {}
        return [self._step(rule, existing.get(full_name(rule))) for rule in rules]

    def _step(self, rule: RuleSpec, existing: Element | None) -> SchemaStep:
        target = f"Validation rule {full_name(rule)}"
        why = f"; {rule.note}" if rule.note else ""
        state = "active" if rule.active else "inactive"
        if existing is None:
            what = f"refuses to save without {', '.join(rule.fields)}, {state}{why}"
            bypass = f"CustomPermission {BYPASS}"
            return SchemaStep("+", target, what, rule=rule, creates=(f"ValidationRule {full_name(rule)}", bypass))
        notes = []
        if (text_of(existing, "active") == "true") != rule.active:
            notes.append(f"becomes {state}{why}")
        if text_of(existing, "errorConditionFormula") != formula(rule, self._types(rule)):
            notes.append("its condition changes")
        if text_of(existing, "errorMessage") != rule.message:
            notes.append("its message changes")
        return SchemaStep("~" if notes else "=", target, "; ".join(notes) or f"unchanged, {state}{why}", rule=rule)

    def allow_bypass(self, rules: Sequence[RuleSpec]) -> None:
        """Create the custom permission that the rules and the permission set refer to."""
        self._metadata.upsert("CustomPermission", self.bypasses(rules))

    def bypasses(self, rules: Sequence[RuleSpec]) -> list[Element]:
        """The custom permission, if it is needed and not there."""
        needed = bool(rules) and BYPASS not in self._metadata.read("CustomPermission", [BYPASS])
        return [bypass_permission()] if needed else []

    def apply(self, rules: Sequence[RuleSpec]) -> None:
        """Bring the rules to what is asked for; those that are so already are left alone."""
        for element in self.elements(rules):
            self._metadata.upsert("ValidationRule", [element])

    def elements(self, rules: Sequence[RuleSpec]) -> list[Element]:
        """The rules that have to change, as they should be."""
        existing = self._metadata.read("ValidationRule", [full_name(rule) for rule in rules]) if rules else {}
        changed = [rule for rule in rules if self._step(rule, existing.get(full_name(rule))).sign != "="]
        return [rule_element(rule, self._types(rule), existing.get(full_name(rule))) for rule in changed]

    def _types(self, rule: RuleSpec) -> dict[str, str]:
        """Describe types of the fields that choose records."""
        source = only_source(rule.kind).name
        return {
            name: (resolve(name, self._describe(source), self._describe) or {}).get("type", "") for name in rule.only
        }


def bypass_permission() -> Element:
    """The custom permission whose holders the rules let through."""
    element = component(BYPASS)
    put(element, "label", "Tierline: bypass mandatory values")
    put(element, "isLicensed", "false")
    put(element, "description", "Holders may save records without the values that Tierline makes mandatory.")
    return element


def rule_element(rule: RuleSpec, types: Mapping[str, str], existing: Element | None) -> Element:
    """The validation rule as metadata; what somebody added to an existing one is kept."""
    element = copy.deepcopy(existing) if existing is not None else component(full_name(rule))
    put(element, "active", "true" if rule.active else "false")
    put(element, "description", _DESCRIPTION)
    put(element, "errorConditionFormula", formula(rule, types))
    put(element, "errorMessage", rule.message)
    return element


def full_name(rule: RuleSpec) -> str:
    return f"{only_source(rule.kind).name}.{rule.name}"


def formula(rule: RuleSpec, types: Mapping[str, str]) -> str:
    """The error condition. `types`: describe type of each field that chooses records."""
    path = "" if rule.kind == "account" else "Account."
    changes = [f"ISCHANGED({name})" for name in rule.on_change_of]
    parts = [
        f"NOT($Permission.{BYPASS})",
        _any(["ISNEW()", *changes]),
        *(_any(_equal(name, value, types.get(name, "")) for value in values) for name, values in rule.only.items()),
        *([f"TODAY() >= {_day(rule.since)}"] if rule.since else []),
        _any(f'ISPICKVAL({path}{name}, "")' for name in rule.fields),
    ]
    return "AND(\n  " + ",\n  ".join(parts) + "\n)"


def _any(conditions: Iterable[str]) -> str:
    found = list(conditions)
    return found[0] if len(found) == 1 else f"OR({', '.join(found)})"


def _equal(name: str, value: str, described: str) -> str:
    text = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'ISPICKVAL({name}, "{text}")' if described == "picklist" else f'{name} = "{text}"'


def _day(day: date) -> str:
    return f"DATE({day.year}, {day.month}, {day.day})"
