"""Amounts in the model's currency, before anything is added up.

A *rate* is the number of units of a currency for one unit of the base, from `starts_on` (empty: always has been) until
`ends_on`, which itself is excluded (empty: still is). What a unit is worth in the model's currency is its own rate
divided into that of the model's currency, on the day of the record. An amount is multiplied by it and rounded half
away from zero to 1/10,000: one multiplication of floats and one rounding, which every engine does alike; from there
on it is integers only. A record without a currency of its own takes its account's, then the model's.

An amount that no rate converts is null, never taken at 1, and the `unrated` of its record names the currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

import ibis
import pandas as pd

from scoring.model.shape import Model

Table = Any  # ibis is untyped

#: Columns of the frame of rates: where a rate is from, and what it says.
COLUMNS = ("source", "currency", "starts_on", "ends_on", "rate", "is_base")
_FIRST, _LAST = date(1, 1, 1), date(9999, 12, 31)
_WORTHS = {"rated_currency": "string", "rated_from": "date", "rated_until": "date", "worth": "float64"}
#: Kinds with amounts and a day of their own: the day, and the amounts.
DATED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "order": ("ordered_on", ("amount", "freight")),
    "opportunity": ("closes_on", ("amount",)),
    "invoice": ("issued_on", ("amount",)),
    "return": ("returned_on", ("amount",)),
}


@dataclass(frozen=True)
class _Stretch:
    """A rate from its first day until a day that is not its own any more."""

    first: date
    until: date
    rate: Fraction


def worths(rates: pd.DataFrame, model: Model) -> pd.DataFrame:
    """What a unit of each other currency is worth in the model's: rated_currency, rated_from, rated_until, worth.

    Args:
        rates: columns `COLUMNS`, in order of precedence: a currency is taken from the first source that has it.
            `is_base` marks the currency that a source's rates are against; where none is marked it is the model's.
            A rate that is no positive number counts as none. Dated rates of a currency stand in place of undated
            ones, and a later start ends the rate before it.

    Where a source has no rate for the model's own currency, nothing of it converts.
    """
    rows: list[tuple[str, date, date, float]] = []
    known: set[str] = {model.currency}
    for _, given in rates.groupby("source", sort=False):
        base = given.loc[given["is_base"].eq(True), "currency"]
        base_currency = str(base.iloc[0]) if len(base) else model.currency
        held = {str(currency): _stretches(own) for currency, own in given.groupby("currency", sort=True)}
        held[base_currency] = [_Stretch(_FIRST, _LAST, Fraction(1))]
        for currency in sorted(set(held) - known):
            found = [_row(currency, own, ours) for own in held[currency] for ours in held.get(model.currency, [])]
            rows += [row for row in found if row[1] < row[2]]
        known |= {row[0] for row in rows}
    return pd.DataFrame(rows, columns=list(_WORTHS))


def _row(currency: str, own: _Stretch, ours: _Stretch) -> tuple[str, date, date, float]:
    return currency, max(own.first, ours.first), min(own.until, ours.until), float(ours.rate / own.rate)


def _stretches(rates: pd.DataFrame) -> list[_Stretch]:
    """The rates of one currency one after the other, without overlap."""
    rates = rates[rates["rate"].gt(0) & rates["rate"].ne(float("inf"))]
    dated = rates[rates["starts_on"].notna()]
    chosen = (dated if len(dated) else rates).sort_values(["starts_on", "rate"], kind="stable")
    starts = [_day(day, _FIRST) for day in chosen["starts_on"]]
    ends = [_day(day, _LAST) for day in chosen["ends_on"]]
    following = [*starts, _LAST][1:]
    return [
        _Stretch(first, min(until, later), Fraction(repr(float(rate))))
        for first, until, later, rate in zip(starts, ends, following, chosen["rate"], strict=True)
    ]


def _day(value: Any, otherwise: date) -> date:
    if pd.isna(value):
        return otherwise
    return value.date() if isinstance(value, pd.Timestamp) else date.fromisoformat(str(value))


def as_table(worths: pd.DataFrame | None) -> Table:
    """What `worths` gave as a table beside those of records; None: of no currency."""
    return ibis.memtable(pd.DataFrame(columns=list(_WORTHS)) if worths is None else worths, schema=_WORTHS)


def converted(
    tables: Mapping[str, Table], model: Model, as_of: date, rates: pd.DataFrame | Table | None = None
) -> dict[str, Table]:
    """The tables with their amounts in the model's currency.

    Kinds with amounts get two columns: `unrated`, the currency that nothing converts, else null; `worth` of a unit of
    the record's currency, null where it is the model's. Lines have their order's. A record without an amount needs no
    rate, an order for its lines always. Where no record names a currency the tables are as they were.

    Args:
        rates: what `worths` gave, or `as_table` of that.
    """
    found = dict(tables)
    account = tables["account"]
    given = {kind for kind in ("account", *DATED) if kind in tables and "currency" in tables[kind].columns}
    if not given:
        return found
    worth = rates if isinstance(rates, ibis.Table) else as_table(rates)
    if "account" in given:
        day = ibis.literal(as_of)
        found["account"] = _in_model("account", account, day, worth, ("annual_revenue",), model)
    for kind, (when, money) in DATED.items():
        table = tables.get(kind)
        if table is None or not {"account_id", when} <= set(table.columns):
            continue
        if "account" in given:
            payer = account.select(payer=account.id, payer_currency=account.currency)
            table = table.left_join(payer, table.account_id == payer.payer).drop("payer")
        if _code(table) is not None:
            day = ibis.coalesce(table[when].cast("date"), ibis.literal(as_of))
            found[kind] = _in_model(kind, table, day, worth, money, model)
    return found


def _code(table: Table) -> Any:
    """The currency of a record: its own, else its account's; None where neither was read."""
    names = [name for name in ("currency", "payer_currency") if name in table.columns]
    codes = [table[name].cast("string").strip().upper().nullif("") for name in names]
    return ibis.coalesce(*codes) if len(codes) > 1 else next(iter(codes), None)


def _in_model(kind: str, table: Table, day: Any, worth: Table, money: tuple[str, ...], model: Model) -> Table:
    """Records of a kind with their amounts converted by the worth of their currency on the day."""
    matches = [_code(table) == worth.rated_currency, day >= worth.rated_from, day < worth.rated_until]
    rated = table.left_join(worth, matches).drop("rated_currency", "rated_from", "rated_until")
    code, given = _code(rated), [name for name in money if name in rated.columns]
    foreign = (code != model.currency).fill_null(False) & rated.worth.isnull()
    if kind != "order":
        foreign &= ibis.or_(ibis.literal(False), *(rated[name].notnull() for name in given))
    unrated = foreign.ifelse(code, ibis.null("string"))
    amounts = {name: times(rated[name].cast("int64"), rated.worth, unrated) for name in given}
    return rated.mutate(**amounts, unrated=unrated)


def times(amount: Any, worth: Any, unrated: Any) -> Any:
    """An amount in the model's currency; null where nothing converts it."""
    return unrated.notnull().ifelse(
        ibis.null("int64"), worth.isnull().ifelse(amount, whole(amount.cast("float64") * worth))
    )


def whole(value: Any) -> Any:
    """Half away from zero, on every engine: PostgreSQL's own rounding goes to the even neighbour."""
    size = (value.abs() + 0.5).floor().cast("int64")
    return (value < 0).ifelse(-size, size)
