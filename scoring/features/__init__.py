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
from typing import Any

import ibis
import pandas as pd

from scoring import currency
from scoring.features import dealings, purchases
from scoring.features.dealings import ticket_columns
from scoring.model.shape import Model
from scoring.periods import months_before
from scoring.records import Table, column

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


#: Columns of the result that are whole numbers from 0, amounts, and days; those of ticket priorities are beside them.
COUNTS = (
    *("transactions", "transactions_ever", "transaction_days_ever", "active_quarters", "product_families"),
    *("orders", "order_lines", "small_orders", "expedited_orders", "tickets", "visits", "calls"),
    *("activities", "activities_before", "deals_won", "deals_lost", "deals_open", "contracts_active"),
    *("invoices", "invoices_late", "days_late", "disputes", "invoices_recent", "days_late_recent"),
    *("overdue_invoices", "returns", "onboardings"),
)
MONEY = (
    *("revenue", "revenue_before", "revenue_cost_known", "product_cost", "freight", "discount"),
    *("won_amount", "open_amount", "overdue_amount", "returned_amount"),
)
DAYS = ("first_transaction_on", "last_transaction_on", "last_activity_on")


#: Parts that say which currency of theirs has no rate.
_UNRATED = ("unrated_account", "unrated_orders", "unrated_deals", "unrated_invoices", "unrated_returns")


def build(
    tables: Mapping[str, Table],
    model: Model,
    as_of: date,
    excluded_actors: Collection[str] = (),
    rates: pd.DataFrame | Table | None = None,
) -> Table:
    """Features of every account in `tables["account"]`, in no particular order.

    `tables` are the mirror's tables by record kind; a kind or column that is absent counts as empty.
    Activities created by `excluded_actors` (user ids: our own integration user) are left out, so that a task we
    create never changes a score. `rates`: what `scoring.currency.worths` gave, or
    `as_table` of that.
    """
    tables = currency.converted(tables, model, as_of, rates)
    months = model.value.windows.months
    start, earlier = months_before(as_of, months), months_before(as_of, 2 * months)
    parts = (
        purchases.orders(tables, model, (earlier, start), as_of),
        purchases.families(tables, model, start, as_of),
        dealings.deals(tables, (earlier, start), as_of),
        dealings.tickets(tables, model, start, as_of),
        dealings.activities(tables, (earlier, start), as_of, excluded_actors),
        dealings.contracts(tables, as_of),
        dealings.invoices(tables, (start, months_before(as_of, months // 2)), as_of),
        dealings.returns(tables, start, as_of),
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
    columns = {name: column(account, name, "string") for name in (*_TEXT, *model.attributes)}
    return account.select(
        account_id=account.id,
        annual_revenue=column(account, "annual_revenue", "int64"),
        employees=column(account, "employees", "int64"),
        unrated_account=column(account, "unrated", "string"),
        **columns,
    )
