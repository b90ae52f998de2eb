"""Calibrate and score: figures checked by hand, and the same rows whatever the order and the chunks."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring import pipeline
from scoring.calibration import Calibration
from scoring.model import Model
from scoring.money import SCALE
from tests.scoring.frames import DAY, accounts, customer, default, with_roles

MODEL = default()


def scored(frame: pd.DataFrame, model: Model = MODEL) -> pd.DataFrame:
    return pipeline.score(frame, model, pipeline.calibrate(frame, model, DAY), DAY)


def base(size: int, seed: int = 3) -> pd.DataFrame:
    """Customers with skewed revenue and work, some out of scope, some that never bought, some lapsed."""
    rng = np.random.default_rng(seed)
    rows = []
    for revenue, visits, tickets, kind in zip(
        rng.lognormal(9, 1.5, size).round(2), rng.poisson(2, size), rng.poisson(3, size), rng.random(size), strict=True
    ):
        row = customer(float(revenue), visits=int(visits), tickets=int(tickets), tickets_High=int(tickets) // 2)
        if kind < 0.1:
            row["type"] = "Partner"
        elif kind < 0.15:
            row |= {"transactions": 0, "transactions_ever": 0, "orders": 0, "order_lines": 0, "revenue": 0}
            row |= {"revenue_cost_known": 0, "product_cost": 0, "last_transaction_on": None}
        elif kind < 0.25:
            row |= {"transactions": 0, "orders": 0, "order_lines": 0, "revenue": 0, "revenue_cost_known": 0}
            row |= {"product_cost": 0, "last_transaction_on": date(2024, 5, 1)}
        rows.append(row)
    return accounts(*rows)


def test_margin_cost_and_relation_are_those_of_a_pocket_calculator() -> None:
    frame = accounts(
        customer(10_000, orders=2, order_lines=5, small_orders=1, visits=3, tickets=4, tickets_High=1, freight=120),
        customer(500),
    )
    row = scored(frame).iloc[0]
    assert (row["value_basis"], row["margin"]) == ("margin", 4_000 * SCALE)
    # 2 orders x 20 min, 5 lines x 3, 1 small order x 15 at 0.80; 1 ticket x 180 and 3 others x 60 at 1.10;
    # 3 visits x 240 at 1.40; and freight
    cost = (40 + 15 + 15) * 0.80 + (180 + 3 * 60) * 1.10 + 720 * 1.40 + 120
    assert row["cost"] == round(cost * SCALE)
    assert row["cost_to_serve"] == round(100 * cost / 4_000, 1)


def test_value_score_is_the_share_of_paying_customers_reached() -> None:
    frame = accounts(*(customer(revenue) for revenue in (400, 100, 300, 200)), customer(0))
    assert scored(frame)["value_score"].tolist() == [100.0, 25.0, 75.0, 50.0, 0.0]


def test_tiers_follow_the_matrix() -> None:
    table = scored(base(400))
    inside = table[table["in_scope"]]
    expected = {
        ("high", "low"): "platinum", ("high", "high"): "gold", ("low", "low"): "silver", ("low", "high"): "bronze"
    }  # fmt: skip
    got = {(tuple(position), tier) for position, tier in zip(inside["position"], inside["tier"], strict=True)}
    assert got == set(expected.items())


def test_a_better_customer_at_no_more_cost_never_has_less_value() -> None:
    table = scored(base(300)).query("in_scope").sort_values("margin")
    assert table["value_score"].is_monotonic_increasing


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 97))
def test_chunks_and_order_change_nothing(seed: int, chunk: int) -> None:
    frame = base(97, seed)
    calibration = pipeline.calibrate(frame, MODEL, DAY)
    shuffled = frame.sample(frac=1, random_state=seed)
    assert pipeline.calibrate(shuffled, MODEL, DAY).to_json() == calibration.to_json()
    whole = pipeline.score(frame, MODEL, calibration, DAY).to_json(orient="records")
    parts = [
        pipeline.score(shuffled.iloc[start : start + chunk], MODEL, calibration, DAY)
        for start in range(0, len(frame), chunk)
    ]
    joined = pd.concat(parts).sort_values("account_id")
    assert joined.to_json(orient="records") == whole


def test_a_calibration_read_back_scores_the_same_and_writes_the_same_bytes() -> None:
    frame = base(120)
    calibration = pipeline.calibrate(frame, MODEL, DAY)
    text = calibration.to_json()
    again = Calibration.from_json(text)
    assert (again, again.to_json()) == (calibration, text)
    assert json.loads(text)["customers"] == int(pipeline.score(frame, MODEL, again, DAY)["in_scope"].sum())


def test_a_role_takes_an_account_out_of_tiering_with_a_reason() -> None:
    competes = {
        "require": {"not": {"field": "roles", "includes": ["Competitor", "Partner"]}},
        "otherwise": "Not tiered",
    }
    using = with_roles(scope=[competes])
    frame = accounts(
        *(customer(100 + n, roles=held) for n, held in enumerate(["End user;Competitor", "End user", None]))
    )
    table = pipeline.score(frame, using, pipeline.calibrate(frame, using, DAY), DAY)
    assert table["scope_reason"].tolist() == ["Not tiered: roles includes Competitor", "", ""]
    assert table["tier"].notna().tolist() == [False, True, True]


def test_accounts_out_of_scope_have_a_reason_and_nothing_else_and_do_not_move_the_cuts() -> None:
    frame = base(200)
    table = scored(frame)
    outside = table[~table["in_scope"]]
    assert len(outside) > 5
    assert outside["scope_reason"].str.contains("Not a customer: type is Partner").all()
    assert (outside["short_reason"] == outside["scope_reason"]).all()
    empty = ["value_score", "cost", "cost_to_serve", "tier", "segment", "sub_segment", "value_profile", "rfm", "margin"]
    assert outside[empty].isna().all(axis=None)
    inside = frame[frame["type"] != "Partner"]
    assert pipeline.calibrate(inside, MODEL, DAY).to_json() == pipeline.calibrate(frame, MODEL, DAY).to_json()


def test_a_customer_that_never_bought_is_silver_and_marked_whatever_winning_it_costs() -> None:
    frame = accounts(*(customer(r) for r in (100, 200, 300, 400)), {"visits": 30, "deals_open": 2})
    row = scored(frame).iloc[-1]
    assert (row["has_orders"], row["tier"], row["position"]) == (False, "silver", ["low", "low"])
    assert row["missing"] == ["orders"]
    assert row["short_reason"] == "Silver: no orders yet, so neither value nor cost to serve counts"


def test_a_lapsed_customer_that_still_costs_is_bronze() -> None:
    gone = {"transactions_ever": 3, "last_transaction_on": date(2024, 5, 1)}
    frame = accounts(*(customer(r) for r in (100, 200, 300, 400)), {**gone, "visits": 2}, gone)
    costly, quiet = (row for _, row in scored(frame).iloc[-2:].iterrows())
    assert (costly["tier"], quiet["tier"]) == ("bronze", "silver")
    assert costly["short_reason"] == (
        "Bronze: no orders in the last 12 months (the last on 2024-05-01), and 672 EUR cost to serve, mostly visits"
    )
    assert pd.isna(costly["cost_to_serve"])


def test_revenue_is_the_basis_where_product_cost_is_known_for_too_little() -> None:
    rows = [customer(100), customer(1_000, revenue_cost_known=0, product_cost=0)]
    assert scored(accounts(*rows))["value_basis"].unique().tolist() == ["revenue"]
    wanted = scored(accounts(*rows), default(value={"basis": "margin"}))
    # 40 % margin where cost is known is taken for the revenue whose cost is not
    assert wanted["margin"].tolist() == [40 * SCALE, 400 * SCALE]
    assert wanted["missing"].tolist() == [[], ["product cost"]]


def test_with_discounts_as_cost_the_basis_is_taken_before_them() -> None:
    model = default(cost_to_serve={"money": {"freight": False, "discount": True}})
    row = scored(accounts(customer(1_000, discount=100), customer(10)), model).iloc[0]
    assert row["margin"] == (400 + 100) * SCALE
    assert row["cost"] == (20 * 0.8 + 3 * 0.8 + 100) * SCALE


def test_amounts_in_another_currency_are_not_compared() -> None:
    frame = accounts(customer(100), customer(200), customer(1_000_000, no_rate="JPY"), customer(300, currency="EUR"))
    table = scored(frame)
    foreign = table.iloc[2]
    assert (foreign["in_scope"], foreign["tier"], foreign["missing"]) == (True, None, ["exchange rate"])
    assert "JPY" in foreign["short_reason"]
    assert table["value_score"].dropna().tolist() == [33.3, 66.6, 100.0]


def test_reasons_weigh_a_hundred_and_name_their_figures() -> None:
    model = default(value={"components": {"money": 60, "recency": 20, "frequency": 20}})
    table = scored(base(80), model).query("in_scope")
    for reasons in table["reasons"]:
        assert sum(reason["weight"] for reason in reasons) == pytest.approx(100)
        assert {reason["sign"] for reason in reasons} <= {"+", "-"}
    assert table["short_reason"].str.len().max() <= 255
    row = scored(accounts(customer(10_000, visits=2), customer(5))).iloc[0]
    assert row["reasons"] == [
        {
            "text": "Gross margin 4,000 EUR in the last 12 months: at or above 100 % of the customers with a positive "
            "gross margin",
            "sign": "+",
            "weight": 50.0,
            "points": 100.0,
        },
        {
            "text": "Cost to serve 690 EUR, 17.3 per 100 of gross margin (low): 97 % for 2 visits, 2 % for 1 order",
            "sign": "+",
            "weight": 50.0,
            "points": None,
        },
    ]


def test_an_empty_base_and_a_base_without_value_are_scored_too() -> None:
    empty = base(20).iloc[:0]
    assert pipeline.score(empty, MODEL, pipeline.calibrate(empty, MODEL, DAY), DAY).empty
    table = scored(accounts({}, {"visits": 1, "transactions_ever": 1, "last_transaction_on": date(2020, 1, 1)}))
    assert table["tier"].tolist() == ["silver", "bronze"]
    assert pipeline.calibrate(accounts({}), MODEL, DAY).cuts.note


def test_a_score_survives_json_and_parquet(tmp_path: object) -> None:
    table = scored(base(50))
    path = f"{tmp_path}/scores.parquet"
    table.to_parquet(path, index=False)
    back = pd.read_parquet(path)
    assert json.loads(back.to_json(orient="records")) == json.loads(table.to_json(orient="records"))


def test_orders_without_lines_that_count_for_nothing_are_told() -> None:
    """Revenue is taken from lines: a company whose lines are not in the CRM would have no revenue at all."""
    held = accounts(customer(5000), customer(3000), customer(0, orders=4, order_lines=0))
    assert "1 customer has orders without a single line" in pipeline.calibrate(held, default(), DAY).note
    assert "revenue_from: orders" in pipeline.calibrate(held, default(), DAY).note
    assert "single line" not in pipeline.calibrate(held[:2], default(), DAY).note
    from_orders = default(value={"revenue_from": "orders"})
    assert "single line" not in pipeline.calibrate(held, from_orders, DAY).note
