"""Rules about who answers for a record: its owner has left, or it belongs to no account."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scoring.model_types import RuleKey, Severity
from scoring.quality.finding import Checked, Problem, Row, name_of


class OwnerInactive:
    """A customer or an open deal whose owner can no longer log in, or is no user at all."""

    id: RuleKey = "owner_inactive"
    title = "Owner inactive"
    severity: Severity = "high"

    def problems(self, checked: Checked) -> Iterator[Problem]:
        if "user" not in checked:
            return
        names = dict(zip(checked.column("user", "id"), checked.column("user", "name"), strict=True))
        active = set(checked.column("user", "id")[checked.flags("user", "is_active")])
        for kind, among in (("account", checked.in_scope), ("opportunity", ~checked.flags("opportunity", "is_closed"))):
            if not checked.has(kind, "owner_id"):
                continue
            owners = checked.column(kind, "owner_id")
            for row in checked.rows(kind, among & ~owners.isin(active).to_numpy(dtype=bool)):
                yield self._problem(kind, row, names)

    @staticmethod
    def _problem(kind: str, row: Row, names: dict[str, str]) -> Problem:
        owner = str(row["owner_id"] or "")
        if not owner:
            state = "has no owner"
        elif owner in names:
            state = f"belongs to {names[owner]}, who is no longer active"
        else:
            state = f"belongs to user {owner}, who is not in the CRM any more"
        account = row["id"] if kind == "account" else row.get("account_id")
        return Problem(
            kind,
            row,
            str(account) if account else None,
            "owner_id",
            names.get(owner, owner) or None,
            f"{name_of(row)} {state}.",
            "Give it to a person who works with this customer now.",
        )


class OrphanRecord:
    """A deal or an order without an account: its amounts count for nobody."""

    id: RuleKey = "orphan_record"
    title = "Record without account"
    severity: Severity = "medium"

    def problems(self, checked: Checked) -> Iterator[Problem]:
        accounts = set(checked.column("account", "id"))
        for kind, word in (("opportunity", "Opportunity"), ("order", "Order")):
            if not checked.has(kind, "account_id"):
                continue
            held = checked.column(kind, "account_id")
            for row in checked.rows(kind, np.asarray(~held.isin(accounts), dtype=bool)):
                account = str(row["account_id"] or "")
                state = f"names account {account}, which is not there" if account else "has no account"
                yield Problem(
                    kind,
                    row,
                    None,
                    "account_id",
                    account or None,
                    f"{word} {name_of(row)} {state}, so its amount counts for no customer.",
                    f"Choose its account, or delete the {word.lower()}.",
                )
