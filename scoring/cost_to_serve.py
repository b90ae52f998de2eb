"""Cost to serve of the window: minutes per activity times the cost of a minute, plus money items.

Source of the method: Kaplan & Anderson (2004), time-driven activity-based costing. Product cost never belongs here.
Amounts are int64 in units of 1/10,000 of the currency; the cost of one activity is rounded to such a unit first, so a
customer's cost is an exact sum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from scoring.features.dealings import ticket_columns
from scoring.model.shape import CostToServe, Model
from scoring.money import SCALE
from scoring.ranks import Floats, Ints


@dataclass(frozen=True)
class CostItem:
    """One line of a customer's cost to serve.

    Attributes:
        one, many: what is counted, in words ("visit", "visits"); both the same for money items.
        counts: how many per account; None for money items.
        cost: per account.
        role: whose time it is; "" for money items.
    """

    one: str
    many: str
    counts: Ints | None
    cost: Ints
    role: str = ""


#: Activity of the rate card -> column that counts it, and its words.
_ACTIVITIES = {
    "order": ("orders", "order", "orders"),
    "order_line": ("order_lines", "order line", "order lines"),
    "small_order": ("small_orders", "small order", "small orders"),
    "expedited_order": ("expedited_orders", "expedited order", "expedited orders"),
    "visit": ("visits", "visit", "visits"),
    "call": ("calls", "call", "calls"),
    "deal_won": ("deals_won", "deal won", "deals won"),
    "deal_lost": ("deals_lost", "deal lost", "deals lost"),
    "deal_open": ("deals_open", "open deal", "open deals"),
    "dispute": ("disputes", "disputed invoice", "disputed invoices"),
    "return_": ("returns", "return", "returns"),
    "late_payment": ("invoices_late", "late payment", "late payments"),
    "onboarding": ("onboardings", "onboarding", "onboardings"),
}


def items(frame: pd.DataFrame, model: Model) -> list[CostItem]:
    """The items of the model's rate card for the accounts of `frame` (columns of `scoring.features.build`)."""
    rates = model.cost_to_serve
    found = []
    for name, (column, one, many) in _ACTIVITIES.items():
        work = getattr(rates.activities, name)
        if work is not None:
            counts = frame[column].to_numpy(np.int64)
            found.append(CostItem(one, many, counts, counts * _unit(rates, work.role, work.minutes), work.role))
    found += _tickets(frame, model)
    for name in ("freight", "discount"):
        if getattr(rates.money, name):
            found.append(CostItem(name, name, None, frame[name].to_numpy(np.int64)))
    return found


def _unit(rates: CostToServe, role: str, minutes: float) -> int:
    return round(minutes * rates.cost_per_minute[role] * SCALE)


def _tickets(frame: pd.DataFrame, model: Model) -> list[CostItem]:
    ticket = model.cost_to_serve.activities.ticket
    if ticket is None:
        return []
    every = frame["tickets"].to_numpy(np.int64)
    cost = np.zeros(len(frame), dtype=np.int64)
    others = every.copy()
    for priority, column in ticket_columns(model).items():
        counts = frame[column].to_numpy(np.int64)
        others -= counts
        cost += counts * _unit(model.cost_to_serve, ticket.role, ticket.minutes[priority])
    cost += others * _unit(model.cost_to_serve, ticket.role, ticket.other)
    return [CostItem("ticket", "tickets", every, cost, ticket.role)]


def total(found: list[CostItem], size: int) -> Ints:
    """Cost per account over all items."""
    result = np.zeros(size, dtype=np.int64)
    for item in found:
        result += item.cost
    return result


def ratings(frame: pd.DataFrame, model: Model, found: list[CostItem], basis: Ints) -> Ints:
    """The rating (1-5) that a cost is estimated from, per account; 0 where cost is measured or cannot be estimated.

    Estimated is only the cost of an account of which no item of the rate card is on record, and that brings something.
    """
    source = model.cost_to_serve.rating
    if source is None:
        return np.zeros(len(frame), dtype=np.int64)
    given = pd.to_numeric(pd.Series(frame[source.attribute], dtype=object), errors="coerce").to_numpy(float)
    rated = np.where((given >= 1) & (given <= 5), np.rint(np.nan_to_num(given)), 0).astype(np.int64)
    return np.where(measured(found, len(frame)) | (basis <= 0), 0, rated)


def measured(found: list[CostItem], size: int) -> npt.NDArray[np.bool_]:
    """Whether anything of the rate card is on record, per account."""
    known = np.zeros(size, dtype=bool)
    for item in found:
        known |= (item.cost if item.counts is None else item.counts) != 0
    return known


def estimate(rated: Ints, model: Model, basis: Ints) -> Ints:
    """The cost that these ratings stand for, 1/10,000; 0 for a rating of 0."""
    source = model.cost_to_serve.rating
    if source is None:
        return np.zeros(len(rated), dtype=np.int64)
    shares = np.array([0.0, *source.per_hundred])
    return np.asarray(np.round(basis * shares[rated] / 100), dtype=np.int64)


def per_hundred(cost: Ints, basis: Ints) -> Floats:
    """Cost per 100 of the basis, one decimal; NaN where the basis is not positive."""
    divisor = np.where(basis > 0, basis, 1)
    return np.where(basis > 0, np.round(100.0 * cost / divisor, 1), np.nan)
