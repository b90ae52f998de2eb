"""Segment, sub-segment and value profile by rules, driver ranks, and RFM."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import rfm, segments, value_profile
from scoring.rules import Facts
from tests.scoring.frames import DAY, accounts, default

MODEL = default()


def test_segment_and_sub_segment_come_from_the_first_rule_that_holds() -> None:
    frame = accounts({"industry": "Chemicals"}, {"industry": "Logistics"}, {"industry": None}, {"industry": "Bees"})
    found = segments.assign(Facts(frame, MODEL, DAY), MODEL)
    assert found["segment"].tolist()[:2] == ["manufacturing", "services"]
    assert found["sub_segment"].tolist()[:2] == ["process_industry", "marine_logistics"]
    assert found[["segment", "sub_segment"]].isna().iloc[2:].all(axis=None)
    assert found["segment_why"].tolist() == [
        "Industry is Chemicals",
        "Industry is Logistics",
        "Industry is missing",
        "Industry is Bees, and no rule fits",
    ]
    assert found["sub_segment_why"].tolist()[2] == "No segment, so no sub-segment"


@pytest.mark.parametrize(
    ("mode", "business", "profile", "why"),
    [
        ("24/7", "Contractor", "uptime_first", "Operation mode is 24/7 and business model is Contractor"),
        ("Seasonal", "OEM", "growth_partner", "Operation mode is Seasonal and business model is OEM"),
        ("Single shift", "Owner-operator", "lowest_lifetime_cost", None),
        ("24/7", None, None, "Business model is missing"),
        (None, None, None, "Operation mode is missing"),
    ],
)
def test_the_cell_of_the_matrix_gives_the_profile(
    mode: str | None, business: str | None, profile: str | None, why: str | None
) -> None:
    frame = accounts({"operation_mode": mode, "business_model": business})
    row = value_profile.assign(Facts(frame, MODEL, DAY), MODEL).iloc[0]
    assert (row["value_profile"] if profile else None) == profile
    assert why is None or row["value_profile_why"] == why


def test_every_cell_of_every_matrix_has_a_profile() -> None:
    cells = value_profile.cell_profiles(MODEL.value_profile)
    assert len(cells) == 9
    assert set(cells.values()) == {profile.key for profile in MODEL.value_profile.profiles}


def test_drivers_are_ordered_by_mean_rank_with_kendalls_agreement() -> None:
    drivers = value_profile.driver_profile(MODEL)
    uptime = drivers[drivers["profile"] == "uptime_first"]
    assert uptime["driver"].tolist()[0] == "service_availability"
    assert uptime["mean_rank"].tolist()[:3] == [1.0, 2.5, 3.0]
    assert uptime["projects"].unique().tolist() == [2]
    # Kendall & Babington Smith's own example: 4 judges rank 6 items, W = 0.25 (rounded from 64 / 280)
    ranks = np.array([[5, 4, 1, 6, 3, 2], [2, 3, 1, 5, 6, 4], [4, 1, 6, 3, 2, 5]])
    sums = ranks.sum(axis=0)
    assert value_profile.kendall_w(ranks) == pytest.approx(12 * ((sums - 10.5) ** 2).sum() / (9 * 210))


def test_quintiles_of_ten_different_customers_hold_two_each() -> None:
    rows = [
        {
            "transactions": n, "transactions_ever": n, "revenue": 10 * n,
            "last_transaction_on": DAY - timedelta(days=100 - n),
        }
        for n in range(1, 11)
    ]  # fmt: skip
    frame = accounts(*rows, {"transactions_ever": 0})
    scores = rfm.score(frame, rfm.fit(frame, DAY), DAY)
    for name in ("recency", "frequency", "monetary", "rfm"):
        assert scores[name].tolist()[:10] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5], name
    assert scores.iloc[10].isna().all()


@given(st.lists(st.integers(0, 5), min_size=1, max_size=40))
def test_equal_customers_have_equal_ranks_and_more_is_never_less(revenues: list[int]) -> None:
    day = date(2026, 10, 1)
    frame = accounts(
        *({"transactions_ever": 1, "last_transaction_on": day, "revenue": revenue} for revenue in revenues)
    )
    ranks = rfm.score(frame, rfm.fit(frame, DAY), DAY)["monetary"].tolist()
    pairs = sorted(zip(revenues, ranks, strict=True))
    assert len(set(pairs)) == len(set(revenues))
    assert [rank for _, rank in pairs] == sorted(ranks)
