"""Three accounts followed from their raw records to the text in the CRM; every number fits a pocket calculator."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from scoring import pipeline
from scoring.money import SCALE
from tests.scoring.frames import default
from tests.scoring.test_features import AS_OF, on_duckdb, table

#: High value: half of the paying customers or more are reached. High cost: 10 per 100 of gross margin or more.
CUTS = {"value": [{"at": 50.0}], "cost": [{"at": 10.0}]}
MODEL = default(scope=[], tiers={"cuts": CUTS, "share": {"min": 0.0, "max": 1.0}})
NAMES = {"A": "Alpha", "B": "Beta", "C": "Gamma"}
ORDERS = (("A1", "A", "2026-03-02"), ("A2", "A", "2026-06-10"), ("A3", "A", "2026-10-05"),
          ("B1", "B", "2026-05-20"), ("C1", "C", "2026-02-11"), ("C2", "C", "2026-09-30"))  # fmt: skip
#: Order, amount, product cost. C2 was expedited.
LINES = (("A1", 8000, 4000), ("A2", 10000, 6000), ("A3", 2000, 1000), ("B1", 5000, 4000), ("C1", 300, 200),
         ("C2", 700, 500))  # fmt: skip
TICKETS = (("B", "High"), ("B", "High"), ("A", "Low"))
ACTIVITIES = (("A", "Visit"), ("A", "Visit"), ("C", "Call"))


@pytest.fixture(scope="module")
def scored() -> pd.DataFrame:
    facts: dict[str, Any] = {"industry": "Energy", "operation_mode": "24/7", "business_model": "Contractor"}
    records: dict[str, list[dict[str, Any]]] = {
        "account": [{"id": key, "name": name, **facts} for key, name in NAMES.items()],
        "order": [
            {
                "id": order,
                "account_id": account,
                "ordered_on": day,
                "status": "Activated",
                "is_expedited": order == "C2",
            }
            for order, account, day in ORDERS
        ],
        "order_line": [
            {"id": f"L{n}", "order_id": order, "quantity": 1.0, "amount": amount, "cost": cost}
            for n, (order, amount, cost) in enumerate(LINES)
        ],
        "ticket": [
            {"id": f"T{n}", "account_id": account, "priority": priority, "opened_on": "2026-08-01"}
            for n, (account, priority) in enumerate(TICKETS)
        ],
        "activity": [
            {"id": f"V{n}", "account_id": account, "activity_type": what, "happened_on": "2026-07-01"}
            for n, (account, what) in enumerate(ACTIVITIES)
        ],
    }
    frame = on_duckdb({kind: table(kind, *rows) for kind, rows in records.items()}, MODEL)
    return pipeline.score(frame, MODEL, pipeline.calibrate(frame, MODEL, AS_OF), AS_OF).set_index("account_id")


@pytest.mark.parametrize(
    ("account", "revenue", "margin", "cost", "per_hundred", "points", "tier", "text"),
    [
        # Revenue 8,000 + 10,000 + 2,000; product cost 4,000 + 6,000 + 1,000; so margin 9,000.
        # 3 orders x 20 min x 0.80 = 48.00, 3 lines x 3 min x 0.80 = 7.20, 1 low ticket 30 min x 1.10 = 33.00,
        # 2 visits x 240 min x 1.40 = 672.00; together 760.20, and 760.20 / 9,000 = 8.4 per 100.
        # The largest of three margins: 3 of 3 are at or below it, 100 points.
        ("A", 20_000, 9_000, 760.20, 8.4, 100.0, "platinum",
         "Platinum: high value, gross margin 9,000 EUR in the last 12 months; low cost to serve, 8.4 per 100,"
         " mostly visits"),
        # 5,000 - 4,000. 1 order 16.00, 1 line 2.40, 2 high tickets x 180 min x 1.10 = 396.00; together 414.40,
        # 41.4 per 100 of 1,000. 2 of 3 margins at or below: 66.6 points.
        ("B", 5_000, 1_000, 414.40, 41.4, 66.6, "gold",
         "Gold: high value, gross margin 1,000 EUR in the last 12 months; high cost to serve, 41.4 per 100,"
         " mostly tickets"),
        # 1,000 - 700. 2 orders 32.00, 2 lines 4.80, 1 small order (300 is below 500) x 15 min x 0.80 = 12.00,
        # 1 expedited x 90 min x 0.80 = 72.00, 1 call x 20 min x 1.40 = 28.00; together 148.80, 49.6 per 100 of 300.
        ("C", 1_000, 300, 148.80, 49.6, 33.3, "bronze",
         "Bronze: low value, gross margin 300 EUR in the last 12 months; high cost to serve, 49.6 per 100,"
         " mostly expedited orders"),
    ],
)  # fmt: skip
def test_an_account_from_its_records_to_the_text_in_the_crm(
    scored: pd.DataFrame,
    account: str,
    revenue: int,
    margin: int,
    cost: float,
    per_hundred: float,
    points: float,
    tier: str,
    text: str,
) -> None:
    row = scored.loc[account]
    assert (row["revenue"], row["margin"], row["cost"]) == (revenue * SCALE, margin * SCALE, round(cost * SCALE))
    assert (row["cost_to_serve"], row["value_score"], row["tier"]) == (per_hundred, points, tier)
    assert row["short_reason"] == text
