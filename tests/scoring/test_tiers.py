"""Tier cuts: the preferred ones where they serve, the nearest that keep every tier's share where not."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring import tiers
from scoring.model.tiers import Tiers
from scoring.ranks import Floats

SCHEME = Tiers.model_validate({})


def fitted(value: Floats, cost: Floats) -> tiers.Cuts:
    return tiers.fit({"value": value, "cost": cost}, SCHEME)


def assigned(value: Floats, cost: Floats, cuts: tiers.Cuts) -> npt.NDArray[np.object_]:
    return tiers.assign(tiers.positions({"value": value, "cost": cost}, cuts, SCHEME), SCHEME)


def shares(value: Floats, cost: Floats, cuts: tiers.Cuts) -> dict[str, float]:
    keys = assigned(value, cost, cuts)
    return {key: float(np.mean(keys == key)) for key in SCHEME.keys}


def test_the_preferred_cuts_stand_where_every_tier_keeps_its_share() -> None:
    rng = np.random.default_rng(1)
    value, cost = rng.random(1000), rng.random(1000)
    cuts = fitted(value, cost)
    assert (cuts.quantiles, cuts.note) == ({"value": (0.6,), "cost": (0.5,)}, "")
    assert cuts.at == {"value": (np.sort(value)[599],), "cost": (np.sort(cost)[499],)}


def test_cuts_move_as_little_as_possible_and_say_so() -> None:
    rng = np.random.default_rng(2)
    value = rng.random(1000)
    cost = 0.5 * value + 0.3 * rng.random(1000)  # who is worth more costs more, too: few platinum at the preferred cuts
    cuts = fitted(value, cost)
    assert all(0.05 <= share <= 0.5 for share in shares(value, cost, cuts).values())
    assert cuts.note.startswith("Cut moved so that every tier holds 5 % to 50 % of the customers:")
    (at_value,), (at_cost,) = cuts.quantiles["value"], cuts.quantiles["cost"]
    assert at_value
    assert at_cost
    moved = abs(at_value - 0.6) + abs(at_cost - 0.5)
    assert round(moved, 10) == _least_move(value, cost)


def _least_move(value: Floats, cost: Floats) -> float:
    """The same search by plain counting."""
    found = []
    for v in range(1, 100):
        for c in range(1, 100):
            low = np.quantile(value, v / 100, method="inverted_cdf")
            high = np.quantile(cost, c / 100, method="inverted_cdf")
            if all(
                0.05 <= share <= 0.5
                for share in shares(value, cost, tiers.Cuts({"value": (float(low),), "cost": (float(high),)})).values()
            ):
                found.append(abs(v - 60) + abs(c - 50))
    return round(min(found) / 100, 10)


def test_customers_without_value_and_those_that_cost_too_much_count_in_the_shares() -> None:
    rng = np.random.default_rng(3)
    value = np.concatenate([np.full(300, -np.inf), rng.random(700)])
    cost = np.concatenate([np.full(150, np.inf), np.full(150, -np.inf), rng.random(700)])
    cuts = fitted(value, cost)
    assert all(0.05 <= share <= 0.5 for share in shares(value, cost, cuts).values())


def test_where_no_cuts_serve_the_note_names_the_tiers_outside() -> None:
    value, cost = np.arange(100.0), np.zeros(100)  # nobody costs anything
    cuts = fitted(value, cost)
    assert shares(value, cost, cuts)["gold"] == 0
    assert "No cuts give every tier 5 % to 50 %" in cuts.note
    assert "Gold 0.0 %" in cuts.note


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=60))
def test_equal_customers_are_in_the_same_tier_and_the_stated_shares_are_true(pairs: list[tuple[int, int]]) -> None:
    value, cost = (np.array(axis, dtype=float) for axis in zip(*pairs, strict=True))
    cuts = fitted(value, cost)
    keys = assigned(value, cost, cuts)
    groups: dict[tuple[int, int], set[str]] = {}
    for pair, key in zip(pairs, keys, strict=True):
        groups.setdefault(pair, set()).add(key)
    assert all(len(found) == 1 for found in groups.values())
    stated = shares(value, cost, cuts)
    assert all(math.isclose(stated[key], cuts.shares[key], abs_tol=1e-4) for key in stated)
