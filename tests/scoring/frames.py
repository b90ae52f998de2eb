"""Features of made-up accounts, and models that differ from the default preset in a few keys."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

import pandas as pd
import yaml

from scoring import model, presets
from scoring.features.dealings import ticket_columns
from scoring.model import Model
from scoring.money import SCALE

# YAML by way of C where there is a library for it, a tenth of the time.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

DAY = date(2026, 11, 1)
LAST = date(2026, 10, 20)
MONEY = (
    "revenue",
    "revenue_before",
    "revenue_cost_known",
    "product_cost",
    "freight",
    "discount",
    "won_amount",
    "open_amount",
    "overdue_amount",
    "returned_amount",
)


def default(**sections: Any) -> Model:
    """The default preset with whole keys replaced inside sections: default(value={"basis": "revenue"})."""
    content = preset()
    for section, keys in sections.items():
        if isinstance(keys, dict):
            content[section] = {**content.get(section, {}), **keys}
        else:
            content[section] = keys
    return _parsed(yaml.dump(content, Dumper=_Dumper, sort_keys=False))


def preset() -> dict[str, Any]:
    """The default preset as plain data, to be changed at will."""
    content: dict[str, Any] = yaml.load(presets.text("default"), Loader=_Loader)
    return content


@cache
def _parsed(text: str) -> Model:
    """Models cannot be changed, and hundreds of tests ask for the same few."""
    return model.parse(text, "test")


def with_roles(**sections: Any) -> Model:
    """The default preset with an attribute that holds the roles of a company, separated by ";"."""
    content = preset()
    content["crm"]["salesforce"]["fields"]["account"]["roles"] = "Roles__c"
    return default(attributes={"roles": None}, crm=content["crm"], **sections)


def accounts(*rows: dict[str, Any], using: Model | None = None) -> pd.DataFrame:
    """One row per dict; money in whole units. What is not given is nothing, and the account is a customer."""
    tickets = ticket_columns(using or default())
    counts = (
        *("transactions", "transactions_ever", "transaction_days_ever"),
        *("revenue", "revenue_cost_known", "product_cost"),
        *("revenue_before", "active_quarters", "product_families"),
        *("orders", "order_lines", "small_orders", "expedited_orders", "freight", "discount"),
        *("tickets", *tickets.values(), "visits", "calls", "activities"),
        *("deals_won", "deals_lost", "deals_open", "won_amount", "open_amount", "contracts_active"),
        *("invoices", "invoices_late", "days_late", "disputes", "invoices_recent", "days_late_recent"),
        *("overdue_invoices", "overdue_amount", "returns", "returned_amount", "onboardings", "activities_before"),
    )
    texts: dict[str, Any] = {
        "type": "Customer - Direct", "industry": "Energy", "country": "FI", "currency": None, "no_rate": None,
        "external_id": None, "owner_id": "U1", "operation_mode": "24/7", "business_model": "Contractor",
        "annual_revenue": None, "employees": None, "first_transaction_on": None, "last_transaction_on": None,
        "last_activity_on": None,
    }  # fmt: skip
    full = []
    for number, row in enumerate(rows):
        base = {"account_id": f"A{number:05}", "name": f"Account {number}", **texts, **dict.fromkeys(counts, 0)}
        given = {tickets.get(name.removeprefix("tickets_"), name): value for name, value in row.items()}
        full.append(base | {name: _scaled(name, value) for name, value in given.items()})
    frame = pd.DataFrame(full)
    for name in ("first_transaction_on", "last_transaction_on", "last_activity_on"):
        frame[name] = pd.to_datetime(frame[name])
    return frame


def _scaled(name: str, value: Any) -> Any:
    return round(value * SCALE) if name in MONEY else value


def customer(revenue: float, **more: Any) -> dict[str, Any]:
    """A customer with one order in the window, whose product cost is 60 % of its revenue."""
    return {
        "transactions": 1, "transactions_ever": 1, "orders": 1, "order_lines": 1, "last_transaction_on": LAST,
        "revenue": revenue, "revenue_cost_known": revenue, "product_cost": 0.6 * revenue, **more,
    }  # fmt: skip
