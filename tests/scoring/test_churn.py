"""Churn learned from customers that left: found where it can be, by rules where it cannot, told with its signals."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

from scoring import churn, pipeline
from scoring.calibration import Calibration
from tests.scoring.frames import DAY, accounts, customer, default

SINCE = date(2026, 5, 1)
MODEL = default(value={"basis": "revenue"})


def base(number: int, seed: int = 3, link: float = 3.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Features before and after six months: those that had been silent longest mostly ordered nothing any more."""
    draw = np.random.default_rng(seed)
    silent = draw.integers(5, 300, number)
    left = draw.random(number) < 1 / (1 + np.exp(-link * (silent / 100 - 2)))
    was, now = [], []
    for days, gone in zip(silent.tolist(), left.tolist(), strict=True):
        last = pd.Timestamp(SINCE) - pd.Timedelta(days=days)
        row: dict[str, Any] = {
            "first_transaction_on": "2024-01-01", "last_transaction_on": last, "transactions_ever": 8,
            "transaction_days_ever": 8, "transactions": 4, "active_quarters": 5,
        }  # fmt: skip
        was.append(customer(1000, **row))
        later = (
            {} if gone else {"transactions_ever": 9, "transaction_days_ever": 9, "last_transaction_on": "2026-09-15"}
        )
        now.append(customer(1000, **{**row, **later}))
    return accounts(*was), accounts(*now)


def test_the_silent_are_found_and_told_with_their_signal() -> None:
    past, now = base(600)
    fitted, note = churn.fit(past, now, MODEL, SINCE, DAY)
    assert fitted is not None
    assert fitted.auc > 0.8
    assert f"{fitted.churned:,} of whom ordered nothing from 2026-05-01 to 2026-11-01" in note
    held = pipeline.calibrate(now, MODEL, DAY, past)
    assert held.churn == fitted
    assert Calibration.from_json(held.to_json()) == held
    table = pipeline.score(now, MODEL, held, DAY)
    warned = [risk for risks in table["risks"] for risk in risks if risk.startswith("Churn risk")]
    assert 0 < len(warned) < 600
    assert "no order for" in warned[0]
    assert f"({100 * fitted.average:.0f} % on average)" in warned[0]
    assert not any("usually one every" in risk for risks in table["risks"] for risk in risks)


def test_a_large_base_is_learned_from_by_accounts_all_over_it() -> None:
    ids = [f"A{number:04}" for number in reversed(range(1000))]
    assert churn.learned_from(ids, most=1000) is None
    assert churn.learned_from(ids, most=999) == sorted(ids)[::2]
    assert churn.learned_from(ids, most=120) == sorted(ids)[::9]
    past, now = base(600)
    chosen = churn.learned_from(past["account_id"].tolist(), most=300)
    assert chosen is not None
    some = past[past["account_id"].isin(chosen)]
    fitted, _ = churn.fit(some, now, MODEL, SINCE, DAY)
    assert fitted is not None
    assert fitted == churn.fit(some, now[now["account_id"].isin(chosen)], MODEL, SINCE, DAY)[0]
    assert fitted.customers == len(some)


def test_the_fit_does_not_depend_on_the_order_of_accounts() -> None:
    past, now = base(400)
    shuffled = past.sample(frac=1, random_state=1), now.sample(frac=1, random_state=2)
    assert churn.fit(*shuffled, MODEL, SINCE, DAY) == churn.fit(past, now, MODEL, SINCE, DAY)


def test_a_search_that_stops_early_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It reports success or not; the point it came to is judged."""
    search = optimize.minimize
    monkeypatch.setattr(
        optimize, "minimize", lambda *given, **more: search(*given, **{**more, "options": {"ftol": 0.1}})
    )
    fitted, note = churn.fit(*base(600), MODEL, SINCE, DAY)
    assert fitted is None
    assert "Churn risk goes by rules: the search for what sets lost customers apart failed" in note


@pytest.mark.parametrize(
    ("number", "link", "said"),
    [(60, 3.0, "100 are needed to learn"), (600, 0.0, "65 % are asked for")],
    ids=["few", "noise"],
)
def test_where_nothing_can_be_learned_rules_speak_and_say_why(number: int, link: float, said: str) -> None:
    past, now = base(number, link=link)
    held = pipeline.calibrate(now, MODEL, DAY, past)
    assert held.churn is None
    assert said in held.note
    risks = pipeline.score(now, MODEL, held, DAY)["risks"]
    assert any("usually one every" in risk for each in risks for risk in each)


def test_one_signal_alone_gives_the_odds_of_the_table() -> None:
    """300 of 400 without a contract left, 100 of 400 with one: a log odds ratio of 2 ln 3, but for the penalty."""
    past = accounts(*(customer(10, contracts_active=number % 2) for number in range(800)))
    left = [number % 8 < 6 if number % 2 == 0 else number % 8 < 2 for number in range(800)]
    now = past.assign(transactions_ever=[1 if gone else 2 for gone in left])
    fitted, _ = churn.fit(past, now, default(risk={"churn": {"min_auc": 0.5}}), SINCE, DAY)
    assert fitted is not None
    place = churn.SIGNALS.index("contract")
    assert fitted.weights[place] / fitted.scale[place] == pytest.approx(-2 * np.log(3), rel=0.05)
    assert [weight for number, weight in enumerate(fitted.weights) if number != place] == [0.0] * 13


def test_without_the_section_nothing_is_learned() -> None:
    past, now = base(400)
    assert churn.fit(past, now, default(risk={"churn": None}), SINCE, DAY) == (None, "")
