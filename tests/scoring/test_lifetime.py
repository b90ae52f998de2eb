"""Lifetime value in a model: by hand with retention, as the models of `scoring.clv` give it with repeat orders."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from scoring import model as models
from scoring import pipeline
from scoring.calibration import Calibration
from scoring.clv import BetaGeo, GammaGamma
from scoring.clv.lifetime_value import discounted_value
from scoring.model.errors import ModelError
from scoring.money import SCALE
from tests.scoring.frames import DAY, accounts, customer, default

SHARES = {"components": {"money": 60, "lifetime": 40}, "basis": "revenue"}


def using(value: dict[str, Any] | None = None, **clv: Any) -> models.Model:
    return default(value=value or SHARES, clv=clv)


def scored(frame: pd.DataFrame, model: models.Model) -> tuple[pd.DataFrame, Calibration]:
    held = pipeline.calibrate(frame, model, DAY)
    return pipeline.score(frame, model, held, DAY), held


def shop(number: int = 300, seed: int = 5) -> pd.DataFrame:
    """Customers that buy at rates of their own and leave, each order worth about 100 to 900."""
    draw = np.random.default_rng(seed)
    rows = []
    for _ in range(number):
        length, rate, leaves = int(draw.integers(200, 900)), draw.gamma(2.0, 1 / 60), draw.beta(1.0, 4.0)
        days, last = 0, 0.0
        while (last_try := last + draw.exponential(1 / rate)) < length - 1:
            last, days = last_try, days + 1
            if draw.random() < leaves:
                break
        first = pd.Timestamp(DAY) - pd.Timedelta(days=length)
        worth, orders = draw.gamma(6, 1) * draw.gamma(4, 20), 1 + days
        recent = orders if last > length - 365 else 0
        rows.append(
            customer(
                worth * recent, transactions=recent, orders=recent, transactions_ever=orders,
                transaction_days_ever=orders, first_transaction_on=first,
                last_transaction_on=first + pd.Timedelta(days=max(round(last), days)),
            )
        )  # fmt: skip
    return accounts(*rows)


def test_retention_is_the_margin_formula() -> None:
    """3,000 a year x 0.8 / (1 + 0.1 - 0.8) = 8,000."""
    table, held = scored(accounts(customer(3000), customer(300)), using(retention=0.8))
    assert table["customer_lifetime_value"].tolist() == [8000 * SCALE, 800 * SCALE]
    assert table["p_alive"].isna().all()
    assert held.note == "" or "retention" not in held.note
    assert "Lifetime value 8,000 EUR" in " ".join(each["text"] for each in table["reasons"][0])
    assert sum(each["points"] or 0 for each in table["reasons"][0]) == pytest.approx(table["value_score"][0])


def test_retention_is_measured_where_it_is_not_given() -> None:
    stayed = [customer(100, revenue_before=50) for _ in range(30)]
    gone = [{"revenue_before": 50, "transactions_ever": 1} for _ in range(10)]
    table, held = scored(accounts(*stayed, *gone), using())
    assert held.value.lifetime is not None
    assert held.value.lifetime.retention == 0.75
    assert "30 of 40 customers of the window before bought again, a retention of 75.0 % a year" in held.note
    assert table["customer_lifetime_value"][0] == round(100 * 0.75 / 0.35) * SCALE
    assert pd.isna(table["customer_lifetime_value"][35])


def test_too_few_to_measure_is_said_and_nobody_has_a_figure() -> None:
    table, held = scored(accounts(*(customer(100, revenue_before=5) for _ in range(20))), using())
    assert "No lifetime value: 20 customers bought in the window before, 30 are needed" in held.note
    assert table["customer_lifetime_value"].isna().all()
    assert table["tier"].notna().all()


def test_repeat_orders_give_what_the_models_give() -> None:
    frame, model = shop(), using(method="repeat_orders", years=3)
    table, held = scored(frame, model)
    fitted = held.value.lifetime
    assert fitted is not None
    assert Calibration.from_json(held.to_json()) == held
    history = pd.DataFrame(
        {
            "frequency": frame["transaction_days_ever"] - 1.0,
            "recency": (frame["last_transaction_on"] - frame["first_transaction_on"]).dt.days.astype(float),
            "T": (pd.Timestamp(DAY) - frame["first_transaction_on"]).dt.days.astype(float),
        }
    )
    orders = BetaGeo().fit(history)
    assert fitted.orders == pytest.approx((orders.r_, orders.alpha_, orders.a_, orders.b_), rel=1e-6)
    worth = pd.DataFrame({"frequency": frame["transactions"].astype(float)})
    worth["monetary"] = frame["revenue"] / worth["frequency"].clip(lower=1)
    values = GammaGamma().fit(worth[worth["monetary"] > 0]).expected_average_value(worth)
    wanted = discounted_value(orders, history, values, years=3, discount=0.1, unit="days") / SCALE
    assert (table["customer_lifetime_value"].astype(float) / SCALE).tolist() == pytest.approx(wanted.tolist(), abs=0.51)
    assert table["p_alive"].tolist() == pytest.approx(orders.probability_alive(history).tolist(), abs=0.0051)
    assert any("still a customer with" in each["text"] for reasons in table["reasons"] for each in reasons)


@pytest.mark.parametrize("clv", [{"retention": 0.8}, {"method": "repeat_orders"}])
def test_a_higher_margin_never_lowers_the_value(clv: dict[str, Any]) -> None:
    model = using(**clv)
    held = pipeline.calibrate(shop(), model, DAY)
    same = customer(0, transactions=4, transactions_ever=6, transaction_days_ever=6, first_transaction_on="2025-02-01")
    rising = accounts(*(same | {"revenue": revenue} for revenue in (-900, -1, 0, 1, 50, 900, 1000, 80_000, 9_000_000)))
    table = pipeline.score(rising, model, held, DAY)
    assert table["customer_lifetime_value"].is_monotonic_increasing
    assert table["customer_lifetime_value"].nunique() > 5
    assert table["value_score"].is_monotonic_increasing


def test_a_customer_that_stayed_away_is_not_told_that_it_never_bought() -> None:
    gone = {"transactions_ever": 3, "last_transaction_on": "2024-05-02"}
    table, _ = scored(accounts(customer(3000), gone), using(retention=0.8))
    assert pd.isna(table["customer_lifetime_value"][1])
    told = " ".join(each["text"] for each in table["reasons"][1])
    assert "No orders in the last 12 months that a lifetime value could go by" in told


def test_the_value_is_the_days_to_come_times_the_worth_of_one() -> None:
    table, _ = scored(shop(), using(method="repeat_orders"))
    for value, origin in zip(table["customer_lifetime_value"], table["lifetime_from"], strict=True):
        room = 0.06 * abs(origin["each"]) + 0.6 * SCALE * (1 + origin["to_come"])
        assert value == pytest.approx(origin["to_come"] * origin["each"], abs=room)


def test_what_is_stored_of_an_account_does_not_depend_on_those_beside_it() -> None:
    """Through Parquet, as scores go on their way to be stored."""
    table, _ = scored(
        pd.concat([shop(), accounts({"account_id": "B"})], ignore_index=True), using(method="repeat_orders")
    )
    assert table["lifetime_from"].isna().tolist() == [False] * 300 + [True]

    def stored(part: pd.DataFrame) -> str:
        file = io.BytesIO()
        part[["lifetime_from"]].to_parquet(file, index=False)
        return str(pd.read_parquet(file).head(300).to_json(orient="records"))

    assert stored(table) == stored(table.head(300))


def test_the_reason_says_where_a_mean_stands_for_gamma_gamma() -> None:
    frame = shop()
    frame.loc[0, ["revenue", "transactions"]] = [-500 * SCALE, 2]
    table, _ = scored(frame, using(method="repeat_orders"))
    told = [" ".join(each["text"] for each in reasons) for reasons in table["reasons"]]
    assert ["by the mean as Gamma-Gamma does not apply" in text for text in told[:2]] == [True, False]
    assert [origin["by_mean"] for origin in table["lifetime_from"][:2]] == [True, False]


def test_orders_that_brought_nothing_stand_as_they_are() -> None:
    frame = shop()
    frame.loc[0, ["revenue", "revenue_cost_known", "product_cost"]] = [-500 * SCALE * 2, 0, 0]
    frame.loc[0, ["transactions", "transactions_ever", "transaction_days_ever"]] = [2, 2, 2]
    table, _ = scored(frame, using(method="repeat_orders"))
    assert table["customer_lifetime_value"][0] < 0


def test_a_fit_that_is_refused_is_told_and_stops_nothing() -> None:
    table, held = scored(accounts(*(customer(100 + n, first_transaction_on="2026-01-01") for n in range(20))),
                         using(method="repeat_orders"))  # fmt: skip
    assert held.value.lifetime is None
    assert held.note.count("No lifetime value:") == 1
    assert table["tier"].notna().all()


def test_a_calibration_of_an_earlier_version_is_read() -> None:
    held = pipeline.calibrate(accounts(customer(1), customer(2)), default(), DAY)
    earlier = json.loads(held.to_json())
    for name in ("lifetime", "lifetime_note"):
        del earlier["value"][name]
    assert Calibration.from_json(json.dumps(earlier)) == held


@pytest.mark.parametrize(
    ("clv", "said"),
    [
        (None, "the section that says how it is worked out is missing"),
        ({"method": "repeat_orders", "retention": 0.8}, "belong to the method `retention`"),
        ({"retention": 1.0, "discount": 0.0}, "has no limit"),
        ({"discount": 8}, "discount"),
    ],
)
def test_a_section_that_makes_no_sense_is_refused(clv: dict[str, Any] | None, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        default(value=SHARES, clv=clv)
