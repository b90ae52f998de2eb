"""A tier stands firm against swings around a boundary, and moves at once when the record, not the customer, changed."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring import tiers
from scoring.model.tiers import Tiers
from scoring.periods import months_after
from scoring.tiers import stability

LAST, NOW, REVIEW = date(2026, 10, 1), date(2026, 11, 1), date(2027, 1, 1)
CUTS = tiers.Cuts({"value": (60.0,), "cost": (20.0,)})
PLATINUM, GOLD, SILVER = (70.0, 10.0), (70.0, 40.0), (30.0, 10.0)


def scheme(**rules: Any) -> Tiers:
    return Tiers.model_validate({"stability": {"hysteresis": 0.05, "dwell_months": 3, "review": "quarter", **rules}})


def settle(
    figures: tuple[float, float],
    position: list[str] | None,
    *,
    since: date | None = date(2025, 1, 1),
    last: date = LAST,
    as_of: date = NOW,
    cause: str = "behaviour",
    decision: str = "",
    **rules: Any,
) -> tuple[str, str, date | None]:
    """Tier, why it is kept, and its first day, of one account."""
    model = scheme(**rules)
    axes = {"value": np.array([figures[0]]), "cost": np.array([figures[1]])}
    row = {"account_id": "A", "position": position, "tier_since": since, "as_of": last, "cause": cause}
    row["decision"] = decision
    before = pd.DataFrame({name: pd.Series([value], dtype=object) for name, value in row.items()})
    found = stability.settle(axes, tiers.positions(axes, CUTS, model), before, CUTS, model, as_of)
    return str(tiers.assign(found.positions, model)[0]), found.held[0], found.since[0]


def test_a_new_account_stands_where_its_figures_put_it() -> None:
    assert settle(PLATINUM, None, since=None) == ("platinum", "", NOW)


def test_a_figure_has_to_pass_the_boundary_by_the_band() -> None:
    tier, held, since = settle((62.9, 10.0), ["low", "low"])
    assert (tier, since) == ("silver", date(2025, 1, 1))
    assert held == "Platinum by the figures alone, but a figure has to pass the boundary by 5 %"
    assert settle((63.0, 10.0), ["low", "low"]) == ("platinum", "", NOW)
    assert settle((57.0, 10.0), ["high", "low"], as_of=REVIEW)[0] == "platinum"
    assert settle((56.9, 10.0), ["high", "low"], as_of=REVIEW)[0] == "silver"


def test_what_brings_nothing_and_costs_without_end_is_beyond_every_band() -> None:
    assert settle((-np.inf, np.inf), ["high", "low"], as_of=REVIEW, one_step=False)[0] == "bronze"


def test_a_tier_is_kept_for_its_minimum_stay() -> None:
    tier, held, since = settle(PLATINUM, ["low", "low"], since=date(2026, 9, 1))
    assert (tier, since) == ("silver", date(2026, 9, 1))
    assert held.endswith("a tier is kept 3 months at least, here until 2026-12-01")
    assert settle(PLATINUM, ["low", "low"], since=date(2026, 8, 1))[0] == "platinum"


def test_down_only_at_a_review_and_up_at_any_turn() -> None:
    tier, held, _ = settle(SILVER, ["high", "low"])
    assert (tier, held) == (
        "platinum",
        "Silver by the figures alone, but a tier goes down only at a review, the next is on 2027-01-01",
    )
    assert settle(SILVER, ["high", "low"], as_of=REVIEW) == ("silver", "", REVIEW)
    assert settle(PLATINUM, ["low", "low"])[0] == "platinum"
    assert settle(SILVER, ["high", "low"], last=date(2026, 12, 1), as_of=date(2027, 2, 1))[0] == "silver", "one missed"


def test_a_review_moves_one_boundary_of_one_axis() -> None:
    tier, held, _ = settle((30.0, 40.0), ["high", "low"], as_of=REVIEW)
    assert (tier, held) == ("silver", "Bronze by the figures alone, but a review moves one step at most")
    assert settle((30.0, 40.0), ["high", "low"], as_of=REVIEW, one_step=False)[0] == "bronze"


@pytest.mark.parametrize("cause", ["data correction", "rule change", "merge"])
def test_what_is_no_behaviour_moves_at_once(cause: str) -> None:
    assert settle((30.0, 40.0), ["high", "low"], since=LAST, cause=cause) == ("bronze", "", NOW)


@pytest.mark.parametrize(
    ("decision", "tier", "why"),
    [
        ("", "platinum", "the move waits for the review round"),
        ("rejected", "platinum", "the review round kept the tier, the next is on 2027-04-01"),
        ("deferred", "platinum", "the review round put it off to 2027-04-01"),
        ("accepted", "silver", ""),
    ],
)
def test_a_move_down_can_wait_for_the_review_round(decision: str, tier: str, why: str) -> None:
    found, held, _ = settle(SILVER, ["high", "low"], as_of=REVIEW, approval="down", decision=decision)
    assert found == tier
    assert held.endswith(why)
    assert settle(PLATINUM, ["low", "low"], approval="down")[0] == "platinum", "up is free"


def test_a_position_of_another_scheme_binds_nothing() -> None:
    model = scheme()
    axes = {"value": np.array([10.0]), "cost": np.array([5.0])}
    row = {"account_id": "A", "position": ["b"], "tier_since": LAST, "as_of": LAST, "cause": "behaviour"}
    row["decision"] = ""
    before = pd.DataFrame({name: pd.Series([value], dtype=object) for name, value in row.items()})
    found = stability.settle(axes, tiers.positions(axes, CUTS, model), before, CUTS, model, NOW)
    assert (tiers.assign(found.positions, model)[0], found.since) == ("silver", [NOW])


FIGURE = st.tuples(st.floats(0, 100), st.floats(0, 100))


@settings(max_examples=150, deadline=None)
@given(st.lists(FIGURE, min_size=2, max_size=30), st.integers(1, 12), st.sampled_from(["month", "quarter", "year"]))
def test_never_two_moves_inside_the_minimum_stay(path: list[tuple[float, float]], dwell: int, review: str) -> None:
    day, position, since, moved = date(2024, 1, 1), None, None, []  # type: date, list[str] | None, date | None, list[date]
    model = scheme(dwell_months=dwell, review=review)
    tier = ""
    for figures in path:
        axes = {"value": np.array([figures[0]]), "cost": np.array([figures[1]])}
        row = {"account_id": "A", "position": position, "tier_since": since}
        row |= {"as_of": months_after(day, -1), "cause": "behaviour", "decision": ""}
        before = pd.DataFrame({name: pd.Series([value], dtype=object) for name, value in row.items()})
        found = stability.settle(axes, tiers.positions(axes, CUTS, model), before, CUTS, model, day)
        (now,) = tiers.assign(found.positions, model)
        if tier and now != tier:
            moved.append(day)
        tier, since = now, found.since[0]
        position = [["low", "high"][place] for place in found.positions[0]]
        day = months_after(day, 1)
    assert all(months_after(first, dwell) <= second for first, second in pairwise(moved))
