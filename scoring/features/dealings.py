"""What else passed between us and accounts: deals, tickets, activities, contracts, invoices, returns."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta

import ibis

from scoring.model.shape import Model
from scoring.records import Table, count, in_window, lower, quarters, table, total

#: Contracts in these states were never signed.
_UNSIGNED = ("draft", "in approval process", "inapproval")


def ticket_columns(model: Model) -> dict[str, str]:
    """Priority of the rate card -> column that counts its tickets; every other priority is only in `tickets`."""
    ticket = model.cost_to_serve.activities.ticket
    return {name: f"tickets_p{n}" for n, name in enumerate(sorted(ticket.minutes if ticket else ()))}


def deals(tables: Mapping[str, Table], starts: tuple[date, date], as_of: date) -> Table:
    """Per account: deals that closed in the window, and those open on the day before `as_of`."""
    columns = {"account_id": "string", "is_won": "boolean", "is_closed": "boolean", "amount": "int64"}
    columns |= {"closes_on": "date", "created_on": "date", "unrated": "string"}
    deal = table(tables, "opportunity", columns)
    deal = deal.filter(deal.account_id.notnull())
    day = ibis.literal(as_of)
    closed = deal.is_closed.fill_null(False) & (deal.closes_on < day).fill_null(False)
    begun = (deal.created_on < day).fill_null(True)
    earlier, start = (ibis.literal(first) for first in starts)
    won, window = deal.is_won.fill_null(False), (deal.closes_on >= start).fill_null(False)
    before = ~window & (deal.closes_on >= earlier).fill_null(False)
    return deal.group_by(part_account=deal.account_id).aggregate(
        deals_won=count(closed & window & won),
        deals_lost=count(closed & window & ~won),
        deals_open=count(~closed & begun),
        won_amount=total(deal.amount, closed & window & won),
        won_amount_before=total(deal.amount, closed & before & won),
        won_quarters=quarters(deal.closes_on, as_of, closed & won),
        open_amount=total(deal.amount, ~closed & begun),
        unrated_deals=deal.unrated.min(where=(closed & won & (window | before)) | (~closed & begun)),
        deals_won_ever=count(closed & won),
        deal_days_ever=deal.closes_on.nunique(where=closed & won).cast("int64"),
        first_deal_on=deal.closes_on.min(where=closed & won),
        last_deal_on=deal.closes_on.max(where=closed & won),
    )


def tickets(tables: Mapping[str, Table], model: Model, start: date, as_of: date) -> Table:
    """Per account: tickets opened in the window, in all and by priority of the rate card."""
    ticket = table(tables, "ticket", {"account_id": "string", "priority": "string", "opened_on": "date"})
    ticket = in_window(ticket, ticket.opened_on, start, as_of)
    return ticket.group_by(part_account=ticket.account_id).aggregate(
        tickets=count(ticket.account_id.notnull()),
        **{
            column: count(lower(ticket.priority) == priority.strip().lower())
            for priority, column in ticket_columns(model).items()
        },
    )


def activities(
    tables: Mapping[str, Table], starts: tuple[date, date], as_of: date, excluded_actors: Collection[str]
) -> Table:
    """Per account: what people did with it; `visits` and `calls` are the types the rate card knows."""
    columns = {"account_id": "string", "activity_type": "string", "happened_on": "date", "created_by_id": "string"}
    activity = table(tables, "activity", columns)
    activity = activity.filter(activity.account_id.notnull() & (activity.happened_on < ibis.literal(as_of)))
    if excluded_actors:
        actor = activity.created_by_id.fill_null("")
        activity = activity.filter(~actor.isin(sorted(excluded_actors)))
    earlier, start = (ibis.literal(day) for day in starts)
    window = activity.happened_on >= start
    kind = lower(activity.activity_type)
    return activity.group_by(part_account=activity.account_id).aggregate(
        visits=count(window & (kind == "visit")),
        calls=count(window & (kind == "call")),
        activities=count(window),
        activities_before=count(~window & (activity.happened_on >= earlier)),
        last_activity_on=activity.happened_on.max(),
    )


def contracts(tables: Mapping[str, Table], as_of: date) -> Table:
    """Per account: signed contracts that run on the day before `as_of`, which may be their last."""
    columns = {"account_id": "string", "status": "string", "starts_on": "date", "ends_on": "date"}
    contract = table(tables, "contract", columns)
    day = ibis.literal(as_of - timedelta(days=1))
    runs = (contract.starts_on <= day) & (contract.ends_on >= day).fill_null(True)
    contract = contract.filter(contract.account_id.notnull() & runs & ~lower(contract.status).isin(_UNSIGNED))
    return contract.group_by(part_account=contract.account_id).aggregate(
        contracts_active=count(contract.account_id.notnull())
    )


def invoices(tables: Mapping[str, Table], starts: tuple[date, date], as_of: date) -> Table:
    """Per account: invoices issued in the window and how late they were paid, and what is overdue.

    `starts`: first days of the window and of its second half. An invoice paid on `as_of` or later counts as unpaid, and
    an unpaid one is late by the days from its due day to `as_of`. Without a due day an invoice is never late.
    """
    columns = {"account_id": "string", "issued_on": "date", "due_on": "date", "paid_on": "date"}
    columns |= {"amount": "int64", "is_disputed": "boolean", "unrated": "string"}
    invoice = table(tables, "invoice", columns)
    start, recent, day = (ibis.literal(each) for each in (*starts, as_of))
    invoice = invoice.filter(invoice.account_id.notnull() & (invoice.issued_on < day))
    window, second_half = invoice.issued_on >= start, invoice.issued_on >= recent
    paid = (invoice.paid_on < day).fill_null(False)
    ended = paid.ifelse(invoice.paid_on, day)
    late = (ended > invoice.due_on).fill_null(False)
    days = ended.delta(invoice.due_on, unit="day")
    return invoice.group_by(part_account=invoice.account_id).aggregate(
        invoices=count(window),
        invoices_late=count(window & late),
        days_late=total(days, window & late),
        disputes=count(window & invoice.is_disputed.fill_null(False)),
        invoices_recent=count(second_half),
        days_late_recent=total(days, second_half & late),
        overdue_invoices=count(late & ~paid),
        overdue_amount=total(invoice.amount, late & ~paid),
        unrated_invoices=invoice.unrated.min(where=late & ~paid),
    )


def returns(tables: Mapping[str, Table], start: date, as_of: date) -> Table:
    """Per account: what came back in the window."""
    columns = {"account_id": "string", "returned_on": "date", "amount": "int64", "unrated": "string"}
    returned = table(tables, "return", columns)
    returned = in_window(returned, returned.returned_on, start, as_of)
    return returned.group_by(part_account=returned.account_id).aggregate(
        returns=count(returned.account_id.notnull()),
        returned_amount=total(returned.amount, None),
        unrated_returns=returned.unrated.min(),
    )
