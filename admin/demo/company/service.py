"""Service cases and service contracts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from admin.demo.company import draws, names
from admin.demo.company.accounts import Account
from admin.demo.company.customers import HISTORY
from admin.demo.company.people import Staff
from connectors.sandbox.org.org import Org

Row = dict[str, Any]

_PRIORITIES = ("Low", "Medium", "High")
_SUBJECTS = ("Leaking seal", "Vibration above limit", "Delivery incomplete", "Question on drawing", "Wrong part",
             "Drive trips", "Noise from bearing", "Request for certificate")  # fmt: skip


def load(org: Org, rng: np.random.Generator, accounts: list[Account], staff: Staff, today: date) -> None:
    """Create contracts and cases; a few cases came by mail and belong to no account."""
    org.bulk_load("Contract", (row for account in accounts for row in _contracts(rng, account, today)))
    rows = [row for account in accounts for row in _cases(rng, account, staff, today)]
    for position in draws.some(rng, range(len(rows)), 0.004, 1):
        rows[position] |= {"AccountId": None, "Origin": "Email"}
    org.bulk_load("Case", rows)


def _cases(rng: np.random.Generator, account: Account, staff: Staff, today: date) -> Iterator[Row]:
    customer = account.customer
    if customer.starts is None:
        return
    years = (min(today, customer.ends) - customer.starts).days / 365.25
    urgent = (0.22, 0.5, 0.28) if customer.mode == "24/7" else (0.38, 0.48, 0.14)
    for _ in range(int(rng.poisson(max(0.0, customer.work.tickets * years)))):
        opened = draws.workday(customer.starts + timedelta(days=int(rng.integers(max(1, round(years * 365.25))))))
        engineer = staff.service[int(rng.integers(len(staff.service)))]
        closes = min(opened + timedelta(days=int(rng.gamma(1.5, 4)) + 1), today)
        is_open = (today - opened).days < 21 and rng.random() < 0.5
        yield {
            "AccountId": account.id,
            "OwnerId": engineer,
            "CreatedById": engineer,
            "Subject": names.one_of(rng, _SUBJECTS),
            "Priority": _PRIORITIES[int(rng.choice(3, p=urgent))],
            "Status": ("New", "Working", "Escalated")[int(rng.integers(3))] if is_open else "Closed",
            "ClosedDate": None if is_open else datetime(closes.year, closes.month, closes.day, 17, tzinfo=UTC),
            "Origin": ("Phone", "Email", "Web")[int(rng.integers(3))],
            "CreatedDate": draws.moment(rng, opened),
        }


def _contracts(rng: np.random.Generator, account: Account, today: date) -> Iterator[Row]:
    customer = account.customer
    if customer.starts is None or rng.random() > (0.5 if customer.yearly > 80_000 else 0.18):
        return
    begin = max(today - HISTORY, customer.starts)
    term = (12, 24, 36)[int(rng.integers(3))]
    begin += timedelta(days=int(rng.integers(0, 400)))
    until = min(today, customer.ends)
    while begin < until:
        recent = (today - begin).days < 40
        yield {
            "AccountId": account.id,
            "OwnerId": account.owner,
            "Status": "Draft" if recent and rng.random() < 0.5 else "Activated",
            "StartDate": begin,
            "ContractTerm": term,
            "CreatedDate": draws.moment(rng, begin),
        }
        begin += timedelta(days=round(term * 30.44))
        if rng.random() < 0.15:
            return
