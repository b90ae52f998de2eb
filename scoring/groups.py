"""Groups of accounts by their parents: who belongs together, and whose records count for whom.

The head of a group is the account without a parent at its top. Where a parent is not there (not read, or not visible
to us) the account below it is the head. Accounts whose parents lead in a circle are one group, and the one with the
smallest id is its head. An account alone is no group.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import ibis
import numpy as np
import pandas as pd

from scoring import records, segments
from scoring.model.shape import Model
from scoring.rules import Facts, holds, lower_first, why


@dataclass(frozen=True)
class Tree:
    """Who is above whom.

    Attributes:
        heads: head of its group, of every account that is in one.
        above: the parent, of every account whose parent is there.
        absent: a parent that is not there, by account; circles: accounts whose parents lead in a circle.
    """

    heads: Mapping[str, str] = field(default_factory=dict)
    above: Mapping[str, str] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    circles: frozenset[str] = frozenset()

    def together(self, accounts: Collection[str]) -> set[str]:
        """These accounts and all others of their groups."""
        heads = {self.heads[account] for account in accounts if account in self.heads}
        return set(accounts) | {account for account, head in self.heads.items() if head in heads}

    def receivers(self, counted: Collection[str]) -> dict[str, str]:
        """For whom the accounts of `counted` count: the nearest above that does not count elsewhere itself.

        One without such an account above is left out: it counts for itself.
        """
        found = {}
        for account in counted:
            seen, place = {account}, self.above.get(account)
            while place is not None and place in counted and place not in seen:
                seen.add(place)
                place = self.above.get(place)
            if place is not None and place not in seen:
                found[account] = place
        return found


def tree(accounts: Sequence[str], parents: Sequence[str | None]) -> Tree:
    """The tree of all accounts; `parents`: id of each one's parent, None or "" for none."""
    ids = np.array(accounts, dtype=object)
    size = len(ids)
    named = np.array([parent or None for parent in parents], dtype=object)
    found = pd.Index(ids).get_indexer(pd.Index(named))
    itself = np.arange(size)
    up = np.where(found >= 0, found, itself)
    top = up
    for _ in range(size.bit_length()):  # every step doubles the way, so this is further than any chain is long
        top = top[top]
    in_circle = _circles(up, top, ids)
    led = itself.copy()
    led[list(in_circle)] = list(in_circle.values())
    top = led[top]
    grouped = np.bincount(top, minlength=size)[top] > 1
    below = (up != itself) & grouped
    absent = (found < 0) & pd.notna(named)
    return Tree(
        heads=dict(zip(ids[grouped], ids[top[grouped]], strict=True)),
        above=dict(zip(ids[below], ids[up[below]], strict=True)),
        absent=dict(zip(ids[absent], named[absent], strict=True)),
        circles=frozenset(ids[list(in_circle)]),
    )


def _circles(up: np.ndarray, top: np.ndarray, ids: np.ndarray) -> dict[int, int]:
    """Place of every account on a circle -> place of the circle's head."""
    heads: dict[int, int] = {}
    for start in np.unique(top[up[top] != top]).tolist():
        if start in heads:
            continue
        around, place = [start], int(up[start])
        while place != start:
            around.append(place)
            place = int(up[place])
        heads |= dict.fromkeys(around, min(around, key=lambda each: str(ids[each])))
    return heads


def rules(model: Model) -> Model:
    """The model as it goes for whole groups: only customers count in one, and no review round decides on its tier."""
    stability = model.tiers.stability.model_copy(update={"approval": "none"})
    return model.model_copy(update={"scope": (), "tiers": model.tiers.model_copy(update={"stability": stability})})


def counted_elsewhere(frame: pd.DataFrame, found: Tree, model: Model, as_of: date) -> pd.DataFrame:
    """Customers that count for another: columns account_id, counts_for (its id), elsewhere (why, in words).

    `frame`: features of all accounts of the groups asked about.
    """
    rule = model.groups.count_elsewhere
    frame = frame.reset_index(drop=True)
    empty = pd.DataFrame({"account_id": [], "counts_for": [], "elsewhere": []}, dtype=object)
    if rule is None or frame.empty:
        return empty
    facts = Facts(frame, model, as_of)
    counted = holds(rule, facts) & segments.scope(facts, model)["in_scope"].to_numpy(dtype=bool)
    because = why(rule, facts)
    to = found.receivers(set(frame["account_id"][counted]))
    names = dict(zip(frame["account_id"], frame["name"], strict=True))
    rows = [
        (account, to[account], f"Counted with {names.get(to[account]) or to[account]}: {lower_first(text)}")
        for account, text in zip(frame["account_id"], because, strict=True)
        if account in to
    ]
    return pd.DataFrame(rows, columns=list(empty.columns), dtype=object)


def counted_as(tables: Mapping[str, Any], to: Mapping[str, str]) -> dict[str, Any]:
    """The tables with the records of every account of `to` as those of the account it is mapped to, and no others.

    Accounts are those mapped to. So their features are what all the records make together, exactly.
    """
    pairs = {"member": sorted(to), "counts_for": [to[account] for account in sorted(to)]}
    mapped = ibis.memtable(pairs, schema={"member": "string", "counts_for": "string"})
    found = dict(tables)
    for kind, table in tables.items():
        if kind == "account":
            found[kind] = table.semi_join(mapped, table.id == mapped.counts_for)
        elif "account_id" in table.columns and kind != "user":
            joined = table.inner_join(mapped, table.account_id == mapped.member)
            columns = {name: joined[name] for name in table.columns} | {"account_id": joined.counts_for}
            found[kind] = joined.select(**columns)
    if "order" in found and "order_line" in found:
        line = found["order_line"]
        found["order_line"] = line.semi_join(found["order"], line.order_id == found["order"].id)
    return records.plain(found)
