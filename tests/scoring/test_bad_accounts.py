"""Accounts and amounts as nobody wants them: each has a stated behaviour."""

from __future__ import annotations

from datetime import date

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from connectors.base import COLUMNS
from scoring import pipeline
from scoring.explain import SHORT
from scoring.model import Model
from scoring.money import SCALE
from sync.mirror import Cursor, Mirror
from tests.scoring.frames import DAY, accounts, customer, default
from tests.scoring.test_features import company, on_duckdb, table

MODEL = default()
#: A letter, a joined emoji, a right-to-left word and a combining accent, a hundred times over.
STRANGE = ("Ω👩‍🔧אבe\u0301" * 60)[:400]


def scored(frame: pd.DataFrame, model: Model = MODEL) -> pd.DataFrame:
    return pipeline.score(frame, model, pipeline.calibrate(frame, model, DAY), DAY)


def test_one_account_alone_is_the_best_of_one() -> None:
    (row,) = scored(accounts(customer(1000))).to_dict("records")
    assert (row["value_score"], row["tier"]) == (100.0, "platinum")


def test_accounts_without_any_order_have_the_lowest_value_and_say_so() -> None:
    table = scored(accounts({}, {}))
    assert table["tier"].tolist() == ["silver", "silver"]
    assert table["missing"].tolist() == [["orders"], ["orders"]]


def test_customers_that_are_all_equal_share_a_tier() -> None:
    frame = accounts(*[customer(1000, visits=1)] * 20)
    table = scored(frame)
    assert table["tier"].nunique() == 1
    assert table["value_score"].unique().tolist() == [100.0]
    assert pipeline.calibrate(frame, MODEL, DAY).cuts.note


def test_a_negative_or_zero_margin_is_no_value_but_still_costs() -> None:
    frame = accounts(customer(1000), customer(2000), customer(0), customer(-500), customer(100, product_cost=900))
    table = scored(frame)
    assert table["value_score"].tolist()[2:] == [0.0, 0.0, 0.0]
    assert table["cost_to_serve"].isna().tolist() == [False, False, True, True, True]
    assert set(table["tier"][2:]) == {"bronze"}


def test_a_date_in_the_future_does_not_count_yet() -> None:
    tables = company()
    tables["order"] = table(
        "order",
        *[
            {"id": f"O{n}", "account_id": "A", "ordered_on": day, "amount": 100}
            for n, day in enumerate(("2026-10-31", "2026-11-01", "2199-01-01"))
        ],
    )
    alpha = on_duckdb(tables, default(value={"revenue_from": "orders"})).iloc[0]
    assert (alpha["transactions"], alpha["transactions_ever"], alpha["revenue"]) == (1, 1, 100 * SCALE)
    assert pd.to_datetime(alpha["last_transaction_on"]).date() == date(2026, 10, 31)


def test_an_order_without_a_date_does_not_count() -> None:
    tables = company()
    tables["order"] = table("order", {"id": "O1", "account_id": "A", "ordered_on": None, "amount": 100})
    assert on_duckdb(tables, default(value={"revenue_from": "orders"})).loc[0, "transactions_ever"] == 0


def test_a_name_of_any_letters_is_carried_and_texts_keep_to_their_length() -> None:
    frame = accounts(customer(1000, name=STRANGE, industry=STRANGE), customer(10))
    (row, _) = scored(frame).to_dict("records")
    assert len(row["short_reason"]) <= SHORT
    assert row["segment"] is None
    with duckdb.connect() as database:
        database.register("frame", frame)
        assert database.execute("SELECT name FROM frame LIMIT 1").fetchall() == [(STRANGE,)]


def test_a_record_that_comes_twice_counts_once() -> None:
    """The mirror holds one row per id, so features see each record once; of two accounts with an id there is one."""
    with duckdb.connect() as database:
        mirror = Mirror(database)
        mirror.cursor("test", "order", dict.fromkeys(COLUMNS["order"], ""))
        twice = pa.table({"id": ["O1", "O1"], "account_id": ["A", "A"], "status": ["Activated", "Draft"]})
        mirror.absorb("test", "order", twice, cursor=Cursor(None, "", True))
        mirror.absorb("test", "order", twice.slice(1), cursor=Cursor(None, "", True))
        assert database.execute('SELECT id, status FROM "order"').fetchall() == [("O1", "Draft")]


@pytest.mark.parametrize("amount", [9.2e14, -9.2e14])
def test_amounts_at_the_edge_of_what_can_be_held_are_exact(amount: float) -> None:
    table = scored(accounts(customer(amount / SCALE * 10, product_cost=0), customer(100)))
    assert table["revenue"].tolist() == [round(amount * 10), 100 * SCALE]
