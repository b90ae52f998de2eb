"""The bench of the BG/NBD fit fails where a figure misses what is promised."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.bench.clv import MILLION, Compared, Fit

FIT = Fit(1.0, 0.0, -1.0, [], 0.0)


ROW = Compared(
    base="b2b", customers=MILLION, mean_orders=11.0, ours=FIT, lifetimes=FIT, speed_ratio=60.0,
    speed_ratio_without_errors=20.0, log_likelihood_difference=1e-9, load_before=0.0, load_after=0.0,
)  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "kept"),
    [
        ({}, True),
        ({"speed_ratio_without_errors": 19.9}, False),
        ({"base": "cdnow-like", "speed_ratio_without_errors": 49.9}, False),
        ({"base": "any-time", "speed_ratio_without_errors": 3.0}, True),
        ({"customers": 20_000, "speed_ratio_without_errors": 3.0}, True),
        ({"customers": 20_000, "log_likelihood_difference": 2e-6}, False),
    ],
)
def test_what_is_promised_is_held_to_like_for_like(changed: dict[str, Any], kept: bool) -> None:
    assert replace(ROW, **changed).kept is kept
