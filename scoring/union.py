"""Companies whose records lie in two CRMs, as one: what both records have counts for the one that leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis

from scoring import currency, records
from scoring.model.shape import Model
from scoring.records import Table

#: Record that follows -> the one that leads.
Pairs = Mapping[str, str]


def merged(tables: Mapping[str, Table], pairs: Pairs, model: Model, crms: Sequence[str]) -> dict[str, Table]:
    """The tables with every account of `pairs` merged into the one it is mapped to.

    Its records become those of the other, what the other's own record leaves empty is taken from it, and parents that
    it is become the other. Amounts keep the currency that they are in. Of records that both CRMs carry, by the column
    that the model names (`two_crms.count_once`), those of the first of `crms`, names of connections, count.
    """
    if not pairs:
        return dict(tables)
    once = {str(kind): column for kind, column in model.two_crms.count_once.items()}
    found = dict(tables)
    for kind, table in tables.items():
        if kind == "account":
            found[kind] = _accounts(table, pairs, model.currency)
        elif "account_id" in table.columns and kind != "user":
            own = _paid(table, tables["account"], pairs, model.currency) if kind in currency.DATED else table
            found[kind] = _led(own, "account_id", pairs)
            if kind in once and once[kind] in table.columns:
                found[kind] = _once(found[kind], once[kind], crms)
    if "order" in once and "order" in found and "order_line" in found:
        line = found["order_line"]
        found["order_line"] = line.semi_join(found["order"], line.order_id == found["order"].id)
    return records.plain(found)


def _mapped(pairs: Pairs, use: str) -> Table:
    """The pairs as a table: `use`_from and `use`_to. Every join has one of its own; ibis mixes up one used twice."""
    columns = {f"{use}_from": sorted(pairs), f"{use}_to": [pairs[each] for each in sorted(pairs)]}
    return ibis.memtable(columns, schema=dict.fromkeys(columns, "string"))


def _led(table: Table, name: str, pairs: Pairs) -> Table:
    """The table with every follower in a column replaced by its leader."""
    mapped = _mapped(pairs, name)
    joined = table.left_join(mapped, table[name] == mapped[f"{name}_from"])
    return joined.mutate(**{name: ibis.coalesce(joined[f"{name}_to"], joined[name])}).select(*table.columns)


def _paid(table: Table, account: Table, pairs: Pairs, default: str) -> Table:
    """Records of followers with the currency that they go by; under their leader they would go by its."""
    if "currency" not in account.columns:
        return table
    mapped = _mapped(pairs, "paid")
    payers = account.inner_join(mapped, account.id == mapped.paid_from)
    payers = payers.select(payer=payers.paid_from, payer_currency=payers.currency.fill_null(default))
    joined = table.left_join(payers, table.account_id == payers.payer)
    own = records.column(joined, "currency", "string").strip().nullif("")
    named = dict.fromkeys([*table.columns, "currency"])
    return joined.mutate(currency=ibis.coalesce(own, joined.payer_currency)).select(*named)


def _accounts(account: Table, pairs: Pairs, default: str) -> Table:
    """Leaders, with what their followers know and they do not, and all accounts that are in no pair."""
    own = _led(account, "parent_id", pairs) if "parent_id" in account.columns else account
    filled = [name for name in own.columns if name not in ("id", "connection", "currency")]
    theirs = own.view().inner_join(_mapped(pairs, "led"), [("id", "led_from")])
    paid = records.column(theirs, "currency", "string").fill_null(default)
    theirs = theirs.select("led_to", their_code=paid, **{f"their_{name}": theirs[name] for name in filled})
    alone = own.anti_join(_mapped(pairs, "gone"), [("id", "gone_from")]).select(*own.columns)
    joined = alone.left_join(theirs, [("id", "led_to")])
    both = {name: ibis.coalesce(joined[name], joined[f"their_{name}"]) for name in filled}
    if "annual_revenue" in both:  # an amount is of no use without its currency
        alike = records.column(joined, "currency", "string").fill_null(default) == joined.their_code
        both["annual_revenue"] = alike.ifelse(both["annual_revenue"], joined.annual_revenue)
    if "parent_id" in both:  # a company is not above itself
        both["parent_id"] = both["parent_id"].nullif(joined.id)
    return joined.mutate(**both).select(*own.columns)


def _once(table: Table, column: str, crms: Sequence[str]) -> Table:
    """Without records of a later CRM that an earlier one carries for the same company."""
    place = ibis.cases(*((table.connection == name, number) for number, name in enumerate(crms)), else_=-1)
    held = table.mutate(once_key=records.lower(table[column].cast("string")), once_place=place)
    counts = (held.once_place >= 0) & (held.once_key != "")
    first = held.filter(counts).group_by(["account_id", "once_key"]).agg(once_first=held.once_place.min())
    first = first.view().rename(first_account="account_id", first_key="once_key")
    joined = held.left_join(first, [("account_id", "first_account"), ("once_key", "first_key")])
    again = (joined.once_place >= 0) & (joined.once_place > joined.once_first)
    return joined.filter(~again.fill_null(False)).select(*table.columns)
