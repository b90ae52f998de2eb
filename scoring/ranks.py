"""Percentile points: how many percent of the customers an amount reaches, by limits fitted once.

The limits are the 0.1 %, 0.2 % ... 100 % quantiles of the population by inverted distribution function, so each is an
observed amount. The points of an amount are the limits it reaches, in tenths: equal amounts get equal points, the
population's greatest gets 100.0, and an amount below its smallest gets 0.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
_STEPS = np.arange(1, 1001) / 1000
Figures = TypeVar("Figures", Ints, Floats)


def quantiles(values: Figures, shares: npt.ArrayLike) -> Figures:
    """By inverted distribution function: the smallest value that at least such a share of all does not exceed.

    numpy's own takes the value above where the product with the number of values is a digit off (0.55 x 20), and turns
    whole amounts into floats, which cannot hold large ones.
    """
    place = np.ceil(np.round(np.asarray(shares) * len(values), 6)).astype(np.int64)
    return np.sort(values)[np.clip(place, 1, len(values)) - 1]


def fit(population: Ints) -> tuple[int, ...]:
    """The limits; none where the population is empty."""
    if not population.size:
        return ()
    return tuple(quantiles(population, _STEPS).tolist())


def points(amounts: Ints, limits: tuple[int, ...]) -> Floats:
    """Points of each amount, 0.0 to 100.0 with one decimal; 0 where there are no limits."""
    if not limits:
        return np.zeros(len(amounts))
    return np.searchsorted(np.array(limits, dtype=np.int64), amounts, side="right") / 10
