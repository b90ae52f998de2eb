"""Value profile: the cell of the matrix an account falls into, and what the customers of a profile value.

Drivers are ranked per project by experts, never rated: asked one by one, everything is important. The ranks of all
projects of a profile give its driver profile; Kendall's W (Kendall & Babington Smith 1939) says how far they agree,
0 not at all, 1 entirely.
"""

from __future__ import annotations

from itertools import chain, product

import numpy as np
import pandas as pd

from scoring.model.shape import Model, ValueProfile
from scoring.rules import Facts, fill_gaps, first_match, lower_first, tested_fields


def assign(facts: Facts, model: Model) -> pd.DataFrame:
    """Columns value_profile (key or None) and value_profile_why.

    An account that falls into no class of an axis has no profile, and the why says what is missing.
    """
    matrix = model.value_profile
    profiles = cell_profiles(matrix)
    cell = np.zeros(facts.size, dtype=np.intp)
    placed = np.ones(facts.size, dtype=bool)
    why = np.full(facts.size, "", dtype=object)
    for axis in matrix.axes:
        codes, texts = first_match([part.rules for part in axis.classes], facts)
        tested = tested_fields(list(chain.from_iterable(part.rules for part in axis.classes)))
        texts = fill_gaps(texts, codes < 0, tested, facts)
        why = np.where(placed & (codes >= 0), _and(why, texts), np.where(placed, texts, why))
        placed &= codes >= 0
        cell = cell * len(axis.classes) + codes
    keys = np.array([*profiles.values(), None], dtype=object)
    return pd.DataFrame(
        {"value_profile": keys[np.where(placed, cell, len(profiles))], "value_profile_why": why.astype(object)}
    )


def _and(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    joined = [f"{a} and {lower_first(b)}" if a else b for a, b in zip(first, second, strict=True)]
    return np.array(joined, dtype=object)


def cell_profiles(matrix: ValueProfile) -> dict[tuple[str, ...], str]:
    """Profile of every combination of classes, one per axis, in the order of the axes and their classes."""
    axes = {axis.key: tuple(part.key for part in axis.classes) for axis in matrix.axes}
    found = {
        combination: cell.profile
        for cell in matrix.cells
        for combination in product(*(cell.where.get(axis, classes) for axis, classes in axes.items()))
    }
    return {combination: found[combination] for combination in product(*axes.values())}


def driver_profile(model: Model) -> pd.DataFrame:
    """What each profile's customers value, from the projects that were ranked.

    One row per profile and driver, most important first. Columns: profile, driver, label, mean_rank (1 is most
    important), projects (how many were ranked), agreement (Kendall's W over them, 2 decimals; NA below two).
    """
    matrix = model.value_profile
    columns = ["profile", "driver", "label", "mean_rank", "projects", "agreement"]
    axes = [axis.key for axis in matrix.axes]
    by_cell = cell_profiles(matrix)
    rows = []
    for profile in matrix.profiles:
        rankings = [
            ranking.drivers
            for ranking in matrix.rankings
            if (ranking.profile or by_cell[tuple(ranking.cell[axis] for axis in axes)]) == profile.key
        ]
        if not rankings:
            continue
        ranks = np.array([[ranking.index(driver.key) + 1 for driver in matrix.drivers] for ranking in rankings])
        agreement = round(kendall_w(ranks), 2) if len(ranks) > 1 else None
        means = ranks.mean(axis=0)
        for position in np.argsort(means, kind="stable"):
            driver = matrix.drivers[position]
            mean = round(float(means[position]), 2)
            rows.append((profile.key, driver.key, driver.label, mean, len(ranks), agreement))
    return pd.DataFrame(rows, columns=columns).astype({"agreement": "Float64"})


def kendall_w(ranks: np.ndarray) -> float:
    """Kendall's coefficient of concordance of rankings without ties: `ranks[judge, item]`, ranks 1..n.

    W = 12 S / (m^2 (n^3 - n)), S the squared deviations of the items' rank sums from their mean.

    >>> kendall_w(np.array([[1, 2, 3], [1, 2, 3]]))
    1.0
    """
    judges, items = ranks.shape
    sums = ranks.sum(axis=0)
    deviations = float(((sums - sums.mean()) ** 2).sum())
    return float(12 * deviations / (judges**2 * (items**3 - items)))
