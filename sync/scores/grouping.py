"""Figures of accounts where the model has groups: those counted elsewhere moved, and those of whole groups."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date
from typing import Any

import pandas as pd

from scoring import groups, records, segments
from scoring.groups import Tree
from scoring.model import Model
from scoring.rules import Facts
from sync import mirror, outputs
from sync.models import Run
from sync.scores import pairing

Tables = Mapping[str, Any]
#: Features of all accounts of these tables, in the order of their ids.
Build = Callable[[Tables], pd.DataFrame]


def tree(tables: Tables) -> Tree:
    """Who is above whom, of all accounts of the mirror."""
    if "account" not in tables or "parent_id" not in tables["account"].columns:
        return Tree()
    found = mirror.frame(tables["account"].select("id", "parent_id")).drop_duplicates("id")
    parents = found["parent_id"].astype(object)
    return groups.tree(found["id"].tolist(), parents.where(parents.notna(), None).tolist())


def together(run: Run, accounts: Collection[str]) -> set[str]:
    """These accounts and all others of their groups: what one of them does shows with every other."""
    if not accounts:
        return set()
    with mirror.reading(run.portfolio_id, "account") as tables:
        return tree(pairing.as_one(run.portfolio, tables, outputs.model(run.model))).together(accounts)


def units(tables: Tables, build: Build, model: Model, as_of: date, accounts: Collection[str] | None) -> pd.DataFrame:
    """Features of these accounts (None: all), each with what counts for it.

    Columns beside those of `features.build`: counts_for (id of the account that it counts for, or None) and elsewhere
    (with which, and why; "" for all others).
    """
    found = tree(tables)
    wanted = None if accounts is None else found.together(accounts)
    frame = build(tables if wanted is None else records.only(tables, wanted))
    moved = groups.counted_elsewhere(frame, found, model, as_of)
    if len(moved):
        to = dict(zip(moved["account_id"], moved["counts_for"], strict=True))
        receiving = build(groups.counted_as(tables, to | {account: account for account in to.values()}))
        others = frame[~frame["account_id"].isin(receiving["account_id"])]
        frame = pd.concat([others, receiving]).sort_values("account_id")
    frame = frame.merge(moved, on="account_id", how="left")
    frame["elsewhere"] = frame["elsewhere"].astype(object).where(frame["elsewhere"].notna(), "")
    frame["counts_for"] = frame["counts_for"].astype(object).where(frame["counts_for"].notna(), None)
    return (frame if accounts is None else frame[frame["account_id"].isin(accounts)]).reset_index(drop=True)


def members(frame: pd.DataFrame, found: Tree, model: Model, as_of: date) -> dict[str, str]:
    """Head of its group of every account that counts in one: customers, and what counts for a customer.

    `frame`: what `units` gave.
    """
    inside = segments.scope(Facts(frame, model, as_of), model)["in_scope"].to_numpy(dtype=bool)
    customers = set(frame["account_id"][inside])
    counts = [
        account
        for account, receiver in zip(frame["account_id"], frame["counts_for"], strict=True)
        if account in customers or receiver in customers
    ]
    return {account: found.heads[account] for account in counts if account in found.heads}
