"""A company with records in two CRMs is scored once, and each record shows the result."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from scoring import union
from scoring.model import Model
from sync.matching import matches
from sync.models import Portfolio, Run

#: Columns of a score beside others where companies are matched: the record it was computed under, and what is told of
#: it; None for a company in one CRM.
COLUMNS = ("scored_under", "counted_with")
Tables = Mapping[str, Any]
_KINDS = {"return": "returns", "opportunity": "opportunities", "activity": "activities"}


def as_one(portfolio: Portfolio, tables: Tables, model: Model) -> Tables:
    """The mirror's tables with the two records of every matched company as one."""
    pairs = matches.leads(portfolio)
    if not pairs:
        return tables
    return union.merged(tables, pairs, model, [connection.name for connection in portfolio.crms()])


def leading(portfolio: Portfolio, records: Collection[str]) -> set[str]:
    """The records that these are scored under."""
    pairs = matches.leads(portfolio)
    return {pairs.get(record, record) for record in records}


def keep(run: Run, model: Model, path: Path) -> None:
    """Put aside who is matched, so that what a person decides meanwhile does not split a run."""
    once = [_KINDS.get(kind, f"{kind}s") for kind in model.two_crms.count_once]
    said = f" {' and '.join(once).capitalize()} that both carry count once." if once else ""
    rows = [
        (record, partner.record_id, partner.leads, f"Together with its record in {partner.connection}, {partner.name}.")
        for record, partner in sorted(matches.partners(run.portfolio).items())
    ]
    table = pd.DataFrame(rows, columns=["account_id", "other", "follows", "told"]).astype({"follows": bool})
    table["told"] = table["told"].astype(str) + said
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    table.to_parquet(draft, index=False)
    draft.replace(path)


def on_both(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """The ScoreTable with a row for every record: those that follow have the row of the one they are scored under."""
    known = pd.read_parquet(path)
    if known.empty:
        return table
    following = known[known["follows"]].set_index("other")["account_id"]
    copies = table[table["account_id"].isin(set(following.index))]
    copies = copies.assign(account_id=copies["account_id"].map(following).astype(object))
    both = pd.concat([table.assign(scored_under=table["account_id"]), copies.assign(scored_under=copies.index)])
    told = known.set_index("account_id")["told"]
    leads = known.set_index("account_id")
    counted = both["account_id"].map(told).astype(object)
    both["counted_with"] = counted.where(counted.notna(), None)
    under = [
        None if told is None else leads.at[record, "other"] if leads.at[record, "follows"] else record
        for record, told in zip(both["account_id"], both["counted_with"], strict=True)
    ]
    both["scored_under"] = pd.Series(under, index=both.index, dtype=object)
    return both.reset_index(drop=True)


def customers(path: Path) -> int:
    """How many customers a ScoreTable has; a company in two CRMs is one."""
    held = set(pq.read_schema(path).names)
    table = pd.read_parquet(path, columns=[name for name in ("account_id", "in_scope", "scored_under") if name in held])
    if "scored_under" not in held:
        return int(table["in_scope"].sum())
    follows = table["scored_under"].notna() & (table["scored_under"] != table["account_id"])
    return int((table["in_scope"].astype(bool) & ~follows).sum())
