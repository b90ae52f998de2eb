"""Components of the value score: figures by hand, what an absent one means, and contributions that add up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring import pipeline, value
from scoring.model.tiers import Component
from scoring.value import components
from scoring.value.figure import Base
from tests.scoring.frames import DAY, accounts, customer, default
from tests.scoring.test_schemes import company, using

EVERY: dict[Component, float] = {
    "money": 40, "recency": 5, "frequency": 5, "growth": 10, "potential": 10, "loyalty": 10, "engagement": 10,
    "fit": 10,
}  # fmt: skip
MODEL = using("cpm", components=EVERY)


def points(frame: pd.DataFrame, name: str) -> list[float]:
    frame = frame.assign(strategic_fit=frame.get("strategic_fit"))
    base = Base(frame, frame["revenue"].to_numpy(np.int64), MODEL, DAY)
    return [round(float(one), 1) for one in components.points(base, components.fit_limits(base))[name]]


def test_growth_ranks_the_change_and_says_nothing_of_new_customers() -> None:
    frame = accounts(
        customer(200, revenue_before=100), customer(50, revenue_before=100), customer(100),
        customer(0, revenue_before=9),
    )  # fmt: skip
    doubled, halved, new, gone = points(frame, "growth")
    assert (doubled, halved, gone) == (100.0, 66.6, 33.3)
    assert np.isnan(new)


def test_loyalty_is_the_mean_of_tenure_regularity_breadth_and_contract() -> None:
    half = {"first_transaction_on": DAY - pd.Timedelta(days=913), "active_quarters": 4, "product_families": 5}
    frame = accounts(customer(1, **half, contracts_active=1), {})
    known, unknown = points(frame, "loyalty")
    assert known == round(100 * (913 / (5 * 365.25) + 0.5 + 1 + 1) / 4, 1)
    assert np.isnan(unknown)


@pytest.mark.parametrize(
    ("rating", "given"), [("5", 100), ("1", 0), (" 4 ", 75), ("yes", 100), ("6", None), ("x", None)]
)
def test_fit_is_a_rating_from_one_to_five(rating: str, given: float | None) -> None:
    (found,) = points(accounts(customer(1, strategic_fit=rating)), "fit")
    assert found == given if given is not None else np.isnan(found)


def test_what_nobody_rated_gives_its_weight_to_the_others_and_what_nobody_bought_is_nothing() -> None:
    frame = accounts(customer(10, strategic_fit="5"), customer(10), customer(0, strategic_fit="5", transactions=0))
    model = using("cpm", components={"money": 60, "fit": 40})
    table = pipeline.score(frame, model, pipeline.calibrate(frame, model, DAY), DAY)
    assert table["value_score"].tolist() == [100.0, 100.0, 40.0]
    middle = using("cpm", components={"money": 60, "fit": 40}, unknown={"fit": "middle"})
    table = pipeline.score(frame, middle, pipeline.calibrate(frame, middle, DAY), DAY)
    assert table["value_score"].tolist() == [100.0, 80.0, 40.0]


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000))
def test_contributions_add_up_to_the_score(seed: int) -> None:
    frame = company(60, seed)
    table = pipeline.score(frame, MODEL, pipeline.calibrate(frame, MODEL, DAY), DAY)
    for score, reasons in zip(table["value_score"], table["reasons"], strict=True):
        added = [reason["points"] for reason in reasons if reason["points"] is not None]
        assert len(added) == len(EVERY)
        assert sum(added) == pytest.approx(score, abs=1e-9)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000), st.floats(1, 1_000_000))
def test_more_revenue_never_lowers_the_score_all_else_equal(seed: int, more: float) -> None:
    frame = company(60, seed)
    fitted = pipeline.calibrate(frame, MODEL, DAY)
    richer = frame.assign(**{name: frame[name] + round(more * 10_000) for name in ("revenue", "revenue_cost_known")})
    before = pipeline.score(frame, MODEL, fitted, DAY)["value_score"]
    assert (pipeline.score(richer, MODEL, fitted, DAY)["value_score"] >= before).all()


def test_rounding_goes_to_who_lost_most_by_it() -> None:
    model = using("cpm", components={"money": 33.3, "recency": 33.3, "frequency": 33.4})
    parts = value.contributions({name: np.array([50.0]) for name in ("money", "recency", "frequency")}, model)
    assert {name: part.tolist() for name, part in parts.items()} == {
        "money": [16.7], "recency": [16.6], "frequency": [16.7],
    }  # fmt: skip


def test_amounts_in_a_currency_of_small_units_do_not_overflow() -> None:
    """A hundred billion dong is four million euro."""
    rows = [customer(7e8, revenue_before=1.6e11), customer(3e10, revenue_before=3e10), customer(1e13, freight=1e13)]
    frame = accounts(*rows)
    model = default(value={"components": {"growth": 100}})
    table = pipeline.score(frame, model, pipeline.calibrate(frame, model, DAY), DAY)
    assert table["value_score"].tolist() == [50.0, 100.0, 0.0]
    assert table["cost_to_serve"][2] == 250.0
