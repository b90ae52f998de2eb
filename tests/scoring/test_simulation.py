"""Tier churn of past periods: what stability holds back, and who comes back to where he was."""

from __future__ import annotations

from datetime import date

import pandas as pd

from scoring import simulation
from scoring.model import Model
from tests.scoring.frames import accounts, customer, default

DAYS = [date(2026, month, 1) for month in (1, 2, 3, 4)]
FREE = {"hysteresis": 0.0, "dwell_months": 0, "one_step": False, "review": "month", "approval": "none"}


def model(**stability: object) -> Model:
    return default(tiers={"stability": {**FREE, **stability}})


def periods(*first: float) -> list[tuple[date, pd.DataFrame]]:
    """Twenty customers of which the first brings another revenue in each period."""
    bought = date(2025, 12, 20)
    rest = [customer(1000 * number, last_transaction_on=bought) for number in range(2, 21)]
    return [
        (day, accounts(customer(revenue, last_transaction_on=bought), *rest))
        for day, revenue in zip(DAYS, first, strict=False)
    ]


def test_a_customer_that_goes_up_and_down_is_counted_and_comes_back() -> None:
    turns = simulation.walk(periods(1000, 50_000, 1000), model())
    assert [turn.as_of for turn in turns] == DAYS[1:3]
    up, down = turns
    assert up.up >= 1
    assert down.back >= 1
    assert down.customers == 20
    assert down.moved == down.up + down.down


def test_a_year_of_dwell_keeps_the_tier_that_the_figures_alone_would_move() -> None:
    up, down = simulation.walk(periods(1000, 50_000, 1000), model(dwell_months=12))
    assert (up.moved, down.moved) == (0, 0)
    assert up.by_figures >= 1


def test_nothing_moves_where_nothing_changes() -> None:
    assert [turn.moved for turn in simulation.walk(periods(1000, 1000, 1000, 1000), model())] == [0, 0, 0]
