"""Which plans wait for a person: decided from figures alone."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from scoring.model.shape import Guard
from sync.writing import guard
from sync.writing.guard import Facts

TIERS = ("platinum", "gold", "silver", "bronze")


def codes(facts: Facts, limits: Guard | None = None) -> list[str]:
    return [reason.code for reason in guard.judge(facts, limits or Guard(), TIERS, str.title)]


@pytest.mark.parametrize(
    ("moves", "expected"),
    [
        ({("", "gold"): 1000}, []),  # first tiers surprise nobody
        ({("gold", "platinum"): 150}, []),
        ({("gold", "platinum"): 151}, ["TIERS_MOVED"]),
        ({("gold", "silver"): 100}, []),
        ({("gold", "silver"): 101}, ["DOWNGRADES"]),
        ({("gold", "silver"): 101, ("silver", "gold"): 50}, ["TIERS_MOVED", "DOWNGRADES"]),
        ({("gold", ""): 51}, ["TIERS_LOST"]),
    ],
)
def test_tier_moves_beyond_a_share_hold_the_run(moves: Mapping[tuple[str, str], int], expected: list[str]) -> None:
    assert codes(Facts(1000, moves)) == expected


def test_a_few_records_never_hold_a_run() -> None:
    assert codes(Facts(30, {("gold", "silver"): 19, ("gold", ""): 9})) == []
    assert codes(Facts(30, {("gold", "silver"): 20})) == ["TIERS_MOVED", "DOWNGRADES"]


def test_a_source_that_shrank_is_named_with_its_figures() -> None:
    facts = Facts(
        0, {}, records={"order": 700, "ticket": 50}, earlier_records={"order": 1000, "ticket": 50, "call": 90}
    )
    found = list(guard.judge(facts, Guard(), TIERS, str.title))
    assert [reason.code for reason in found] == ["SOURCE_SHRANK", "SOURCE_SHRANK"]
    assert "300 of 1,000 order records (30%)" in found[0].message
    assert "90 of 90 call records" in found[1].message


def test_a_segment_may_not_lose_all_its_accounts_unless_the_model_says_so() -> None:
    facts = Facts(0, {}, segments={"energy": 5}, earlier_segments={"energy": 5, "services": 40, "tiny": 3})
    assert codes(facts) == ["SEGMENT_EMPTIED"]
    assert codes(facts, Guard(segments_may_empty=True)) == []
