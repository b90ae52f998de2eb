"""Amounts in other currencies: converted exactly, by the rate of their day; never taken at 1."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from scoring import currency
from scoring.money import SCALE
from tests.scoring.frames import default
from tests.scoring.test_features import MODEL, company, on_duckdb, table

ROWS: list[tuple[str, str, str | None, str | None, float, bool]] = [
    ("erp", "USD", None, None, 1.25, False),
    ("erp", "JPY", None, "2026-01-01", 160.0, False),
    ("erp", "CHF", None, None, 3.0, False),
    ("erp", "GBP", "2025-01-01", None, 0.8, False),
    ("erp", "GBP", "2026-06-01", None, 0.5, False),
    ("erp", "SEK", None, None, 0.0, False),
    ("org", "USD", None, None, 99.0, False),
]


def rates(*rows: tuple[str, str, str | None, str | None, float, bool]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(currency.COLUMNS))


def worth(found: pd.DataFrame, code: str) -> list[tuple[date, date, float]]:
    own = found[found["rated_currency"] == code]
    return list(zip(own["rated_from"], own["rated_until"], own["worth"], strict=True))


def trade(*orders: tuple[str | None, str, float], of: str | None = None) -> dict[str, pd.DataFrame]:
    """Account A of this currency with orders (currency, day, amount), each with one line of its amount."""
    tables: dict[str, Any] = {kind: company()[kind].iloc[:0] for kind in ("opportunity", "product")}
    head = [dict(zip(("currency", "ordered_on", "amount"), order, strict=True)) for order in orders]
    head = [{"id": f"O{number}", **row} for number, row in enumerate(head)]
    lines = [{"id": f"L{row['id']}", "order_id": row["id"], "amount": row["amount"], "cost": 3} for row in head]
    tables["account"] = table("account", {"id": "A", "currency": of})
    tables["order"] = table("order", *({"account_id": "A", "freight": 1, **row} for row in head))
    return {**tables, "order_line": table("order_line", *lines)}


def of_a(tables: dict[str, pd.DataFrame]) -> Any:
    return on_duckdb(tables, rates=currency.worths(rates(*ROWS), MODEL)).iloc[0]


def test_a_currency_is_taken_from_the_first_source_that_has_it_and_a_later_start_ends_a_rate() -> None:
    found = currency.worths(rates(*ROWS), MODEL)
    ever = (date(1, 1, 1), date(9999, 12, 31))
    assert worth(found, "USD") == [(*ever, 0.8)]
    assert worth(found, "GBP") == [
        (date(2025, 1, 1), date(2026, 6, 1), 1.25),
        (date(2026, 6, 1), date(9999, 12, 31), 2.0),
    ]
    assert worth(found, "SEK") == worth(found, "EUR") == []


def test_rates_against_another_currency_are_turned_by_the_rate_of_the_models_own() -> None:
    rows = [
        ("org", "USD", None, None, 1.0, True),
        ("org", "EUR", None, None, 0.5, False),
        ("org", "EUR", "2026-01-01", None, 0.8, False),
        ("org", "JPY", None, None, 160.0, False),
    ]
    found = currency.worths(rates(*rows), MODEL)
    assert worth(found, "USD") == [(date(2026, 1, 1), date(9999, 12, 31), 0.8)]
    assert worth(found, "JPY") == [(date(2026, 1, 1), date(9999, 12, 31), 0.005)]
    assert currency.worths(rates(*rows), default(currency="CHF")).empty


def test_amounts_are_converted_by_the_rate_of_their_day_and_lines_by_that_of_their_order() -> None:
    orders = [("USD", "2026-05-31", 125), ("GBP", "2026-05-31", 8), ("GBP", "2026-06-01", 8), (" eur", "2026-07-01", 7)]
    row = of_a(trade(*orders, (None, "2026-07-01", 100), ("CHF", "2026-07-01", -1), of="CHF"))
    assert row["revenue"] == (100 + 10 + 16 + 7) * SCALE + 333_333 - 3_333
    assert row["freight"] == 8_000 + 12_500 + 20_000 + SCALE + 2 * 3_333
    assert row["product_cost"] == 24_000 + 37_500 + 60_000 + 3 * SCALE + 2 * SCALE
    assert pd.isna(row["no_rate"])


def test_an_amount_without_a_rate_is_named_and_not_added_up() -> None:
    row = of_a(trade(("JPY", "2026-01-01", 500), ("JPY", "2025-12-31", 160), ("EUR", "2026-02-01", 5)))
    assert (row["no_rate"], row["revenue"]) == ("JPY", 6 * SCALE)


def test_every_kind_of_amount_is_converted() -> None:
    """An account in GBP whose records name no currency."""
    tables = company()
    tables["account"] = table("account", {"id": "A", "currency": "GBP", "annual_revenue": 10}, {"id": "B"})
    tables["account"]["annual_revenue"] = pd.Series([10 * SCALE, None], dtype="Int64")
    own, home = of_a(tables), on_duckdb(company()).iloc[0]
    assert own["annual_revenue"] == 20 * SCALE
    assert own["won_amount"] == home["won_amount"] * 1.25
    assert own["overdue_amount"] == (75 + 3) * 2 * SCALE  # issued when the later rate holds
    assert own["returned_amount"] == home["returned_amount"] * 1.25


def test_without_a_rate_every_kind_of_amount_leaves_its_account_unrated() -> None:
    kinds = ("order", "opportunity", "invoice", "return")
    tables = company()
    tables["account"] = table("account", *({"id": kind} for kind in (*kinds, "ticket")))
    for kind in kinds:
        tables[kind] = tables[kind].assign(currency="XXX", account_id=kind)
    found = on_duckdb(tables, rates=currency.worths(rates(*ROWS), MODEL)).set_index("account_id")["no_rate"]
    assert found[list(kinds)].tolist() == ["XXX"] * 4
    assert pd.isna(found["ticket"])


def test_what_does_not_count_needs_no_rate() -> None:
    assert pd.isna(of_a(trade(("XXX", "2020-01-01", 1), ("XXX", "2026-11-01", 1)))["no_rate"])


def test_half_a_unit_is_rounded_away_from_zero() -> None:
    row = of_a(trade(("GBP", "2026-05-01", 0.0002), ("GBP", "2026-05-02", -0.0006)))
    assert row["revenue"] == 3 - 8
