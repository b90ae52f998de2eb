"""PURE: who moves from one tier to another, with their owners and open deals, as it is stored with a proposal."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

import pandas as pd

#: Accounts of a comparison that are named, those worth most first.
NAMED = 200


def moved(frame: pd.DataFrame, before: pd.Series, after: pd.Series, people: Mapping[str, str]) -> dict[str, Any]:
    """The moves between two columns of tiers in the order of `frame` (features of all accounts).

    Returns:
        moves: "gold > silver" -> accounts.
        accounts: id, name, from, to, revenue, owner, open deals and their amount; the `NAMED` with most revenue.
        owners: name, accounts that move, their open deals and amount; all owners, most accounts first.
        deals: count and amount of all open deals of accounts that move.
        shares: of all accounts with a tier, by tier, before and after.
        Amounts are integers scaled as in `frame`. `people`: names of CRM users by record id.
    """
    pairs: Counter[str] = Counter()
    owners: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    accounts = []
    columns = ("account_id", "name", "owner_id", "revenue", "deals_open", "open_amount")
    for account, name, owner, revenue, deals, amount, there, here in zip(
        *(frame[column] for column in columns), before, after, strict=True
    ):
        if there is None or here is None or there == here:
            continue
        pairs[f"{there} > {here}"] += 1
        who = _text(owner)
        who = people.get(who, who) or "nobody"
        label, count, open_amount = _text(name) or account, _whole(deals), _whole(amount)
        for place, figure in enumerate((1, count, open_amount)):
            owners[who][place] += figure
        row = {"id": account, "name": label, "from": there, "to": here, "revenue": _whole(revenue)}
        accounts.append({**row, "owner": who, "deals": count, "open_amount": open_amount})
    accounts.sort(key=lambda each: (-int(each["revenue"]), str(each["id"])))
    totals = [sum(each[place] for each in owners.values()) for place in (1, 2)]
    ranked = sorted(owners.items(), key=lambda each: (-each[1][0], each[0]))
    return {
        "moves": dict(pairs.most_common()),
        "accounts": accounts[:NAMED],
        "owners": [{"name": who, "accounts": n, "deals": d, "open_amount": a} for who, (n, d, a) in ranked],
        "deals": {"count": totals[0], "amount": totals[1]},
        "shares": {"before": _shares(before), "after": _shares(after)},
    }


def beside(
    frame: pd.DataFrame,
    before: Mapping[str, Mapping[str, str]],
    after: Mapping[str, Mapping[str, str]],
    people: Mapping[str, str],
) -> list[dict[str, Any]]:
    """The same for schemes beside the company's: of each, account -> tier (`sync.scores.side_tiers`).

    Returns what `moved` does, and of each scheme
        name; customers: accounts that have a tier in it afterwards, as the company's comparison counts them.
        gaining, losing: accounts that get a tier in it, and that have none any more.
        is_new, is_gone: whether only the other side has it.
    """
    found = []
    for name in [*before, *(name for name in after if name not in before)]:
        was, will = (
            pd.Series([side.get(name, {}).get(account) for account in frame["account_id"]], dtype=object)
            for side in (before, after)
        )
        found.append(
            {
                "name": name,
                "customers": int(will.notna().sum()),
                "gaining": int((was.isna() & will.notna()).sum()),
                "losing": int((was.notna() & will.isna()).sum()),
                "is_new": name not in before,
                "is_gone": name not in after,
                **moved(frame, was, will, people),
            }
        )
    return found


def _shares(tiers: pd.Series) -> dict[str, float]:
    return {str(tier): round(float(part), 4) for tier, part in tiers.value_counts(normalize=True).items()}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _whole(value: Any) -> int:
    return 0 if pd.isna(value) else int(value)
