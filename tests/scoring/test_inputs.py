"""What scoring refuses to work with, in which words: no wrong figure goes in unseen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from scoring import pipeline
from scoring.inputs import UnusableInput
from tests.scoring.frames import DAY, LAST, accounts, customer, default

MODEL = default()
FRAME = accounts(*(customer(100 * number, visits=number % 3) for number in range(1, 21)))
FITTED = pipeline.calibrate(FRAME, MODEL, DAY)
SCORES = pipeline.score(FRAME, MODEL, FITTED, DAY)
BEFORE = pd.DataFrame(
    {
        "account_id": SCORES["account_id"], "position": SCORES["position"], "tier_since": SCORES["tier_since"],
        "as_of": "2026-10-01", "cause": "behaviour", "decision": "",
    }
)  # fmt: skip


def with_third(name: str, value: Any) -> pd.DataFrame:
    """The features with one value of the third account changed."""
    values = FRAME[name].tolist()
    return FRAME.assign(**{name: [*values[:2], value, *values[3:]]})


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (FRAME.drop(columns=["revenue", "visits"]), "Features lack the columns visits, revenue. Build them with"),
        (pd.concat([FRAME, FRAME[["orders"]]], axis=1), "Features have more than one column orders"),
        (pd.concat([FRAME, FRAME.iloc[2:4]]), "Account A00002 is in the features more than once (2 such accounts)"),
        (with_third("account_id", None), "account_id is empty in 1 of 20 rows"),
        (with_third("revenue", np.nan), "revenue is missing or infinite in 1 of 20 rows, first of account A00002"),
        (with_third("product_cost", np.inf), "product_cost is missing or infinite in 1 of 20 rows"),
        (with_third("freight", 0.5), "freight is no whole number in 1 of 20 rows, first of account A00002"),
        (with_third("tickets", -1), "tickets is below 0 in 1 of 20 rows, first of account A00002. It is a count"),
        (with_third("orders", "two"), "Column orders holds object, not whole numbers"),
        (FRAME.assign(orders=True), "Column orders holds bool, not whole numbers"),
        (FRAME.assign(revenue=2**62), "The amounts of revenue are too large to add up"),
        (FRAME.assign(last_transaction_on="2026-10-20"), "Column last_transaction_on holds str, not dates"),
        (FRAME.assign(last_transaction_on=pd.Timestamp(LAST, tz="UTC")), "Column last_transaction_on has a time zone"),
        (FRAME.assign(last_transaction_on=pd.Timestamp(DAY)), "last_transaction_on is not before 2026-11-01 in 20 of"),
        (None, "Features are a NoneType; give a DataFrame"),
    ],
)
def test_features_that_cannot_be_are_refused(frame: Any, words: str) -> None:
    asked: list[Callable[[], object]] = [
        lambda: pipeline.calibrate(frame, MODEL, DAY),
        lambda: pipeline.score(frame, MODEL, FITTED, DAY),
        lambda: pipeline.standing(frame, MODEL, FITTED, DAY),
    ]
    for ask in asked:
        with pytest.raises(UnusableInput) as refused:
            ask()
        assert str(refused.value).startswith(words)


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (BEFORE.drop(columns="decision"), "Earlier tiers lack the columns decision"),
        (pd.concat([BEFORE, BEFORE.iloc[:1]]), "Account A00000 is in the earlier tiers more than once"),
        (BEFORE.assign(cause="because"), "cause is not one of behaviour, data correction, rule change, merge in 20 of"),
        (BEFORE.assign(decision="maybe"), "decision is not one of accepted, rejected, deferred, nothing in 20 of 20"),
        (BEFORE.assign(tier_since="last year"), "tier_since is no ISO date in 20 of 20 rows"),
    ],
)
def test_earlier_tiers_that_cannot_be_are_refused(before: pd.DataFrame, words: str) -> None:
    for ask in (pipeline.score, pipeline.settled):
        with pytest.raises(UnusableInput) as refused:
            ask(FRAME, MODEL, FITTED, DAY, before)
        assert str(refused.value).startswith(words)


def test_earlier_tiers_of_another_scheme_bind_nobody() -> None:
    other = BEFORE.assign(position=pd.Series([["a"]] * len(BEFORE)))
    assert pipeline.score(FRAME, MODEL, FITTED, DAY, other)["tier"].tolist() == SCORES["tier"].tolist()


def test_a_calibration_of_another_model_is_refused() -> None:
    ranks = default(tiers={"scheme": "ranks", "labels": {}, "cuts": {}})
    with pytest.raises(UnusableInput, match="of another model: it lacks cuts of axis value"):
        pipeline.score(FRAME, ranks, FITTED, DAY)
    wider = default(value={"components": {"money": 50, "recency": 50}})
    with pytest.raises(UnusableInput, match="it lacks limits of recency"):
        pipeline.standing(FRAME, wider, FITTED, DAY)


@pytest.mark.parametrize("day", ["2026-11-01", pd.Timestamp(DAY), date(1, 1, 1), None])
def test_the_date_scored_for_is_a_date(day: Any) -> None:
    with pytest.raises(UnusableInput, match=r"^The date scored for is "):
        pipeline.calibrate(FRAME, MODEL, day)


def test_whole_numbers_of_any_type_are_read_alike() -> None:
    plain = SCORES.to_json()
    for kind in (float, "Int64", object):
        other = FRAME.astype(dict.fromkeys(("revenue", "orders", "product_cost"), kind))
        fitted = pipeline.calibrate(other, MODEL, DAY)
        assert fitted.to_json() == FITTED.to_json()
        assert pipeline.score(other, MODEL, fitted, DAY).to_json() == plain
