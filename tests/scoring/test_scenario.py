"""Scenarios: what other rates would cost and move, against the cuts in force or new ones."""

from __future__ import annotations

import pytest

from scoring import pipeline, scenario
from scoring.money import SCALE
from tests.scoring.frames import DAY, accounts, customer, default

MODEL = default()
#: Twenty customers of equal worth per visit, dearer ones last.
FRAME = accounts(*(customer(10_000 + 10 * n, visits=n % 4, calls=n) for n in range(20)))
HELD = pipeline.calibrate(FRAME, MODEL, DAY)


def test_a_rate_changes_cost_by_the_minutes_of_its_role() -> None:
    found = scenario.compare(FRAME, MODEL, {"sales": 2.40}, HELD, DAY)
    minutes = sum(240 * (n % 4) + 20 * n for n in range(20))
    assert found.customers == 20
    assert found.cost[1] - found.cost[0] == round(minutes * (2.40 - 1.40) * SCALE)


def test_moves_are_counted_and_the_accounts_behind_them_come_first() -> None:
    found = scenario.compare(FRAME, MODEL, {"sales": 2.40}, HELD, DAY)
    assert sum(found.moves.values()) > 0
    assert all(sum(tiers.values()) == 20 for tiers in found.tiers)
    moved = [each.tier[0] != each.tier[1] for each in found.accounts]
    assert sum(moved) == sum(found.moves.values())
    assert moved == sorted(moved, reverse=True)
    before, after = found.accounts[0].relative
    assert before is not None
    assert after is not None
    assert after > before


def test_the_rates_of_today_change_nothing() -> None:
    found = scenario.compare(FRAME, MODEL, {"sales": 1.40}, HELD, DAY)
    assert found.cost[0] == found.cost[1]
    assert (found.moves, found.accounts) == ({}, ())


def test_cuts_made_anew_follow_a_rise_that_all_share() -> None:
    kept, anew = (
        scenario.compare(FRAME, MODEL, {"sales": 2.80, "order_desk": 1.60}, HELD, DAY, refit=refit)
        for refit in (False, True)
    )
    assert sum(kept.moves.values()) > sum(anew.moves.values()) == 0


def test_a_role_that_is_not_on_the_card_is_refused_with_those_that_are() -> None:
    with pytest.raises(scenario.UnknownRole, match="no role 'servce'; it has finance, order_desk, sales, service"):
        scenario.with_rates(MODEL, {"servce": 1})
