"""Random customers as features, and random models that score them: every scheme, weight, rule and rate card at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

import pandas as pd

from scoring.model import Model
from tests.scoring.frames import default
from tests.scoring.oracle_features import back

SCHEMES = (
    *("cpm", "fiocca", "key_account_matrix", "relationship_portfolio", "strategic_accounts"),
    *("ranks", "key_ranks", "brackets", "pyramid"),
)
_COMPONENTS = ("money", "recency", "frequency", "potential", "growth", "loyalty", "engagement", "fit")
_ATTRIBUTES = ("operation_mode", "business_model", "fit_rating", "fit_on", "reference", "pilot", "effort")
_CARD = {
    "order": {"role": "sales", "minutes": 33.3},
    "ticket": {"role": "service", "minutes": {"Low": 3, "High": 99}, "other": 7},
    "late_payment": {"role": "finance", "minutes": 30},
    "onboarding": {"role": "sales", "minutes": 480},
}


def _weights(random: Random) -> dict[str, float]:
    names = random.sample(_COMPONENTS, random.choice((1, 2, 3, 5)))
    raw = [random.choice((1, 2, 3, 5)) for _ in names]
    weights = [round(100 * each / sum(raw), 1) for each in raw]
    return dict(zip(names, [round(100 - sum(weights[1:]), 1), *weights[1:]], strict=True))


def a_model(random: Random, scheme: str) -> Model:
    weights = _weights(random)
    cost: dict[str, Any] = {"money": {"freight": random.random() < 0.5, "discount": random.random() < 0.3}}
    if random.random() < 0.4:
        cost["rating"] = {"attribute": "effort", "per_hundred": [5, 10.5, 20, 35, 60]}
    if random.random() < 0.3:
        cost["activities"] = {name: work for name, work in _CARD.items() if random.random() < 0.8}
    return default(
        value={
            "components": weights,
            "unknown": {
                name: random.choice(("zero", "middle", "leave_out")) for name in weights if random.random() < 0.5
            },
            "basis": random.choice(("auto", "margin", "revenue")),
            "fit": {"rating": "fit_rating", "rated_on": "fit_on", "valid_months": random.choice((6, 12))},
            "engagement": ["reference", "pilot"],
            "cost_known_share": random.choice((0.1, 0.8)),
        },
        cost_to_serve=cost,
        tiers={
            "scheme": scheme, "labels": {}, "cuts": {}, "share": {"min": 0, "max": 1},
            "stability": {
                "hysteresis": random.choice((0.0, 0.05, 0.3)), "dwell_months": random.choice((0, 1, 3, 12)),
                "one_step": random.random() < 0.5, "review": random.choice(("month", "quarter", "half_year", "year")),
                "approval": random.choice(("none", "down", "all")),
            },
        },
        attributes=dict.fromkeys(_ATTRIBUTES),
        crm={"salesforce": {"fields": {"account": {name: f"{name}__c" for name in _ATTRIBUTES}}}},
    )  # fmt: skip


class Customers:
    """Rows as `scoring.features.build` gives them, of a company with its own size, habits and luck."""

    def __init__(self, random: Random, model: Model, as_of: date, count: int) -> None:
        self.random, self.as_of = random, as_of
        self.size = random.choice((10, 1000, 10**6, 10**9))
        self.credits = random.random() < 0.3
        ticket = model.cost_to_serve.activities.ticket
        self.priorities = len(ticket.minutes) if ticket else 0
        alike = random.random() < 0.1
        self.rows = [self._row(f"A{number:04}") for number in range(count)]
        if alike:
            one = {**self.rows[0], "type": "Customer - Direct", "no_rate": None}
            self.rows = [{**one, "account_id": row["account_id"]} for row in self.rows]

    @property
    def customers(self) -> list[dict[str, Any]]:
        return [row for row in self.rows if str(row["type"]).startswith("Customer") and row["no_rate"] is None]

    def frame(self) -> pd.DataFrame:
        return as_frame(self.rows)

    def pick(self, *choices: Any) -> Any:
        return self.random.choice(choices)

    def count(self, most: int) -> int:
        return self.random.choice((0, 0, 1, 2, self.random.randrange(most)))

    def money(self) -> int:
        sign = -1 if self.credits and self.random.random() < 0.2 else 1
        return sign * round(self.random.lognormvariate(0, 1.5) * self.size * 10_000)

    def ago(self, least: int, most: int) -> date:
        return self.as_of - timedelta(days=self.random.randrange(least, most))

    def _row(self, account: str) -> dict[str, Any]:
        return {"account_id": account, **self._said(), **self._bought(), **self._served()}

    def _bought(self) -> dict[str, Any]:
        ever = self.pick(0, 1, 2, 5, 30)
        inside = min(ever, self.count(30))
        last = (self.ago(1, 360) if inside else self.ago(366, 2000)) if ever else None
        first = last - timedelta(days=self.pick(0, 10, 400, 3000)) if last else None
        revenue = self.money() if inside else 0
        known = self.pick(0, revenue, revenue // 2)
        return {
            "transactions": inside, "transactions_ever": ever, "transaction_days_ever": ever,
            "first_transaction_on": first, "last_transaction_on": last, "revenue": revenue,
            "revenue_cost_known": known, "product_cost": round(known * self.pick(0.2, 0.6, 0.95, 1.2)),
            "revenue_before": self.pick(0, self.money(), revenue) if ever else 0,
            "active_quarters": self.random.randrange(9) if ever else 0,
            "product_families": self.random.randrange(8) if inside else 0,
            "orders": inside, "order_lines": inside * self.random.randrange(4),
            "small_orders": min(inside, self.count(5)), "expedited_orders": min(inside, self.count(3)),
            "freight": self.pick(0, self.money() // 50), "discount": self.pick(0, abs(self.money()) // 20),
            "onboardings": int(first is not None and first >= back(self.as_of, 12)),
        }  # fmt: skip

    def _served(self) -> dict[str, Any]:
        invoices, tickets = self.count(20), self.count(30)
        late, rest, by_priority = self.random.randrange(invoices + 1), tickets, {}
        for number in range(self.priorities):
            by_priority[f"tickets_p{number}"] = self.random.randrange(rest + 1)
            rest -= by_priority[f"tickets_p{number}"]
        return {
            "tickets": tickets, **by_priority, "visits": self.count(10), "calls": self.count(20),
            "activities": self.count(40), "activities_before": self.count(9), "deals_won": self.count(3),
            "deals_lost": self.count(3), "deals_open": self.count(3), "won_amount": 0,
            "open_amount": self.pick(0, self.money()), "contracts_active": self.pick(0, 0, 1, 3),
            "invoices": invoices, "invoices_late": late, "days_late": late * 5,
            "disputes": self.random.randrange(invoices + 1), "invoices_recent": invoices // 2, "days_late_recent": 0,
            "overdue_invoices": self.pick(0, 2), "overdue_amount": 0, "returns": self.count(3), "returned_amount": 0,
        }  # fmt: skip

    def _said(self) -> dict[str, Any]:
        return {
            "name": self.pick("Ærø & Søn", "株式会社東京", "O'Neill; Ltd", ""), "owner_id": "U1", "external_id": None,
            "type": self.pick(*["Customer - Direct"] * 9, "Prospect", None), "currency": None,
            "industry": self.pick("Energy", "Beekeeping", None), "country": self.pick("FI", "SE"),
            "no_rate": self.pick(*[None] * 19, "XXX"), "annual_revenue": None, "employees": None,
            "operation_mode": "24/7", "business_model": "Contractor", "last_activity_on": None,
            "fit_rating": self.pick(None, "1", "2", "3", "4", "5", "high"),
            "fit_on": self.pick(None, self.ago(-5, 500).isoformat()), "reference": self.pick(None, "yes", "no"),
            "pilot": self.pick(None, "1", "3", "5"), "effort": self.pick(None, "1", "2", "3", "4", "5", "x"),
        }  # fmt: skip

    def before(self, model: Model) -> dict[str, dict[str, Any]]:
        """Where most customers stood a period ago: class numbers per axis, and what is known of the tier."""
        return {
            row["account_id"]: {
                "position": [self.random.randrange(len(axis.classes)) for axis in model.tiers.axes],
                "since": self.as_of - timedelta(days=self.pick(1, 29, 31, 90, 92, 365, 366)),
                "as_of": back(self.as_of, self.pick(1, 1, 1, 3)),
                "cause": self.pick(*["behaviour"] * 6, "data correction", "rule change", "merge"),
                "decision": self.pick("", "", "accepted", "rejected", "deferred"),
            }
            for row in self.customers
            if self.random.random() < 0.9
        }  # fmt: skip


def as_frame(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows)
    for name in ("first_transaction_on", "last_transaction_on", "last_activity_on"):
        frame[name] = pd.to_datetime(frame[name])
    return frame
