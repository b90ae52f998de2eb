"""Random draws that the parts of the company share. Every part has a generator of its own, so that a change in one
part does not change the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, TypeVar

import numpy as np

T = TypeVar("T")
Part = Literal["people", "catalogue", "accounts", "orders", "deals", "service", "activities", "entries", "other crm"]
_PARTS: tuple[Part, ...] = (
    "people",
    "catalogue",
    "accounts",
    "orders",
    "deals",
    "service",
    "activities",
    "entries",
    "other crm",
)


def generator(seed: int, part: Part) -> np.random.Generator:
    return np.random.default_rng([seed, _PARTS.index(part)])


def weighted(rng: np.random.Generator, weights: Mapping[T, float], size: int) -> list[T]:
    """`size` keys, each drawn with its weight."""
    keys = list(weights)
    shares = np.array(list(weights.values()), dtype=float)
    return [keys[i] for i in rng.choice(len(keys), size=size, p=shares / shares.sum())]


def quota(rng: np.random.Generator, shares: Mapping[T, float], size: int) -> list[T]:
    """`size` keys in random order; each as often as its share says and at least once, the first takes the rest."""
    first, *others = shares
    keys = [key for key in others for _ in range(max(1, round(shares[key] * size)))]
    keys += [first] * max(0, size - len(keys))
    return [keys[i] for i in rng.permutation(len(keys))[:size]]


def some(rng: np.random.Generator, pool: Sequence[T], share: float, least: int) -> list[T]:
    """A part of the pool, in random order; a small pool still gives `least`."""
    count = min(len(pool), max(least, round(share * len(pool))))
    return [pool[i] for i in rng.permutation(len(pool))[:count]]


def moment(rng: np.random.Generator, day: date) -> datetime:
    """Some time of a working day."""
    return datetime.combine(day, time(7), tzinfo=UTC) + timedelta(minutes=int(rng.integers(600)))


def workday(day: date) -> date:
    """The day, or the Friday before a weekend."""
    return day - timedelta(days=max(0, day.weekday() - 4))
