"""Rule on contact: a customer whom nobody has contacted for longer than its tier's playbook allows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from scoring import playbook
from scoring.model.playbook import has_cadence, of_tier
from scoring.model.shape import RuleKey, Severity
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
        last = checked.scored("last_contact_on")
        if not pd.notna(last).any():
            return
        held, computed = checked.column("account", "own_tier"), checked.scored("tier")
        # The tier in the CRM, where a person may have set another; the computed one where that is none of the model's.
        tiers = np.where(held.isin(set(checked.model.tiers.keys)).to_numpy(dtype=bool), held.to_numpy(), computed)
        created = checked.day("account", "created_at")
        known = np.array([None if day is None else str(day) for day in last], dtype=object)
        since = np.where(pd.isna(known), created, pd.to_datetime(pd.Series(known)).to_numpy().astype(created.dtype))
        overdue = checked.in_scope & self._late(tiers, since, checked)
        for row in checked.rows("account", overdue, last=known, tier=tiers):
            problem = self._problem(row, str(row["last"] or ""), str(row["tier"]), checked)
            if problem:
                yield problem

    @staticmethod
    def _late(tiers: np.ndarray, since: np.ndarray, checked: Checked) -> np.ndarray:
        """Which accounts have waited longer than their tier's cadence; without any date, those with a cadence."""
        late = np.zeros(len(tiers), dtype=bool)
        waited = (np.datetime64(checked.as_of) - since).astype(float)
        waited[np.isnat(since)] = np.inf
        for tier in checked.model.tiers.keys:
            play = of_tier(checked.model.playbook, tier)
            if play is not None and play.contact_days:
                late |= (tiers == tier) & (waited > play.contact_days)
        return late

    @staticmethod
    def _problem(row: Row, last: str, tier: str, checked: Checked) -> Problem | None:
        play = of_tier(checked.model.playbook, tier)
        if play is None or not play.contact_days:
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
