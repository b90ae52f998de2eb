"""The group an account belongs to, as its page shows it: the tier of all together, and each member with its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sync import labels
from sync.models import AccountState
from sync.scores import latest

#: Members that are named, the head first.
NAMED = 50


@dataclass(frozen=True)
class Group:
    """A group as people see it. `members`: account, and the label of its own tier; `more` are not named."""

    head: str
    tier: str
    tier_words: str
    reason: str
    members: list[tuple[AccountState, str]]
    more: int


def of(state: AccountState, result: Mapping[str, Any], names: labels.Labels) -> Group | None:
    """The group of an account, None where it stands alone or the model has no groups."""
    head = result.get("group_id")
    if not head:
        return None
    portfolio = state.connection.portfolio_id
    known = latest.read(portfolio, ("account_id", "group_id"))
    ids = sorted(known.loc[known["group_id"] == head, "account_id"]) if "group_id" in known else []
    shown = [head, *(each for each in ids if each != head)][:NAMED]
    found = AccountState.objects.filter(connection=state.connection, record_id__in=shown)
    members = sorted(found, key=lambda each: (each.record_id != head, each.name.casefold(), each.record_id))
    tier = str(result.get("group_tier") or "")
    return Group(
        head=next((each.name for each in members if each.record_id == head), head),
        tier=tier,
        tier_words=names.tier(tier) if tier else "",
        reason=str(result.get("group_reason") or ""),
        members=[(each, names.tier(each.tier) if each.tier else "") for each in members],
        more=max(len(ids) - len(members), 0),
    )
