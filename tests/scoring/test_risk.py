"""Early warnings name their signal and figure, and say nothing where too little is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from scoring import pipeline, risk
from tests.scoring.frames import DAY, accounts, customer, default

STEADY = {
    "transactions": 6, "transactions_ever": 13, "transaction_days_ever": 13, "revenue_before": 100,
    "first_transaction_on": DAY - pd.Timedelta(days=370), "last_transaction_on": DAY - pd.Timedelta(days=10),
    "invoices": 10, "invoices_recent": 5, "activities": 9, "activities_before": 9,
}  # fmt: skip
PAYMENT, CHURN = "Payment risk: not enough information", "Churn risk: not enough information"


def told(frame: pd.DataFrame, foreign: bool = False, **rules: Any) -> list[list[str]]:
    everybody = np.ones(len(frame), dtype=bool)
    found: list[list[str]] = risk.texts(frame, default(risk=rules), DAY, everybody, everybody & foreign).tolist()
    return found


def test_a_steady_customer_has_no_warnings() -> None:
    assert told(accounts(customer(100, **STEADY))) == [[]]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"invoices_late": 4}, "Pays late: 4 of 10 invoices in the last 12 months (40 %; a warning above 30 %)"),
        ({"disputes": 3}, "Disputes: 3 of 10 invoices in the last 12 months (30 %; a warning above 20 %)"),
        (
            {"days_late": 60, "days_late_recent": 50},
            "Pays later than before: 10.0 days late on average in the last 6 months, 2.0 in those before",
        ),
        ({"overdue_invoices": 1, "overdue_amount": 1234}, "Overdue: 1 invoice, 1,234 EUR"),
        ({"last_transaction_on": DAY - pd.Timedelta(days=70)}, "No order since 2026-08-23; usually one every 25 days"),
        ({"revenue_before": 200}, "Revenue fell by 50 % against the 12 months before"),
        ({"activities": 4}, "Contacts fell from 9 to 4 against the 12 months before"),
    ],
)
def test_each_signal_is_a_sentence_with_its_figures(change: dict[str, Any], sentence: str) -> None:
    assert told(accounts(customer(100, **{**STEADY, **change}))) == [[sentence]]


def test_a_figure_at_its_limit_is_no_warning() -> None:
    at = {"invoices_late": 3, "disputes": 2, "days_late": 25, "days_late_recent": 25, "revenue_before": 100 / 0.7}
    assert told(accounts(customer(100, **{**STEADY, **at})), overdue=0) == [[]]


def test_below_the_minimum_there_is_never_a_figure() -> None:
    few = {"invoices": 4, "invoices_late": 4, "disputes": 4, "transaction_days_ever": 3, "transactions_ever": 4,
           "transactions": 1, "activities_before": 5, "activities": 0}  # fmt: skip
    ((payment, churn),) = told(accounts(customer(1, **{**STEADY, **few, "last_transaction_on": "2025-11-20"})))
    assert payment == f"{PAYMENT} (4 of 5 invoices in the last 12 months)"
    assert churn == f"{CHURN} (orders on 3 of 4 days)"


def test_ten_orders_on_one_day_are_no_rhythm() -> None:
    row = customer(1, transactions_ever=10, transactions=10, transaction_days_ever=1)
    assert told(accounts(row))[0][1].startswith(CHURN)


def test_an_amount_without_an_exchange_rate_is_not_told() -> None:
    frame = accounts(customer(100, **STEADY, overdue_invoices=2, overdue_amount=50))
    assert told(frame, foreign=True) == [["Overdue: 2 invoices"]]


def test_the_score_table_tells_them_of_customers_only() -> None:
    frame = accounts(customer(100, **STEADY, invoices_late=9), customer(100, type="Partner"))
    model = default()
    table = pipeline.score(frame, model, pipeline.calibrate(frame, model, DAY), DAY)
    assert [len(risks) for risks in table["risks"]] == [1, 0]
