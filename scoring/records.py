"""Records of the mirror as expressions: a kind with the columns asked for, cut to some accounts, counted, summed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from itertools import pairwise
from typing import Any

import ibis

from scoring.periods import months_before

Table = Any  # ibis is untyped

_QUARTERS = 8


def table(tables: Mapping[str, Table], kind: str, columns: Mapping[str, str]) -> Table:
    """A kind with exactly these columns; an empty one where it was not read."""
    found = tables.get(kind)
    if found is None:
        anchor = tables["account"]
        return anchor.select(**{name: ibis.null(type_) for name, type_ in columns.items()}).filter(ibis.literal(False))
    return found.select(**{name: column(found, name, type_) for name, type_ in columns.items()})


def column(table: Table, name: str, kind: str) -> Any:
    """A column, or nulls of its type where the table lacks it."""
    return table[name].cast(kind) if name in table.columns else ibis.null(kind)


def only(tables: Mapping[str, Table], accounts: Collection[str]) -> dict[str, Table]:
    """The tables cut down to some accounts and their records, before anything is summed."""
    wanted = ibis.memtable({"wanted": sorted(accounts)}, schema={"wanted": "string"})
    found = dict(tables)
    for kind, held in tables.items():
        key = "id" if kind == "account" else "account_id"
        if key in held.columns and kind != "user":
            found[kind] = held.semi_join(wanted, held[key] == wanted.wanted)
    if "order" in found and "order_line" in found:
        line = found["order_line"]
        found["order_line"] = line.semi_join(found["order"], line.order_id == found["order"].id)
    return plain(found)


def between(tables: Mapping[str, Table], first: str | None, until: str | None) -> dict[str, Table]:
    """The tables cut down to the accounts from one id until another, which is not among them, and to their records.

    None: from the beginning, to the end.
    """
    found = dict(tables)
    for kind, held in tables.items():
        key = "id" if kind == "account" else "account_id"
        if key in held.columns and kind != "user":
            bounds = [] if first is None else [held[key] >= first]
            bounds += [] if until is None else [held[key] < until]
            found[kind] = held.filter(bounds) if bounds else held
    return found


def plain(tables: Mapping[str, Table]) -> dict[str, Table]:
    """The tables as they are; ibis cannot join to a table that ends in a semi-join, so each ends in a projection."""
    return {kind: held.select(*held.columns) for kind, held in tables.items()}


def in_window(table: Table, day: Any, start: date, as_of: date) -> Table:
    """The records of an account whose day lies in the window."""
    return table.filter(table.account_id.notnull() & (day < ibis.literal(as_of)) & (day >= ibis.literal(start)))


def total(value: Any, where: Any) -> Any:
    return value.sum(where=where).cast("int64")


def count(where: Any) -> Any:
    return where.ifelse(1, 0).sum().cast("int64")


def lower(column: Any) -> Any:
    return column.fill_null("").strip().lower()


def quarters(day: Any, as_of: date, counts: Any) -> Any:
    """In how many of the last eight quarters (three months each, back from `as_of`) something of this day fell."""
    bounds = [months_before(as_of, 3 * number) for number in range(_QUARTERS + 1)]
    return sum(
        (counts & (day >= ibis.literal(first)) & (day < ibis.literal(last))).ifelse(1, 0).max()
        for last, first in pairwise(bounds)
    ).cast("int64")
