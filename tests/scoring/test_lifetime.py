"""Lifetime value in a model: by hand with retention, as the models of `scoring.clv` give it with repeat orders."""

from __future__ import annotations

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
from scoring.fields import SCALE
from scoring.model_errors import ModelError
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
