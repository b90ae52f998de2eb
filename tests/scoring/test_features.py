"""Features: counts and sums by hand, and blind to the order of rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import duckdb
import ibis
import pandas as pd
import pytest

from scoring import features
from scoring.model import Model
from scoring.model.fields import COLUMNS
from scoring.money import SCALE
from tests.scoring.frames import default

AS_OF = date(2026, 11, 1)
MODEL = default()
_MONEY = ("amount", "freight", "cost", "discount")
_DAYS = (
    "ordered_on",
    "closes_on",
    "created_on",
    "opened_on",
    "happened_on",
    "starts_on",
    "ends_on",
    "issued_on",
    "due_on",
    "paid_on",
    "returned_on",
)


def table(kind: str, *rows: dict[str, Any]) -> pd.DataFrame:
    """Rows of a kind; money in whole units."""
    columns = sorted(COLUMNS[kind] | ({"operation_mode", "business_model"} if kind == "account" else set()))
    frame = pd.DataFrame([{name: row.get(name) for name in columns} for row in rows], columns=columns)
    for name in columns:
        if name in _MONEY:
            frame[name] = [None if pd.isna(value) else round(value * SCALE) for value in frame[name]]
            frame[name] = frame[name].astype("Int64")
        elif name in _DAYS:
            frame[name] = pd.to_datetime(frame[name]).dt.date
        elif name.startswith("is_"):
            frame[name] = frame[name].astype("boolean")
    return frame


def company() -> dict[str, pd.DataFrame]:
    """Two accounts: A with everything, B with nothing."""
    orders: list[dict[str, Any]] = [
        {"id": "O1", "account_id": "A", "status": "Activated", "ordered_on": "2026-10-31", "amount": 900},
        {"id": "O2", "account_id": "A", "status": "Activated", "ordered_on": "2025-11-01", "is_expedited": True,
         "freight": 12.5, "amount": 100},
        {"id": "O3", "account_id": "A", "status": "Activated", "ordered_on": "2025-10-31", "amount": 5},
        {"id": "O4", "account_id": "A", "status": " draft", "ordered_on": "2026-05-01", "amount": 7},
        {"id": "O5", "account_id": "A", "status": "Activated", "ordered_on": "2026-11-01", "amount": 9},
        {"id": "O6", "account_id": None, "status": "Activated", "ordered_on": "2026-05-01", "amount": 11},
    ]  # fmt: skip
    lines: list[dict[str, Any]] = [
        {"id": "L1", "order_id": "O1", "product_id": "P1", "quantity": 2.0, "amount": 600, "cost": 250, "discount": 30},
        {"id": "L2", "order_id": "O1", "product_id": "P1", "quantity": 3.0, "amount": 300, "freight": 4},
        {"id": "L3", "order_id": "O2", "product_id": None, "quantity": 1.0, "amount": 100, "freight": 99},
    ]
    deals: list[dict[str, Any]] = [
        {"id": "D1", "account_id": "A", "is_won": True, "is_closed": True, "amount": 50, "closes_on": "2026-02-01"},
        {"id": "D2", "account_id": "A", "is_won": False, "is_closed": True, "amount": 60, "closes_on": "2026-02-01"},
        {"id": "D3", "account_id": "A", "is_won": False, "is_closed": False, "amount": 70, "created_on": "2026-10-01"},
        {"id": "D4", "account_id": "A", "is_won": False, "is_closed": False, "amount": 80, "created_on": "2026-11-05"},
    ]
    tickets = [
        {"id": "T1", "account_id": "A", "priority": "high ", "opened_on": "2026-03-01"},
        {"id": "T2", "account_id": "A", "priority": "Odd", "opened_on": "2026-03-01"},
        {"id": "T3", "account_id": "A", "priority": "Low", "opened_on": "2024-03-01"},
    ]
    activities = [
        {"id": "V1", "account_id": "A", "activity_type": "Visit", "happened_on": "2026-03-01", "created_by_id": "U1"},
        {"id": "V2", "account_id": "A", "activity_type": "Call", "happened_on": "2026-04-01", "created_by_id": "U1"},
        {"id": "V3", "account_id": "A", "activity_type": "Call", "happened_on": "2026-10-01", "created_by_id": "OURS"},
    ]
    contracts: list[dict[str, Any]] = [
        {"id": "C1", "account_id": "A", "status": "Activated", "starts_on": "2026-01-01", "ends_on": None},
        {"id": "C2", "account_id": "A", "status": "Draft", "starts_on": "2026-01-01", "ends_on": None},
        {"id": "C3", "account_id": "A", "status": "Activated", "starts_on": "2025-01-01", "ends_on": "2025-12-31"},
    ]
    accounts: list[dict[str, Any]] = [
        {"id": "A", "name": "Alpha", "industry": "Energy", "operation_mode": "24/7", "employees": 10},
        {"id": "B", "name": "Beta"},
    ]
    return {
        "account": table("account", *accounts), "order": table("order", *orders),
        "order_line": table("order_line", *lines), "product": table("product", {"id": "P1", "cost": 40}),
        "opportunity": table("opportunity", *deals), "ticket": table("ticket", *tickets),
        "activity": table("activity", *activities), "contract": table("contract", *contracts),
        **receivables(),
    }  # fmt: skip


def receivables() -> dict[str, pd.DataFrame]:
    """What A owes and sent back."""
    invoices: list[dict[str, Any]] = [
        {"id": "I1", "account_id": "A", "issued_on": "2026-01-01", "due_on": "2026-01-31", "paid_on": "2026-01-31"},
        {"id": "I2", "account_id": "A", "issued_on": "2026-01-01", "due_on": "2026-01-31", "paid_on": "2026-02-10",
         "is_disputed": True},
        {"id": "I3", "account_id": "A", "issued_on": "2026-09-01", "due_on": "2026-10-02", "amount": 75},
        {"id": "I4", "account_id": "A", "issued_on": "2024-01-01", "due_on": "2024-02-01", "amount": 5},
        {"id": "I5", "account_id": "A", "issued_on": "2026-10-30", "due_on": "2026-11-01", "amount": 9},
        {"id": "I6", "account_id": "A", "issued_on": "2026-10-01", "due_on": "2026-10-31", "paid_on": "2026-11-05",
         "amount": 3},
        {"id": "I7", "account_id": "A", "issued_on": "2026-10-01", "amount": 3},
        {"id": "I8", "account_id": "A", "issued_on": "2026-11-01", "due_on": "2026-11-01", "is_disputed": True},
    ]  # fmt: skip
    returns: list[dict[str, Any]] = [
        {"id": "R1", "account_id": "A", "returned_on": "2026-05-01", "amount": 40},
        {"id": "R2", "account_id": "A", "returned_on": "2025-10-31", "amount": 50},
    ]
    return {"invoice": table("invoice", *invoices), "return": table("return", *returns)}


def on_duckdb(
    tables: Mapping[str, pd.DataFrame],
    model: Model = MODEL,
    rates: pd.DataFrame | None = None,
    chosen: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict,
) -> pd.DataFrame:
    with duckdb.connect() as database:
        for kind, frame in tables.items():
            database.register(f"{kind}_frame", frame)
            database.execute(f'CREATE TABLE "{kind}" AS SELECT * FROM {kind}_frame')
        backend = ibis.duckdb.from_connection(database)
        held = {kind: backend.table(kind) for kind in tables}
        built = features.build(chosen(held), model, AS_OF, {"OURS"}, rates)
        found: pd.DataFrame = built.order_by("account_id").to_pandas()
    return found


EXPECTED = {
    "name": "Alpha", "transactions": 2, "transactions_ever": 3, "orders": 2, "order_lines": 3, "small_orders": 1,
    "expedited_orders": 1, "revenue": 1000 * SCALE, "revenue_cost_known": 900 * SCALE,
    "product_cost": (250 + 3 * 40) * SCALE, "freight": round(16.5 * SCALE), "discount": 30 * SCALE,
    "tickets": 2, "tickets_p0": 1, "tickets_p1": 0, "visits": 1, "calls": 1, "activities": 2,
    "deals_won": 1, "deals_lost": 1, "deals_open": 1, "won_amount": 50 * SCALE, "open_amount": 70 * SCALE,
    "contracts_active": 1, "invoices": 6, "invoices_late": 3, "days_late": 10 + 30 + 1, "disputes": 1,
    "invoices_recent": 4, "days_late_recent": 30 + 1, "overdue_invoices": 3, "overdue_amount": (75 + 5 + 3) * SCALE,
    "transaction_days_ever": 3,
    "returns": 1, "returned_amount": 40 * SCALE, "onboardings": 0, "activities_before": 0,
}  # fmt: skip


def test_counts_and_sums_are_those_of_a_pocket_calculator() -> None:
    alpha, beta = (row for _, row in on_duckdb(company()).iterrows())
    assert {name: alpha[name] for name in EXPECTED} == EXPECTED
    days = [pd.to_datetime(alpha[name]).date() for name in ("first_transaction_on", "last_transaction_on")]
    assert days == [date(2025, 10, 31), date(2026, 10, 31)]
    assert pd.Timestamp(alpha["last_activity_on"]).date() == date(2026, 4, 1)  # ours does not count
    assert {beta[name] for name in EXPECTED if name != "name"} == {0}
    assert all(pd.isna(beta[name]) for name in ("last_transaction_on", "industry", "employees"))


def test_revenue_comes_from_where_the_model_says() -> None:
    revenue = {}
    for source in ("order_lines", "orders", "opportunities"):
        frame = on_duckdb(company(), default(value={"revenue_from": source}))
        revenue[source] = [frame["revenue"].iloc[0], frame["transactions"].iloc[0]]
    assert revenue == {
        "order_lines": [1000 * SCALE, 2],
        "orders": [1000 * SCALE, 2],
        "opportunities": [50 * SCALE, 1],
    }


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_changes_nothing(seed: int) -> None:
    tables = company()
    shuffled = {kind: frame.sample(frac=1, random_state=seed) for kind, frame in tables.items()}
    pd.testing.assert_frame_equal(on_duckdb(shuffled), on_duckdb(tables))


def test_kinds_and_columns_that_are_absent_count_as_empty() -> None:
    found = on_duckdb({"account": pd.DataFrame({"id": ["A"], "name": ["Alpha"]})})
    assert list(found.loc[0, ["transactions", "revenue", "tickets", "contracts_active"]]) == [0, 0, 0, 0]
    assert list(found.columns) == list(on_duckdb(company()).columns)


def test_more_money_than_a_small_integer_holds_is_summed_exactly() -> None:
    tables = company()
    large = [{"id": f"X{n}", "order_id": "O1", "amount": 90_000_000_000.0001, "quantity": 1.0} for n in range(900)]
    tables["order_line"] = table("order_line", *large)
    assert on_duckdb(tables).loc[0, "revenue"] == 900 * 900_000_000_000_001
