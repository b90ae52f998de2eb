"""Keys as people read them: labels of the published model, titles of rules and fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from scoring.model import Model
from scoring.model.quality import CUSTOM
from scoring.model.units import BusinessUnit
from sync import outputs
from sync.models import Portfolio

_FIELDS = {
    "segment": "Segment",
    "sub_segment": "Sub-segment",
    "value_profile": "Value profile",
    "tier": "Tier",
    "group_tier": "Group tier",
    "data_quality": "Data quality",
    "request": "Request",
    "detail_reasons": "Reasons",
    "detail_beside": "Other tiers",
    "detail_warnings": "Early warnings",
    "detail_position": "Position",
    "detail_nearest": "Nearest change",
    "detail_cause": "Cause of the last move",
    "detail_override": "Override",
    "detail_last_contact": "Last contact",
    "detail_waiting": "Move that waits",
    "detail_problem": "Refused by the CRM",
    "detail_missing": "Missing inputs",
    "detail_playbook": "Playbook",
    "detail_value_score": "Value score",
    "detail_cost_to_serve": "Cost to serve",
    "detail_scored_on": "Scored on",
}


@dataclass(frozen=True)
class Labels:
    """Labels of one model. A key the model does not know is shown as it is."""

    model: Model | None

    def segment(self, key: str) -> str:
        found = {segment.key: segment.label for segment in self.model.segments} if self.model else {}
        return found.get(key, key)

    def sub_segment(self, key: str) -> str:
        segments = self.model.segments if self.model else ()
        found = {sub.key: sub.label for segment in segments for sub in segment.sub_segments}
        return found.get(key, key)

    def value_profile(self, key: str) -> str:
        found = {each.key: each.label for each in self.model.value_profile.profiles} if self.model else {}
        return found.get(key, key)

    def tier(self, key: str) -> str:
        known = self.model is not None and key in self.model.tiers.keys
        return self.model.tiers.label(key) if self.model and known else key

    def value(self, field: str, value: str) -> str:
        """A value of this field; of one that is no output of the model, the value itself."""
        known = {"segment": self.segment, "sub_segment": self.sub_segment, "value_profile": self.value_profile}
        return {**known, "tier": self.tier}.get(field, str)(value)

    def unit_tiers(self, result: Mapping[str, Any]) -> list[tuple[BusinessUnit, str]]:
        """Our business units that tier an account by its score, each with the key of that tier."""
        units = self.model.business_units.units if self.model else ()
        found = [(unit, str(result.get(unit.column("tier")) or "")) for unit in units]
        return [(unit, tier) for unit, tier in found if tier]

    def rule(self, rule: str) -> str:
        custom = self.model.quality.custom if self.model else ()
        return {CUSTOM + each.key: each.title for each in custom}.get(rule) or rule_title(rule)

    def field(self, name: str) -> str:
        return _FIELDS.get(name) or outputs.title(self.model, name) or name.replace("_", " ").capitalize()


def labels(portfolio: Portfolio) -> Labels:
    """Labels of the portfolio's newest published model."""
    published = portfolio.model_in_force()
    return Labels(outputs.model(published)) if published else Labels(None)


@lru_cache
def _titles() -> dict[str, str]:
    from scoring import quality  # which brings pandas: most commands name no rule
    from sync.quality import own_rules

    return {rule.id: rule.title for rule in (*quality.RULES, *own_rules.loaded())}


def rule_title(rule: str) -> str:
    """Title of a rule; of one that stands in a model file only, its key in words."""
    return _titles().get(rule) or rule.removeprefix(CUSTOM).replace("_", " ").capitalize()


def subject(rule: str, total: int) -> str:
    """Subject of a message about an alert, e.g. "12 records: mandatory value missing"."""
    return f"{total:,} {'record' if total == 1 else 'records'}: {rule_title(rule)}"
