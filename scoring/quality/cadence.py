"""Rule on contact: a customer whom nobody has contacted for longer than its tier's playbook allows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from scoring import playbook
from scoring.model_playbook import has_cadence, of_tier
from scoring.model_types import RuleKey, Severity
from scoring.quality.finding import Checked, Problem, Row, name_of


class CadenceMissed:
    """A last contact older than `contact_days` of the tier, counted to the date scored for.

    What happens after that date does not count until the next one, so a finding neither comes nor goes between.
    Without any contact on record of anybody, contacts are kept elsewhere and nothing is found. A customer that was
    never contacted is given its cadence from the day its record was made.
    """

    id: RuleKey = "cadence_missed"
    title = "Contact overdue"
    severity: Severity = "low"

    def problems(self, checked: Checked) -> Iterator[Problem]:
        scores = checked.scores
        if not has_cadence(checked.model.playbook) or "last_contact_on" not in scores or "tier" not in scores:
            return
        last = dict(zip(scores["account_id"], scores["last_contact_on"], strict=True))
        if not any(isinstance(day, str) for day in last.values()):
            return
        computed = dict(zip(scores["account_id"], scores["tier"], strict=True))
        for row in checked.rows("account", checked.in_scope):
            problem = self._problem(row, _text(last.get(row["id"])), _tier(row, computed, checked), checked)
            if problem:
                yield problem

    @staticmethod
    def _problem(row: Row, last: str, tier: str, checked: Checked) -> Problem | None:
        play = of_tier(checked.model.playbook, tier)
        since = last or _created(row)
        if play is None or not play.contact_days:
            return None
        if since and playbook.days_since(since, checked.as_of) <= play.contact_days:
            return None
        label = checked.model.tiers.label(tier)
        passed = playbook.days_since(last, checked.as_of) if last else 0
        said = f"the last one was {passed} days ago" if last else "none was on record"
        every = "day" if play.contact_days == 1 else f"{play.contact_days} days"
        return Problem(
            "account",
            row,
            str(row["id"]),
            "last_contact_on",
            last or None,
            f"{name_of(row)} is {label}, which means a contact every {every}; on {checked.as_of} {said}.",
            "Contact the customer and log it in the CRM; it is looked at again with the next date scored for.",
        )


def _tier(row: Row, computed: Mapping[str, Any], checked: Checked) -> str:
    """The tier in the CRM, where a person may have set another; the computed one where that is none of the model's."""
    held = _text(row.get("own_tier"))
    return held if held in checked.model.tiers.keys else _text(computed.get(row["id"]))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _created(row: Row) -> str:
    """ISO date on which the record was made, "" where it was not read."""
    made = row.get("created_at")
    if made is None:
        return ""
    found = str(made)[:10]
    try:
        return date.fromisoformat(found).isoformat()
    except ValueError:
        return ""
