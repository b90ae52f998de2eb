"""Who the accounts are and how they behave: what they buy, since when, until when, and how much work they make.

A `Customer` is the hidden truth that all records of an account are drawn from. Worth and work are drawn apart, so that
among big customers and among small ones some are easy to serve and some are not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from admin.demo.company import draws
from admin.demo.company.names import COUNTRIES, Country
from admin.demo.company.org_fields import BUSINESS_MODELS, CUSTOMER_TYPES

HISTORY = timedelta(days=4 * 365 + 1)

#: type -> share of all accounts; every type occurs, the first takes the rest
_TYPES = {
    "Customer - Direct": 0.65, "Customer - Channel": 0.13, "Prospect": 0.13, "Channel Partner / Reseller": 0.02,
    "Installation Partner": 0.015, "Technology Partner": 0.01, "Competitor": 0.02, "Own company": 0.004,
    "Other": 0.01,
}  # fmt: skip
_INDUSTRIES = {
    "Energy": 10, "Utilities": 8, "Oil & Gas": 6, "Mining": 5, "Pulp & Paper": 8, "Chemicals": 8,
    "Food & Beverage": 13, "Automotive": 7, "Machinery": 12, "Marine": 6, "Construction": 7,
    "Facility Services": 5, "Logistics": 5,
}  # fmt: skip
_COUNTRIES = {"Sweden": 20, "Norway": 13, "Finland": 10, "Denmark": 10, "Germany": 18, "Netherlands": 8, "Poland": 6,
              "United Kingdom": 8, "United States": 7}  # fmt: skip

#: industry -> weights of round the clock, two shifts, single shift, seasonal
_MODES: Mapping[str, tuple[int, int, int, int]] = {
    "Energy": (70, 15, 5, 10), "Utilities": (60, 15, 15, 10), "Oil & Gas": (75, 15, 5, 5), "Mining": (50, 30, 10, 10),
    "Pulp & Paper": (65, 25, 10, 0), "Chemicals": (60, 25, 15, 0), "Food & Beverage": (20, 40, 15, 25),
    "Automotive": (20, 60, 20, 0), "Machinery": (5, 45, 50, 0), "Marine": (25, 15, 20, 40),
    "Construction": (0, 15, 45, 40), "Facility Services": (10, 20, 55, 15), "Logistics": (35, 35, 25, 5),
}  # fmt: skip
_MODE_NAMES = ("24/7", "Two shifts", "Single shift", "Seasonal")


@dataclass(frozen=True)
class Work:
    """How much work per year a customer makes, in contacts; drawn from a budget that does not depend on its worth."""

    visits: float = 0
    calls: float = 0
    tickets: float = 0
    deals: float = 0


@dataclass(frozen=True)
class Customer:
    """One account.

    Attributes:
        house: first part of its name; accounts of one group share it.
        since: when the account was entered in the CRM.
        starts, ends: first and last day it may order; `starts` is None if it never did.
        yearly: revenue per year at today's level.
        rhythm: regular orders per year. `extras`: small ones in between, per year.
        trend: growth per year. `freight`: share of revenue.
    """

    position: int
    kind: str
    country: Country
    industry: str
    mode: str
    business: str
    since: date
    starts: date | None
    ends: date
    yearly: float
    rhythm: float
    extras: float
    trend: float
    discount: float
    freight: float
    expedited: float
    work: Work

    @property
    def is_customer(self) -> bool:
        return self.kind in CUSTOMER_TYPES


def draw(rng: np.random.Generator, count: int, today: date) -> list[Customer]:
    """`count` accounts with their behaviour."""
    kinds = draws.quota(rng, _TYPES, count)
    industries = draws.weighted(rng, _INDUSTRIES, count)
    by_name = {country.name: country for country in COUNTRIES}
    places = [by_name[name] for name in draws.weighted(rng, _COUNTRIES, count)]
    traits = _traits(rng, count)
    fates = _fates(rng, kinds)
    return [
        _customer(rng, position, kinds[position], places[position], industries[position],
                  {name: float(values[position]) for name, values in traits.items()}, fates[position], today)
        for position in range(count)
    ]  # fmt: skip


def _traits(rng: np.random.Generator, count: int) -> dict[str, np.ndarray]:
    """Independent traits per account; revenue is lognormal with a few giants."""
    yearly = rng.lognormal(np.log(24_000), 1.25, count) * np.where(rng.random(count) < 0.01, 5, 1)
    return {
        "yearly": yearly,
        "rhythm": np.clip(rng.lognormal(np.log(2.6), 0.4, count) * (yearly / 24_000) ** 0.25, 1.7, 24),
        "extras": np.where(rng.random(count) < 0.4, rng.gamma(1.3, 1.3, count), 0),
        "trend": rng.normal(0.04, 0.11, count),
        "discount": np.clip(rng.beta(1.6, 16, count) + (yearly > 150_000) * 0.04, 0, 0.3),
        "freight": np.clip(rng.lognormal(np.log(0.022), 0.75, count), 0.003, 0.12),
        "expedited": rng.beta(0.6, 7, count),
        "effort": np.clip(rng.lognormal(np.log(0.14), 0.8, count) * (yearly / 24_000) ** 0.14, 0.015, 1.2),
    }


def _fates(rng: np.random.Generator, kinds: list[str]) -> list[str]:
    """Per account: "stays", "left", or "never" for customers that have not ordered yet."""
    customers = [position for position, kind in enumerate(kinds) if kind in CUSTOMER_TYPES]
    chosen = draws.quota(rng, {"stays": 0.885, "left": 0.09, "never": 0.025}, len(customers))
    fates = dict(zip(customers, chosen, strict=True))
    return [fates.get(position, "none") for position in range(len(kinds))]


def _customer(
    rng: np.random.Generator,
    position: int,
    kind: str,
    country: Country,
    industry: str,
    traits: Mapping[str, float],
    fate: str,
    today: date,
) -> Customer:
    begin = today - HISTORY
    known = rng.random() < (0.85 if fate == "left" else 0.55)
    age = int(rng.integers(0, 4000)) if known else -int(rng.integers(0, HISTORY.days - (540 if fate == "left" else 90)))
    since = begin - timedelta(days=age)
    starts = None
    ends = date.max
    if fate in ("stays", "left"):
        starts = max(begin, since + timedelta(days=int(rng.integers(5, 60))))
    if fate == "left":
        last = today - timedelta(days=400)
        room = max(30, (last - max(begin, since)).days)
        ends = last - timedelta(days=int(rng.integers(0, max(1, room - 120))))
    mode = _MODE_NAMES[int(rng.choice(4, p=np.array(_MODES[industry]) / 100))]
    numbers: dict[str, Any] = {name: value for name, value in traits.items() if name != "effort"}
    if fate == "left":
        numbers["trend"] = -abs(traits["trend"])
    return Customer(
        position=position, kind=kind, country=country, industry=industry, mode=mode, business=_business(rng, kind),
        since=since, starts=starts, ends=ends, work=_work(rng, kind, traits), **numbers,
    )  # fmt: skip


def _business(rng: np.random.Generator, kind: str) -> str:
    if kind in ("Customer - Channel", "Channel Partner / Reseller"):
        weights = (0.0, 0.06, 0.6, 0.34)
    else:
        weights = (0.62, 0.26, 0.02, 0.1)
    return BUSINESS_MODELS[int(rng.choice(4, p=weights))]


#: What one contact costs the company, roughly.
_VISIT, _CALL, _TICKET, _DEAL = 330, 30, 110, 400
#: No customer gets more of them in a year than this.
_MOST = Work(visits=30, calls=24, tickets=24, deals=9)


def _work(rng: np.random.Generator, kind: str, traits: Mapping[str, float]) -> Work:
    """Contacts per year. A customer's budget is a share of the margin it brings; the mix differs by customer."""
    if kind not in (*CUSTOMER_TYPES, "Prospect"):
        return Work(visits=float(rng.uniform(0, 1)), calls=float(rng.uniform(0, 2)))
    share = 0.02 if kind == "Prospect" else traits["effort"]
    budget = traits["yearly"] * 0.38 * share
    visits, calls, tickets, deals = budget * rng.dirichlet((2.4, 0.4, 0.9, 1.1))
    return Work(
        visits=min(_MOST.visits, visits / _VISIT),
        calls=min(_MOST.calls, calls / _CALL),
        tickets=0 if kind == "Prospect" else min(_MOST.tickets, tickets / _TICKET),
        deals=min(_MOST.deals, deals / _DEAL) + (0.5 if kind == "Prospect" else 0.04),
    )
