"""The newest score of every account, whichever run computed it.

It lies in two Parquet files beside the mirror: what the last run over all accounts scored (the base), and what runs
over some have scored since. Those write only the second anew, so that what they cost goes by the accounts that changed.
The second names the base it follows, and counts for nothing beside another: a new base comes with one rename.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sync import mirror

_BASE = b"tierline_base"


def read(portfolio_id: int, columns: Sequence[str], accounts: Collection[str] = ()) -> pd.DataFrame:
    """These columns, account_id among them, of all accounts or of some, in the order of their ids.

    One is absent where the last scores come from a version that did not have it.
    """
    found = _joined(portfolio_id, columns, accounts)
    if found is None:
        return pd.DataFrame({"account_id": [], "in_scope": []})
    frame: pd.DataFrame = found.sort_by("account_id").to_pandas()
    return frame


def publish(portfolio_id: int, run: int, parts: Sequence[Path], *, whole: bool) -> None:
    """Put the scores of a run, which lie in `parts`, in place of all or of those of the accounts it looked at.

    `parts` are in the order of account ids, and so is what is in each.
    """
    # As Arrow tables: reasons are lists, which as Python objects take many times the memory.
    base, later = _paths(portfolio_id)
    if whole or not base.exists():
        _join(parts, base, str(run).encode())
        return
    tables = [pq.read_table(part) for part in parts]
    known = _later(portfolio_id)
    if known is not None:
        scored = pa.chunked_array([chunk for table in tables for chunk in table["account_id"].chunks])
        tables.insert(0, _without(known, scored))
    _write(tables, later, _name(base))


def equity(portfolio_id: int) -> tuple[int, int] | None:
    """Lifetime values of all customers together (1/10,000 of the currency), and how many have one; None without."""
    found = _joined(portfolio_id, ("account_id", "customer_lifetime_value", "scored_under"))
    if found is not None and "scored_under" in found.column_names:  # a company in two CRMs is worth that once
        once = pc.fill_null(pc.equal(found["scored_under"].cast(pa.string()), found["account_id"]), True)
        found = found.filter(once)
    values = None if found is None else found["customer_lifetime_value"].drop_null()
    return (pc.sum(values).as_py(), len(values)) if values is not None and len(values) else None


def _joined(portfolio_id: int, columns: Sequence[str], accounts: Collection[str] = ()) -> pa.Table | None:
    base, _ = _paths(portfolio_id)
    if not base.exists():
        return None
    table, later = _columns(base, columns, accounts), _later(portfolio_id, columns, accounts)
    if later is None:
        return table
    return pa.concat_tables([_without(table, later["account_id"]), later], promote_options="permissive")


def _later(portfolio_id: int, columns: Sequence[str] | None = None, accounts: Collection[str] = ()) -> pa.Table | None:
    """What was scored since the base; None where nothing was."""
    base, later = _paths(portfolio_id)
    return _columns(later, columns, accounts) if later.exists() and _name(later) == _name(base) else None


def _columns(path: Path, columns: Sequence[str] | None, accounts: Collection[str]) -> pa.Table:
    known = pq.read_schema(path).names
    chosen = None if columns is None else [name for name in columns if name in known]
    # In the order of their ids, so that a few are found without reading all.
    some = [("account_id", "in", sorted(accounts))] if accounts else None
    return pq.read_table(path, columns=chosen, filters=some)


def _without(table: pa.Table, accounts: pa.ChunkedArray) -> pa.Table:
    return table.filter(pc.invert(pc.is_in(table["account_id"], value_set=accounts)))


def _paths(portfolio_id: int) -> tuple[Path, Path]:
    path = mirror.path(portfolio_id)
    return path.with_suffix(".scores.parquet"), path.with_suffix(".later.parquet")


def _name(path: Path) -> bytes:
    """The base that this file is, or follows."""
    found: bytes = (pq.read_schema(path).metadata or {}).get(_BASE, b"")
    return found


def _join(parts: Sequence[Path], path: Path, base: bytes) -> None:
    """One file of these, a part at a time: all at once they are the greatest thing in memory."""
    schema = pa.unify_schemas([pq.read_schema(part) for part in parts], promote_options="permissive")
    schema = schema.with_metadata({**(schema.metadata or {}), _BASE: base})
    draft = path.with_suffix(".draft")
    with pq.ParquetWriter(draft, schema) as joined:
        for part in parts:  # what is empty throughout a part has no type there
            table = pa.concat_tables([schema.empty_table(), pq.read_table(part)], promote_options="permissive")
            joined.write_table(table.replace_schema_metadata(schema.metadata))
    draft.replace(path)


def _write(tables: Sequence[pa.Table], path: Path, base: bytes) -> None:
    whole = pa.concat_tables(tables, promote_options="permissive").sort_by("account_id")
    draft = path.with_suffix(".draft")
    pq.write_table(whole.replace_schema_metadata({**(whole.schema.metadata or {}), _BASE: base}), draft)
    draft.replace(path)
