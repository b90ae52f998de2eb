"""Account records: names, groups, owners, what is missing or mislabelled; and the contacts there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from admin.demo.company import draws, names
from admin.demo.company.customers import Customer
from admin.demo.company.org_fields import OLD_INDUSTRIES, STRAY_INDUSTRIES, STRAY_MODE
from admin.demo.company.people import Staff
from connectors.sandbox.expressions import ascii_name
from connectors.sandbox.org.org import Org

Row = dict[str, Any]


@dataclass(frozen=True)
class Account:
    """A stored account with the behaviour behind it."""

    id: str
    name: str
    owner: str
    customer: Customer


def load(org: Org, rng: np.random.Generator, customers: list[Customer], staff: Staff, today: date) -> list[Account]:
    """Create the accounts, then their groups, and contacts of those who buy or might."""
    rows = [_row(rng, customer, staff) for customer in customers]
    groups = _groups(rng, customers)
    _name(rng, customers, rows, groups)
    for child, parent in groups.items():
        if rng.random() < 0.7:
            rows[child]["OwnerId"] = rows[parent]["OwnerId"]
    _spoil(rng, customers, rows)
    for row in rows:
        row["CreatedById"] = row["OwnerId"]
    ids = org.bulk_load("Account", rows)
    _save_groups(org, groups, ids)
    accounts = [
        Account(record_id, row["Name"], row["OwnerId"], customer)
        for record_id, row, customer in zip(ids, rows, customers, strict=True)
    ]
    org.bulk_load("Contact", (row for account in accounts for row in _contacts(rng, account, today)))
    return accounts


def _row(rng: np.random.Generator, customer: Customer, staff: Staff) -> Row:
    size = max(0.0, customer.yearly * float(rng.lognormal(np.log(260), 0.9)))
    employees = max(2, round(size / float(rng.uniform(140_000, 330_000))))
    known = rng.random() < 0.85
    sellers = staff.sellers[customer.country.name]
    key_account = customer.is_customer and customer.yearly > 400_000
    owner = staff.managers[customer.country.region] if key_account else sellers[int(rng.integers(len(sellers)))]
    return {
        "Type": customer.kind,
        "Industry": customer.industry,
        "Operation_Mode__c": customer.mode,
        "Business_Model__c": customer.business,
        "OwnerId": owner,
        "BillingCity": names.one_of(rng, customer.country.cities),
        "BillingCountry": customer.country.name,
        "AccountNumber": f"C{10_001 + customer.position}" if customer.is_customer else None,
        "AnnualRevenue": round(size, -4) if known else None,
        "NumberOfEmployees": employees if known else None,
        "CreatedDate": draws.moment(rng, draws.workday(customer.since)),
    }


def _groups(rng: np.random.Generator, customers: list[Customer]) -> dict[int, int]:
    """Child -> parent, by position. Heads of groups are big; a few groups have a level in between."""
    buyers = [customer.position for customer in customers if customer.is_customer]
    by_size = sorted(buyers, key=lambda position: -customers[position].yearly)
    heads = by_size[: max(2, round(0.05 * len(buyers)))]
    rest = [position for position in buyers if position not in set(heads)]
    groups: dict[int, int] = {}
    first_child: dict[int, int] = {}
    for child in draws.some(rng, rest, 0.14, 4):
        head = heads[int(rng.integers(len(heads)))]
        middle = first_child.setdefault(head, child)
        groups[child] = middle if middle != child and rng.random() < 0.15 else head
    return groups


def _name(rng: np.random.Generator, customers: list[Customer], rows: list[Row], groups: dict[int, int]) -> None:
    taken: set[str] = set()
    houses = [names.house(rng, customer.country) for customer in customers]
    for child, parent in groups.items():
        houses[child] = houses[_top(groups, parent)]
    for customer, row in zip(customers, rows, strict=True):
        trade = customer.industry if customer.is_customer or customer.kind == "Prospect" else "Components"
        house = "Vardholm" if customer.kind == "Own company" else houses[customer.position]
        row["Name"] = names.company(rng, customer.country, house, trade, taken)
    doubles = [customer.position for customer in customers if customer.kind == "Prospect"]
    buyers = [customer.position for customer in customers if customer.is_customer]
    for number, double in enumerate(draws.some(rng, doubles, 0.06, 1)):
        original = buyers[int(rng.integers(len(buyers)))]
        rows[double]["Name"] = names.lookalike(rows[original]["Name"], number)
        rows[double]["BillingCountry"] = rows[original]["BillingCountry"]


def _top(groups: dict[int, int], position: int) -> int:
    while position in groups:
        position = groups[position]
    return position


def _spoil(rng: np.random.Generator, customers: list[Customer], rows: list[Row]) -> None:
    """What is not as it should be in any CRM: old labels, stray ones, and gaps."""
    buyers = [customer.position for customer in customers if customer.is_customer]
    older = {today: old for old, today in OLD_INDUSTRIES.items()}
    relabelled = [position for position in buyers if rows[position]["Industry"] in older]
    for position in draws.some(rng, relabelled, 0.2, 2):
        rows[position]["Industry"] = older[rows[position]["Industry"]]
    for number, position in enumerate(draws.some(rng, buyers, 0.02, 2)):
        rows[position]["Industry"] = STRAY_INDUSTRIES[number % len(STRAY_INDUSTRIES)]
    for position in draws.some(rng, buyers, 0.01, 1):
        rows[position]["Operation_Mode__c"] = STRAY_MODE
    for field, share, least in (("Industry", 0.03, 2), ("Operation_Mode__c", 0.05, 1), ("Business_Model__c", 0.04, 1)):
        for position in draws.some(rng, buyers, share, least):
            rows[position][field] = None


def _save_groups(org: Org, groups: dict[int, int], ids: list[str]) -> None:
    changes = [{"Id": ids[child], "ParentId": ids[parent]} for child, parent in groups.items()]
    org.update("Account", changes, all_or_none=True)


def _contacts(rng: np.random.Generator, account: Account, today: date) -> list[Row]:
    customer = account.customer
    count = int(rng.integers(1, 4)) if customer.is_customer else int(rng.integers(0, 2))
    rows = []
    for _ in range(count):
        first, last = names.person(rng, customer.country)
        rows.append({
            "AccountId": account.id, "FirstName": first, "LastName": last, "OwnerId": account.owner,
            "Title": names.one_of(rng, ("Maintenance manager", "Buyer", "Plant manager", "Project engineer")),
            "Email": f"{ascii_name(first)}.{ascii_name(last)}@customer{customer.position}.example",
            "CreatedDate": draws.moment(rng, min(today, customer.since + timedelta(days=int(rng.integers(30))))),
        })  # fmt: skip
    return rows
