"""What is known about each account, as one ibis expression over the mirror: one row per account.

Everything is a count, a sum, a minimum or a maximum of integers and dates, so the result does not depend on the order
of rows or on the engine (DuckDB, SQLite, PostgreSQL). Money is in units of 1/10,000 of the model's currency.

Columns of the result, in this order:
    account_id, name, owner_id, type, industry, country, currency, external_id     text
    no_rate: a currency of amounts that count and that no rate converts            null where there is none
    annual_revenue (money), employees (int)                                        null where unknown
    one text column per attribute of the model
    transactions, transactions_ever, first_transaction_on, last_transaction_on     orders, or won deals
    transaction_days_ever                                                          days with one
    revenue, revenue_cost_known, product_cost                                      money, before cost to serve
    revenue_before                                                                 of the window before the window
    active_quarters (0-8 of the last eight), product_families                      how regular, how broad
    orders, order_lines, small_orders, expedited_orders, freight, discount
    tickets, tickets_p0, tickets_p1 ... (per priority of the rate card, see `ticket_columns`)
    visits, calls, activities, last_activity_on
    deals_won, deals_lost, deals_open, won_amount, open_amount
    contracts_active
    invoices, invoices_late (paid after the due day, or unpaid and due), days_late (of all of them), disputes
    invoices_recent, days_late_recent                                              of the window's second half
    overdue_invoices, overdue_amount (money)                                       unpaid and due, however old
    returns, returned_amount (money), onboardings (1 where the first transaction is in the window)
    activities_before                                                              of the window before the window
Counts and sums cover the model's window: `value.windows.months` before `as_of`, which itself is excluded. "Ever",
"first" and "last" look back without limit. Open deals, active contracts and unpaid invoices are those of the day
before `as_of`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from itertools import pairwise
from typing import Any

import ibis
import pandas as pd

from scoring import currency
from scoring.fields import SCALE
from scoring.model_types import Model
from scoring.periods import months_before

Table = Any  # ibis is untyped

_TEXT = ("name", "owner_id", "type", "industry", "country", "currency", "external_id")
_ORDER_SUMS = (
    "orders",
    "order_lines",
    "small_orders",
    "expedited_orders",
    "freight",
    "discount",
    "order_revenue",
    "order_revenue_before",
    "order_quarters",
    "revenue_cost_known",
    "product_cost",
    "orders_ever",
    "order_days_ever",
)
_DEAL_SUMS = (
    *("deals_won", "deals_lost", "deals_open", "won_amount", "won_amount_before", "won_quarters", "open_amount"),
    *("deals_won_ever", "deal_days_ever"),
)
_INVOICE_SUMS = (
    *("invoices", "invoices_late", "days_late", "disputes", "invoices_recent", "days_late_recent"),
    *("overdue_invoices", "overdue_amount"),
)
_RETURN_SUMS = ("returns", "returned_amount")
_QUARTERS = 8
#: Contracts in these states were never signed.
_UNSIGNED = ("draft", "in approval process", "inapproval")


def ticket_columns(model: Model) -> dict[str, str]:
    """Priority of the rate card -> column that counts its tickets; every other priority is only in `tickets`."""
    ticket = model.cost_to_serve.activities.ticket
    return {name: f"tickets_p{n}" for n, name in enumerate(sorted(ticket.minutes if ticket else ()))}


#: Parts that say which currency of theirs has no rate.
_UNRATED = ("unrated_account", "unrated_orders", "unrated_deals", "unrated_invoices", "unrated_returns")


def build(
    tables: Mapping[str, Table],
    model: Model,
    as_of: date,
    excluded_actors: Collection[str] = (),
    rates: pd.DataFrame | None = None,
) -> Table:
    """Features of every account in `tables["account"]`, in no particular order.

    `tables` are the mirror's tables by record kind; a kind or column that is absent counts as empty.
    Activities created by `excluded_actors` (user ids: our own integration user) are left out, so that a task we
    create never changes a score. `rates`: what `scoring.currency.worths` gave.
    """
    tables = currency.converted(tables, model, as_of, rates)
    months = model.value.windows.months
    start, earlier = months_before(as_of, months), months_before(as_of, 2 * months)
    parts = (
        _orders(tables, model, (earlier, start), as_of),
        _families(tables, model, start, as_of),
        _deals(tables, (earlier, start), as_of),
        _tickets(tables, model, start, as_of),
        _activities(tables, (earlier, start), as_of, excluded_actors),
        _contracts(tables, as_of),
        _invoices(tables, (start, months_before(as_of, months // 2)), as_of),
        _returns(tables, start, as_of),
    )
    frame = _accounts(tables["account"], model)
    # One chain of joins: nested ones are deeper than SQLite's parser goes.
    for number, part in enumerate(parts):
        key = f"part_{number}"
        frame = frame.left_join(part.rename({key: "part_account"}), [("account_id", key)])
    counts = [*_ORDER_SUMS, *_DEAL_SUMS, "tickets", *ticket_columns(model).values()]
    counts += ["visits", "calls", "activities", "activities_before", "contracts_active", "product_families"]
    counts += [*_INVOICE_SUMS, *_RETURN_SUMS]
    frame = frame.mutate(**{name: frame[name].fill_null(0) for name in counts})
    frame = frame.mutate(**_transactions(frame, model), no_rate=ibis.coalesce(*(frame[name] for name in _UNRATED)))
    is_new = (frame.first_transaction_on >= ibis.literal(start)).fill_null(False)
    return frame.mutate(onboardings=is_new.ifelse(1, 0).cast("int64")).select(*_columns(model))


def only(tables: Mapping[str, Table], accounts: Collection[str]) -> dict[str, Table]:
    """The tables cut down to some accounts and their records, before anything is summed."""
    wanted = ibis.memtable({"wanted": sorted(accounts)}, schema={"wanted": "string"})
    found = dict(tables)
    for kind, table in tables.items():
        column = "id" if kind == "account" else "account_id"
        if column in table.columns and kind != "user":
            found[kind] = table.semi_join(wanted, table[column] == wanted.wanted)
    if "order" in found and "order_line" in found:
        line = found["order_line"]
        found["order_line"] = line.semi_join(found["order"], line.order_id == found["order"].id)
    return plain(found)


def plain(tables: Mapping[str, Table]) -> dict[str, Table]:
    """The tables as they are; ibis cannot join to a table that ends in a semi-join, so each ends in a projection."""
    return {kind: table.select(*table.columns) for kind, table in tables.items()}


def _columns(model: Model) -> list[str]:
    return [
        *("account_id", *_TEXT, "no_rate", "annual_revenue", "employees", *model.attributes),
        *("transactions", "transactions_ever", "transaction_days_ever", "first_transaction_on", "last_transaction_on"),
        *("revenue", "revenue_cost_known", "product_cost", "revenue_before", "active_quarters", "product_families"),
        *("orders", "order_lines", "small_orders", "expedited_orders", "freight", "discount"),
        *("tickets", *ticket_columns(model).values(), "visits", "calls", "activities", "last_activity_on"),
        *("deals_won", "deals_lost", "deals_open", "won_amount", "open_amount", "contracts_active"),
        *(*_INVOICE_SUMS, *_RETURN_SUMS, "onboardings", "activities_before"),
    ]


def _transactions(frame: Table, model: Model) -> dict[str, Any]:
    """What counts as a transaction under the model: an order, or a won deal."""
    if model.value.revenue_from == "opportunities":
        return {
            "transactions": frame.deals_won,
            "transactions_ever": frame.deals_won_ever,
            "transaction_days_ever": frame.deal_days_ever,
            "first_transaction_on": frame.first_deal_on,
            "last_transaction_on": frame.last_deal_on,
            "revenue": frame.won_amount,
            "revenue_before": frame.won_amount_before,
            "active_quarters": frame.won_quarters,
            "revenue_cost_known": ibis.literal(0, "int64"),
            "product_cost": ibis.literal(0, "int64"),
        }
    return {
        "transactions": frame.orders,
        "transactions_ever": frame.orders_ever,
        "transaction_days_ever": frame.order_days_ever,
        "first_transaction_on": frame.first_order_on,
        "last_transaction_on": frame.last_order_on,
        "revenue": frame.order_revenue,
        "revenue_before": frame.order_revenue_before,
        "active_quarters": frame.order_quarters,
    }


def _accounts(account: Table, model: Model) -> Table:
    columns = {name: _column(account, name, "string") for name in (*_TEXT, *model.attributes)}
    return account.select(
        account_id=account.id,
        annual_revenue=_column(account, "annual_revenue", "int64"),
        employees=_column(account, "employees", "int64"),
        unrated_account=_column(account, "unrated", "string"),
        **columns,
    )


def _column(table: Table, name: str, kind: str) -> Any:
    """A column, or nulls of its type where the table lacks it."""
    return table[name].cast(kind) if name in table.columns else ibis.null(kind)


def _table(tables: Mapping[str, Table], kind: str, columns: Mapping[str, str]) -> Table:
    """A kind with exactly these columns; an empty one where it was not read."""
    table = tables.get(kind)
    if table is None:
        anchor = tables["account"]
        return anchor.select(**{name: ibis.null(type_) for name, type_ in columns.items()}).filter(ibis.literal(False))
    return table.select(**{name: _column(table, name, type_) for name, type_ in columns.items()})


def _in_window(table: Table, day: Any, start: date, as_of: date) -> Table:
    """The records of an account whose day lies in the window."""
    return table.filter(table.account_id.notnull() & (day < ibis.literal(as_of)) & (day >= ibis.literal(start)))


def _sum(value: Any, where: Any) -> Any:
    return value.sum(where=where).cast("int64")


def _count(where: Any) -> Any:
    return where.ifelse(1, 0).sum().cast("int64")


def _lower(column: Any) -> Any:
    return column.fill_null("").strip().lower()


def _orders(tables: Mapping[str, Table], model: Model, starts: tuple[date, date], as_of: date) -> Table:
    """Per account: sums over its orders. `starts`: first days of the window before the window, and of the window."""
    orders = _per_order(tables, model).filter(lambda t: t.ordered_on < ibis.literal(as_of))
    earlier, start = (ibis.literal(day) for day in starts)
    window = orders.ordered_on >= start
    from_lines = model.value.revenue_from == "order_lines"
    revenue = orders.lines_amount if from_lines else orders.amount
    small = model.cost_to_serve.activities.small_order
    below = round(small.below * SCALE) if small else None
    is_small = ibis.literal(False) if below is None else orders.size < below
    return orders.group_by(part_account=orders.account_id).aggregate(
        orders=_count(window),
        order_lines=_sum(orders.lines, window),
        small_orders=_count(window & is_small),
        expedited_orders=_count(window & orders.is_expedited),
        freight=_sum(orders.freight, window),
        discount=_sum(orders.discount, window),
        order_revenue=_sum(revenue, window),
        order_revenue_before=_sum(revenue, ~window & (orders.ordered_on >= earlier)),
        order_quarters=_quarters(orders.ordered_on, as_of, ibis.literal(True)),
        revenue_cost_known=_sum(orders.amount_cost_known, window),
        product_cost=_sum(orders.product_cost, window),
        unrated_orders=orders.unrated.min(where=orders.ordered_on >= earlier),
        orders_ever=_count(orders.account_id.notnull()),
        order_days_ever=orders.ordered_on.nunique().cast("int64"),
        first_order_on=orders.ordered_on.min(),
        last_order_on=orders.ordered_on.max(),
    )


def _per_order(tables: Mapping[str, Table], model: Model) -> Table:
    """One row per order that counts, with the sums of its lines.

    Freight stands on the order or on its lines: the order's is taken where it is given. Lines are in the currency of
    their order, and it is their sums that are converted; standard costs of products are in the model's currency.
    """
    order = _counted(tables, model)
    lines = _lines(tables)
    joined = order.left_join(lines, order.id == lines.line_order)
    names = ("lines_amount", "amount_cost_known", "lines_cost", "discount", "lines_freight")
    sums = {name: currency.times(joined[name], joined.worth, joined.unrated) for name in names}
    return joined.select(
        account_id=joined.account_id,
        ordered_on=joined.ordered_on,
        unrated=joined.unrated,
        is_expedited=joined.is_expedited.fill_null(False),
        amount=joined.amount.fill_null(0),
        size=ibis.coalesce(sums["lines_amount"], joined.amount, 0),
        lines=joined.lines.fill_null(0),
        lines_amount=sums["lines_amount"].fill_null(0),
        amount_cost_known=sums["amount_cost_known"].fill_null(0),
        product_cost=sums["lines_cost"].fill_null(0) + joined.standard_cost.fill_null(0),
        discount=sums["discount"].fill_null(0),
        freight=ibis.coalesce(joined.freight, sums["lines_freight"], 0),
    )


def _counted(tables: Mapping[str, Table], model: Model) -> Table:
    """The orders that count: of an account, and in no excluded status."""
    columns = {"id": "string", "account_id": "string", "status": "string", "ordered_on": "date"}
    columns |= {"amount": "int64", "freight": "int64", "is_expedited": "boolean"}
    columns |= {"worth": "float64", "unrated": "string"}
    order = _table(tables, "order", columns)
    excluded = [status.strip().lower() for status in model.value.excluded_order_statuses]
    if excluded:
        order = order.filter(~_lower(order.status).isin(excluded))
    return order.filter(order.account_id.notnull())


def _lines(tables: Mapping[str, Table]) -> Table:
    """Per order: sums over its lines. A line without a cost of its own takes product cost times quantity."""
    columns = {"order_id": "string", "product_id": "string", "quantity": "float64"}
    columns |= {"amount": "int64", "cost": "int64", "discount": "int64", "freight": "int64"}
    line = _table(tables, "order_line", columns)
    product = _table(tables, "product", {"id": "string", "cost": "int64"})
    product = product.select(product_key=product.id, standard_cost=product.cost)
    priced = line.left_join(product, line.product_id == product.product_key)
    standard = (priced.standard_cost * priced.quantity).round().cast("int64")
    priced = priced.mutate(by_list=standard)
    known = priced.cost.notnull() | priced.by_list.notnull()
    return priced.group_by(line_order=priced.order_id).aggregate(
        lines=_count(priced.order_id.notnull()),
        lines_amount=_sum(priced.amount, None),
        amount_cost_known=_sum(priced.amount, known),
        lines_cost=_sum(priced.cost, None),
        standard_cost=_sum(priced.by_list, priced.cost.isnull()),
        discount=_sum(priced.discount, None),
        lines_freight=_sum(priced.freight, None),
    )


def _quarters(day: Any, as_of: date, counts: Any) -> Any:
    """In how many of the last eight quarters (three months each, back from `as_of`) something of this day fell."""
    bounds = [months_before(as_of, 3 * number) for number in range(_QUARTERS + 1)]
    return sum(
        (counts & (day >= ibis.literal(first)) & (day < ibis.literal(last))).ifelse(1, 0).max()
        for last, first in pairwise(bounds)
    ).cast("int64")


def _families(tables: Mapping[str, Table], model: Model, start: date, as_of: date) -> Table:
    """Per account: product families (a product without one stands for itself) bought in the window.

    Only where the model looks at loyalty: it is the one figure that needs every line with its product.
    """
    if "loyalty" not in model.components_used():
        return _table({"account": tables["account"]}, "none", {"part_account": "string", "product_families": "int64"})
    order = _counted(tables, model).filter(
        lambda t: (t.ordered_on < ibis.literal(as_of)) & (t.ordered_on >= ibis.literal(start))
    )
    line = _table(tables, "order_line", {"order_id": "string", "product_id": "string"})
    product = _table(tables, "product", {"id": "string", "family": "string"})
    product = product.select(product_key=product.id, product_family=product.family)
    order = order.select(order_key=order.id, buyer=order.account_id)
    bought = line.inner_join(order, line.order_id == order.order_key)
    named = bought.left_join(product, bought.product_id == product.product_key)
    family = ibis.coalesce(named.product_family, named.product_id)
    return named.group_by(part_account=named.buyer).aggregate(product_families=family.nunique().cast("int64"))


def main_families(tables: Mapping[str, Table], model: Model, as_of: date, rates: pd.DataFrame | None = None) -> Table:
    """Columns account_id and main_product_family: the family at least half of the amount in the window was spent on.

    Accounts without such a family are left out. Amounts that no rate converts count as nothing. `rates` as for `build`.
    """
    tables = currency.converted(tables, model, as_of, rates)
    start = ibis.literal(months_before(as_of, model.value.windows.months))
    order = _counted(tables, model).filter(lambda t: (t.ordered_on < ibis.literal(as_of)) & (t.ordered_on >= start))
    order = order.select(order_key=order.id, buyer=order.account_id, worth=order.worth, unrated=order.unrated)
    line = _table(tables, "order_line", {"order_id": "string", "product_id": "string", "amount": "int64"})
    product = _table(tables, "product", {"id": "string", "family": "string"})
    product = product.select(product_key=product.id, product_family=product.family)
    bought = line.inner_join(order, line.order_id == order.order_key)
    named = bought.inner_join(product, bought.product_id == product.product_key)
    spent = named.group_by(account_id=named.buyer, main_product_family=named.product_family).aggregate(
        spent=_sum(currency.times(named.amount, named.worth, named.unrated), None)
    )
    whole = spent.group_by("account_id").aggregate(whole=_sum(spent.spent, None)).rename(buyer="account_id")
    main = spent.inner_join(whole, spent.account_id == whole.buyer)
    main = main.filter(main.main_product_family.notnull() & (main.whole > 0) & (2 * main.spent > main.whole))
    return main.select("account_id", "main_product_family")


def _deals(tables: Mapping[str, Table], starts: tuple[date, date], as_of: date) -> Table:
    """Per account: deals that closed in the window, and those open on the day before `as_of`."""
    columns = {"account_id": "string", "is_won": "boolean", "is_closed": "boolean", "amount": "int64"}
    columns |= {"closes_on": "date", "created_on": "date", "unrated": "string"}
    deal = _table(tables, "opportunity", columns)
    deal = deal.filter(deal.account_id.notnull())
    day = ibis.literal(as_of)
    closed = deal.is_closed.fill_null(False) & (deal.closes_on < day).fill_null(False)
    begun = (deal.created_on < day).fill_null(True)
    earlier, start = (ibis.literal(first) for first in starts)
    won, window = deal.is_won.fill_null(False), (deal.closes_on >= start).fill_null(False)
    before = ~window & (deal.closes_on >= earlier).fill_null(False)
    return deal.group_by(part_account=deal.account_id).aggregate(
        deals_won=_count(closed & window & won),
        deals_lost=_count(closed & window & ~won),
        deals_open=_count(~closed & begun),
        won_amount=_sum(deal.amount, closed & window & won),
        won_amount_before=_sum(deal.amount, closed & before & won),
        won_quarters=_quarters(deal.closes_on, as_of, closed & won),
        open_amount=_sum(deal.amount, ~closed & begun),
        unrated_deals=deal.unrated.min(where=(closed & won & (window | before)) | (~closed & begun)),
        deals_won_ever=_count(closed & won),
        deal_days_ever=deal.closes_on.nunique(where=closed & won).cast("int64"),
        first_deal_on=deal.closes_on.min(where=closed & won),
        last_deal_on=deal.closes_on.max(where=closed & won),
    )


def _tickets(tables: Mapping[str, Table], model: Model, start: date, as_of: date) -> Table:
    """Per account: tickets opened in the window, in all and by priority of the rate card."""
    ticket = _table(tables, "ticket", {"account_id": "string", "priority": "string", "opened_on": "date"})
    ticket = _in_window(ticket, ticket.opened_on, start, as_of)
    return ticket.group_by(part_account=ticket.account_id).aggregate(
        tickets=_count(ticket.account_id.notnull()),
        **{
            column: _count(_lower(ticket.priority) == priority.strip().lower())
            for priority, column in ticket_columns(model).items()
        },
    )


def _activities(
    tables: Mapping[str, Table], starts: tuple[date, date], as_of: date, excluded_actors: Collection[str]
) -> Table:
    """Per account: what people did with it; `visits` and `calls` are the types the rate card knows."""
    columns = {"account_id": "string", "activity_type": "string", "happened_on": "date", "created_by_id": "string"}
    activity = _table(tables, "activity", columns)
    activity = activity.filter(activity.account_id.notnull() & (activity.happened_on < ibis.literal(as_of)))
    if excluded_actors:
        actor = activity.created_by_id.fill_null("")
        activity = activity.filter(~actor.isin(sorted(excluded_actors)))
    earlier, start = (ibis.literal(day) for day in starts)
    window = activity.happened_on >= start
    kind = _lower(activity.activity_type)
    return activity.group_by(part_account=activity.account_id).aggregate(
        visits=_count(window & (kind == "visit")),
        calls=_count(window & (kind == "call")),
        activities=_count(window),
        activities_before=_count(~window & (activity.happened_on >= earlier)),
        last_activity_on=activity.happened_on.max(),
    )


def _contracts(tables: Mapping[str, Table], as_of: date) -> Table:
    """Per account: signed contracts that run on the day before `as_of`."""
    columns = {"account_id": "string", "status": "string", "starts_on": "date", "ends_on": "date"}
    contract = _table(tables, "contract", columns)
    day = ibis.literal(as_of)
    runs = (contract.starts_on < day) & (contract.ends_on >= day).fill_null(True)
    contract = contract.filter(contract.account_id.notnull() & runs & ~_lower(contract.status).isin(_UNSIGNED))
    return contract.group_by(part_account=contract.account_id).aggregate(
        contracts_active=_count(contract.account_id.notnull())
    )


def _invoices(tables: Mapping[str, Table], starts: tuple[date, date], as_of: date) -> Table:
    """Per account: invoices issued in the window and how late they were paid, and what is overdue.

    `starts`: first days of the window and of its second half. An invoice paid on `as_of` or later counts as unpaid, and
    an unpaid one is late by the days from its due day to `as_of`. Without a due day an invoice is never late.
    """
    columns = {"account_id": "string", "issued_on": "date", "due_on": "date", "paid_on": "date"}
    columns |= {"amount": "int64", "is_disputed": "boolean", "unrated": "string"}
    invoice = _table(tables, "invoice", columns)
    start, recent, day = (ibis.literal(each) for each in (*starts, as_of))
    invoice = invoice.filter(invoice.account_id.notnull() & (invoice.issued_on < day))
    window, second_half = invoice.issued_on >= start, invoice.issued_on >= recent
    paid = (invoice.paid_on < day).fill_null(False)
    ended = paid.ifelse(invoice.paid_on, day)
    late = (ended > invoice.due_on).fill_null(False)
    days = ended.delta(invoice.due_on, unit="day")
    return invoice.group_by(part_account=invoice.account_id).aggregate(
        invoices=_count(window),
        invoices_late=_count(window & late),
        days_late=_sum(days, window & late),
        disputes=_count(window & invoice.is_disputed.fill_null(False)),
        invoices_recent=_count(second_half),
        days_late_recent=_sum(days, second_half & late),
        overdue_invoices=_count(late & ~paid),
        overdue_amount=_sum(invoice.amount, late & ~paid),
        unrated_invoices=invoice.unrated.min(where=late & ~paid),
    )


def _returns(tables: Mapping[str, Table], start: date, as_of: date) -> Table:
    """Per account: what came back in the window."""
    columns = {"account_id": "string", "returned_on": "date", "amount": "int64", "unrated": "string"}
    returned = _table(tables, "return", columns)
    returned = _in_window(returned, returned.returned_on, start, as_of)
    return returned.group_by(part_account=returned.account_id).aggregate(
        returns=_count(returned.account_id.notnull()),
        returned_amount=_sum(returned.amount, None),
        unrated_returns=returned.unrated.min(),
    )
