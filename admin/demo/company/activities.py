"""Calls, mails and visits of the sellers: past ones done, a few planned."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np

from admin.demo.company import draws, names
from admin.demo.company.accounts import Account
from admin.demo.company.customers import HISTORY
from connectors.sandbox.org.org import Org

Row = dict[str, Any]

_CALLS = ("Call on open quote", "Call on delivery date", "Follow-up call", "Price question")
_MAILS = ("Quote sent", "Documents sent", "Answer on lead time")
_VISITS = ("Plant visit", "Yearly review", "Site survey", "Technical meeting")
#: Sellers have come to log more: share of their contacts that stands in the CRM, by years ago.
_LOGGED = (1.0, 0.75, 0.45, 0.3, 0.3)


def load(org: Org, rng: np.random.Generator, accounts: list[Account], today: date) -> None:
    """Create tasks and events of all accounts."""
    org.bulk_load("Task", (row for account in accounts for row in _tasks(rng, account, today)))
    org.bulk_load("Event", (row for account in accounts for row in _visits(rng, account, today)))


def _days(rng: np.random.Generator, account: Account, yearly: float, today: date) -> Iterator[date]:
    """Days with such a contact; those of the next three weeks are planned ones."""
    customer = account.customer
    first = max(today - HISTORY, customer.since)
    stays = customer.ends == date.max
    last = today + timedelta(days=21) if stays else customer.ends
    span = (last - first).days
    if span <= 0:
        return
    for _ in range(int(rng.poisson(yearly * span / 365.25))):
        day = draws.workday(first + timedelta(days=int(rng.integers(span))))
        if day > today or rng.random() < _LOGGED[(today - day).days // 366]:
            yield day


def _tasks(rng: np.random.Generator, account: Account, today: date) -> Iterator[Row]:
    work = account.customer.work
    for subtype, subjects, yearly in (("Call", _CALLS, work.calls + 0.25), ("Email", _MAILS, work.calls * 0.3 + 0.15)):
        for day in _days(rng, account, yearly, today):
            yield {
                "WhatId": account.id,
                "OwnerId": account.owner,
                "TaskSubtype": subtype,
                "Subject": names.one_of(rng, subjects),
                "ActivityDate": day,
                "Status": "Completed" if day <= today else "Not Started",
                "CallType": "Outbound" if subtype == "Call" else None,
                "CreatedById": account.owner,
                "CreatedDate": draws.moment(rng, min(day, today)),
            }


def _visits(rng: np.random.Generator, account: Account, today: date) -> Iterator[Row]:
    for day in _days(rng, account, account.customer.work.visits, today):
        yield {
            "WhatId": account.id,
            "OwnerId": account.owner,
            "Subject": names.one_of(rng, _VISITS),
            "ActivityDateTime": draws.moment(rng, day),
            "DurationInMinutes": (60, 90, 120, 180)[int(rng.integers(4))],
            "Location": account.customer.country.name,
            "CreatedById": account.owner,
            "CreatedDate": draws.moment(rng, min(day, today)),
        }
