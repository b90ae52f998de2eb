"""The tiers that our business units give an account, for its page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scoring.money import SCALE
from sync import labels


@dataclass(frozen=True)
class Unit:
    """What one unit's tier of an account is, and what it goes by."""

    label: str
    tier: str
    tier_words: str
    since: str
    revenue: str
    cost_to_serve: float | None
    reason: str


def of(result: Mapping[str, Any], names: labels.Labels) -> list[Unit]:
    """One row per business unit of the model, in its order; none where the model has none, or the account no tier."""
    model = names.model
    if model is None or not result.get("tier"):
        return []
    found = []
    for unit in model.business_units.units:
        held = {name: result.get(unit.column(name)) for name in _NAMES}
        tier, revenue = str(held["tier"] or ""), held["revenue"]
        found.append(
            Unit(
                label=unit.label,
                tier=tier,
                tier_words=names.tier(tier) if tier else "",
                since=str(held["tier_since"] or ""),
                revenue="" if revenue is None else f"{round(revenue / SCALE):,} {model.currency}",
                cost_to_serve=held["cost_to_serve"],
                reason=str(held["reason"] or f"It has not bought from {unit.label}"),
            )
        )
    return found


_NAMES = ("tier", "tier_since", "revenue", "cost_to_serve", "reason")
