"""Percentile points."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scoring import ranks

AMOUNTS = st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=200)


@given(AMOUNTS)
def test_the_greatest_gets_a_hundred_and_order_is_kept(amounts: list[int]) -> None:
    values = np.array(sorted(amounts), dtype=np.int64)
    points = ranks.points(values, ranks.fit(values))
    assert points[-1] == 100.0
    assert (np.diff(points) >= 0).all()
    assert points[0] > 0


@given(AMOUNTS)
def test_points_are_the_share_of_the_population_at_or_below(amounts: list[int]) -> None:
    values = np.array(amounts, dtype=np.int64)
    points = ranks.points(values, ranks.fit(values))
    shares = np.array([100 * np.mean(values <= value) for value in values])
    assert np.abs(points - shares).max() < 0.1 + 1e-9


def test_below_the_smallest_and_without_a_population_there_are_no_points() -> None:
    limits = ranks.fit(np.array([10, 20], dtype=np.int64))
    assert ranks.points(np.array([9, 10, 19, 20, 99], dtype=np.int64), limits).tolist() == [
        0.0,
        50.0,
        50.0,
        100.0,
        100.0,
    ]
    assert ranks.fit(np.array([], dtype=np.int64)) == ()
    assert ranks.points(np.array([5], dtype=np.int64), ()).tolist() == [0.0]
