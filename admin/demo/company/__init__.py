"""The demo's company: Vardholm, a maker of machine components with service, and the CRM its people keep.

Everything is drawn from a seed: the same seed, number of accounts and day give the same records. The company knows
nothing of scoring, and names no field of the product: what people entered goes where it is told to.
"""

from __future__ import annotations

from datetime import date

from admin.demo.company import accounts as account_records
from admin.demo.company import activities, catalogue, customers, deals, orders, org_fields, people, service
from admin.demo.company.draws import generator
from admin.demo.company.entries import enter_existing_values
from connectors.sandbox.org.org import Org

__all__ = ["enter_existing_values", "generate"]


def generate(org: Org, seed: int, accounts: int, today: date) -> None:
    """Fill a new org with the company: this many accounts and four years of history up to today.

    Raises `ValueError` below 20 accounts: fewer cannot hold every kind of account and of fault.
    """
    if accounts < 20:
        raise ValueError(f"The company needs at least 20 accounts, not {accounts}.")
    org_fields.install(org)
    staff = people.load(org, generator(seed, "people"), accounts)
    goods = catalogue.load(org, generator(seed, "catalogue"))
    rng = generator(seed, "accounts")
    drawn = customers.draw(rng, accounts, today)
    stored = account_records.load(org, rng, drawn, staff, today)
    orders.load(org, generator(seed, "orders"), stored, goods, staff, today)
    deals.load(org, generator(seed, "deals"), stored, goods, today)
    service.load(org, generator(seed, "service"), stored, staff, today)
    activities.load(org, generator(seed, "activities"), stored, today)
