"""Rule on deals: what has to be known by the stage a deal has reached."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scoring.model.mandatory import Requirement
from scoring.model.shape import OutputKey, RuleKey, Severity
from scoring.quality.finding import Checked, Problem, Row, name_of
from scoring.quality.values import OUTPUTS, OWN

_WORDS = {"closes_on": "closing date", "product_name": "product", "owner_id": "owner", "account_id": "account"}


class MissingAtStage:
    """An open deal at a stage that asks for more than is there, on the deal or on its account.

    The stages are those of the rule's own list, and the `deal_stages` of every obligation that is more than optional.
    """

    id: RuleKey = "missing_at_stage"
    title = "Missing at this stage"
    severity: Severity = "medium"

    def problems(self, checked: Checked) -> Iterator[Problem]:
        if not checked.has("opportunity", "stage"):
            return
        for name, asked in self._asked(checked).items():
            if not asked.any():
                continue
            output = next((output for output in OUTPUTS if output == name), None)
            empty = self._empty(checked, name, output)
            if empty is None:
                continue
            accounts = np.append(checked.column("account", "name").to_numpy(), "")[self._place(checked)]
            for row in checked.rows("opportunity", asked & empty, account_name=accounts):
                yield self._problem(row, name, output)

    def _asked(self, checked: Checked) -> dict[str, np.ndarray]:
        """Which open deals need what."""
        stage = checked.column("opportunity", "stage").str.casefold()
        is_open = ~checked.flags("opportunity", "is_closed")
        found: dict[str, np.ndarray] = {}
        wanted = [(names, (name,), None) for name, names in checked.model.quality.rules.missing_at_stage.stages.items()]
        every = [
            *wanted,
            *((rule.values, rule.deal_stages, rule) for rule in checked.model.mandatory.requirements),
        ]
        for names, stages, rule in every:
            if rule is not None and rule.stage == "optional":
                continue
            at = is_open & stage.isin({each.casefold() for each in stages}).to_numpy(dtype=bool)
            if rule is not None:
                at &= np.append(self._meant(checked, rule), False)[self._place(checked)]
            for name in names:
                found[name] = found[name] | at if name in found else at
        return found

    @staticmethod
    def _place(checked: Checked) -> np.ndarray:
        return checked.place("opportunity", "account_id")

    @staticmethod
    def _meant(checked: Checked, rule: Requirement) -> np.ndarray:
        """Accounts that an obligation is about."""
        meant = np.ones(len(checked.in_scope), dtype=bool)
        for column, values in (("type", rule.types), ("country", rule.countries), (OWN + "segment", rule.segments)):
            if values:
                meant &= checked.column("account", column).isin(set(values)).to_numpy(dtype=bool)
        return meant

    def _empty(self, checked: Checked, name: str, output: OutputKey | None) -> np.ndarray | None:
        """Deals that lack it; None where it was not read."""
        kind, column = ("opportunity", name) if output is None else ("account", OWN + output)
        if not checked.has(kind, column):
            return None
        empty = np.asarray((checked.column(kind, column) == "").to_numpy(dtype=bool))
        return empty if output is None else np.append(checked.in_scope & empty, False)[self._place(checked)]

    @staticmethod
    def _problem(row: Row, name: str, output: OutputKey | None) -> Problem:
        word = OUTPUTS[output] if output else _WORDS.get(name, name.replace("_", " "))
        account = str(row["account_id"]) if row.get("account_id") else None
        whose = f"its account {row['account_name'] or account} has" if output else "it has"
        return Problem(
            "opportunity",
            row,
            account,
            name,
            None,
            f"Opportunity {name_of(row)} has reached {str(row['stage']).strip()}, and {whose} no {word}.",
            f"Choose the {word} on the account." if output else f"Enter the {word} on the opportunity.",
        )
