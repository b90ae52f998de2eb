"""Rules about who answers for a record: its owner has left, or it belongs to no account."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from scoring.model.shape import Model, RuleKey, Severity
from scoring.quality import across
from scoring.quality.finding import Checked, Problem, Row, money, name_of


class OwnerMissing:
    """A customer or an open deal that belongs to nobody."""

    id: RuleKey = "owner_missing"
    title = "Owner missing"
    severity: Severity = "high"

    def problems(self, checked: Checked) -> Iterator[Problem]:
        for kind, owners, among in _owned(checked):
            nobody = among & (owners == "").to_numpy(dtype=bool)
            for row in checked.rows(kind, nobody, **_standing(kind, checked)):
                yield _owner_problem(kind, row, None, "has no owner", checked.model)


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
        for kind, owners, among in _owned(checked):
            gone = (owners != "") & ~owners.isin(active)
            for row in checked.rows(kind, among & gone.to_numpy(dtype=bool), **_standing(kind, checked)):
                owner = str(row["owner_id"]).strip()
                state = f"belongs to user {owner}, who is not in the CRM any more"
                if owner in names:
                    state = f"belongs to {names[owner]}, who is no longer active"
                yield _owner_problem(kind, row, names.get(owner, owner), state, checked.model)


def _owned(checked: Checked) -> Iterator[tuple[str, pd.Series, np.ndarray]]:
    """Kinds that belong to a person: its name, the owners, and which records somebody has to look after."""
    for kind, among in (("account", checked.in_scope), ("opportunity", ~checked.flags("opportunity", "is_closed"))):
        if checked.has(kind, "owner_id"):
            yield kind, checked.column(kind, "owner_id"), among


def _standing(kind: str, checked: Checked) -> dict[str, np.ndarray]:
    """What an account is worth, which says how soon somebody should take it."""
    return {"tier": checked.scored("tier"), "revenue": checked.scored("revenue")} if kind == "account" else {}


def _owner_problem(kind: str, row: Row, value: str | None, state: str, model: Model) -> Problem:
    account = row["id"] if kind == "account" else row.get("account_id")
    return Problem(
        kind,
        row,
        str(account) if account else None,
        "owner_id",
        value,
        f"{name_of(row)}{_worth(row, model)} {state}.",
        "Give it to a person who works with this customer now.",
    )


def _worth(row: Row, model: Model) -> str:
    tier, revenue = row.get("tier"), row.get("revenue")
    said = [model.tiers.label(tier)] if tier in model.tiers.keys else []
    if revenue:
        said.append(f"{money(revenue, model)} in the last {model.value.windows.months} months")
    return f" ({', '.join(said)})" if said else ""


class OrphanRecord:
    """A deal or an order without an account: its amounts count for nobody."""

    id: RuleKey = "orphan_record"
    title = "Record without account"
    severity: Severity = "medium"

    def problems(self, checked: Checked) -> Iterator[Problem]:
        accounts = across.of(checked).accounts["id"]
        for kind, word in (("opportunity", "Opportunity"), ("order", "Order")):
            if not checked.has(kind, "account_id"):
                continue
            held = checked.column(kind, "account_id")
            there = set(accounts[accounts.isin(set(held))])
            for row in checked.rows(kind, np.asarray(~held.isin(there), dtype=bool)):
                account = str(row["account_id"] or "")
                state = f"names account {account}, which is not there" if account else "has no account"
                amount = row.get("amount")
                what = "it counts for no customer"
                if amount:
                    what = f"its {money(amount, checked.model, row.get('currency'))} count for no customer"
                elif kind == "opportunity" and not row.get("is_closed"):
                    what = "no customer's open deals include it"
                yield Problem(
                    kind,
                    row,
                    None,
                    "account_id",
                    account or None,
                    f"{word} {name_of(row)} {state}, so {what}.",
                    f"Choose its account, or delete the {word.lower()}.",
                )
