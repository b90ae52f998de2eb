"""Opportunities through their stages, won, lost and open; some belong to no account, some name no known product."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np

from admin.demo.company import draws
from admin.demo.company.accounts import Account
from admin.demo.company.catalogue import Catalogue
from admin.demo.company.customers import HISTORY
from connectors.sandbox.org.org import Org

Row = dict[str, Any]

_OPEN_STAGES = ("Prospecting", "Qualification", "Needs Analysis", "Value Proposition", "Proposal/Price Quote",
                "Negotiation/Review")  # fmt: skip
#: As sellers wrote them: an article that was renamed, one of a competitor, a slip of the pen.
_UNKNOWN_PRODUCTS = ("Pump KX-80 (old)", "Geard motor GM-90", "Vortex 3000")
_DAYS_TO_CLOSE = 75


def load(org: Org, rng: np.random.Generator, accounts: list[Account], catalogue: Catalogue, today: date) -> None:
    """Create the opportunities of all accounts, then spoil a few."""
    rows = [row for account in accounts for row in _of_account(rng, account, catalogue, today)]
    positions = range(len(rows))
    for position in draws.some(rng, positions, 0.006, 3):
        rows[position]["AccountId"] = None
    for number, position in enumerate(draws.some(rng, positions, 0.008, 2)):
        rows[position]["Product_Name__c"] = _UNKNOWN_PRODUCTS[number % len(_UNKNOWN_PRODUCTS)]
    org.bulk_load("Opportunity", rows)


def _of_account(rng: np.random.Generator, account: Account, catalogue: Catalogue, today: date) -> list[Row]:
    customer = account.customer
    first = max(today - HISTORY, customer.since)
    years = max(0.0, (min(today, customer.ends) - first).days / 365.25)
    rows = []
    for _ in range(int(rng.poisson(customer.work.deals * years))):
        created = first + timedelta(days=int(rng.integers(max(1, round(years * 365.25)))))
        rows.append(_deal(rng, account, catalogue, draws.workday(created), today))
    return rows


def _deal(rng: np.random.Generator, account: Account, catalogue: Catalogue, created: date, today: date) -> Row:
    amount = max(400.0, account.customer.yearly * 0.35 * float(rng.lognormal(-0.2, 0.7)))
    product = catalogue.fitting(float(rng.random()), amount)
    closes = draws.workday(created + timedelta(days=10 + int(rng.gamma(2.0, _DAYS_TO_CLOSE / 2))))
    stage = "Closed Won" if rng.random() < 0.52 else "Closed Lost"
    forgotten = rng.random() < 0.01
    if closes > today or forgotten:
        stage = _OPEN_STAGES[int(rng.integers(len(_OPEN_STAGES)))]
    return {
        "AccountId": account.id,
        "OwnerId": account.owner,
        "Name": f"{account.name} · {product.family} {created:%Y-%m}"[:120],
        "StageName": stage,
        "Amount": round(amount, -2),
        "CloseDate": closes,
        "Product_Name__c": product.name if rng.random() < 0.93 else None,
        "CreatedById": account.owner,
        "CreatedDate": draws.moment(rng, created),
    }
