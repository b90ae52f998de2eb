"""Regions with tier cuts of their own: a figure is the same everywhere, what it takes for a class is not.

Quantiles of a region are taken of all ranked customers of the company, not of its own, so that a deviation says how
much more or less is asked for there. The share limits of tiers move the company's cuts only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from scoring import tiers
from scoring.calibration import Calibration
from scoring.model.conditions import Test
from scoring.model.cuts import Cut
from scoring.model.shape import Model
from scoring.model.tiers import Tiers
from scoring.ranks import Floats
from scoring.rules import Facts, holds, lower_first
from scoring.tiers import Cuts

Rows = npt.NDArray[np.intp]


def rows(facts: Facts, scheme: Tiers) -> dict[str, Rows]:
    """Row numbers per region, "" for the accounts of none; only those with accounts."""
    left = np.ones(facts.size, dtype=bool)
    found: dict[str, Rows] = {}
    for region in scheme.regions.deviations if scheme.regions else ():
        test = Test.model_validate({"field": scheme.regions.field if scheme.regions else "", "in": region.values})
        mine = holds(test, facts) & left
        left &= ~mine
        if mine.any():
            found[region.key] = np.flatnonzero(mine)
    return found | ({"": np.flatnonzero(left)} if left.any() or not found else {})


def parts(frame: pd.DataFrame, model: Model, calibration: Calibration, as_of: date) -> list[tuple[Rows, Calibration]]:
    """Row numbers of `frame`, with the calibration whose cuts hold for them."""
    found = rows(Facts(frame, model, as_of), model.tiers)
    return [(numbers, replace(calibration, cuts=of(calibration.cuts, key))) for key, numbers in found.items()]


def of(cuts: Cuts, region: str) -> Cuts:
    """The cuts that hold in a region; those of the company where it has none."""
    return replace(cuts, at={**cuts.at, **cuts.regional.get(region, {})})


def fitted(central: Cuts, figures: Mapping[str, Floats], facts: Facts, scheme: Tiers) -> Cuts:
    """`central` with the cuts of every region beside it, and the shares that all of them together give.

    Args:
        figures: of the customers in scope per axis, as for `tiers.fit`; `facts`: of the same customers.
    """
    if scheme.regions is None:
        return central
    regional = {
        region.key: {key: tiers.cuts_of(scheme, key, cuts, figures) for key, cuts in region.cuts.items()}
        for region in scheme.regions.deviations
    }
    whole = replace(central, regional=regional)
    if not facts.size:
        return whole
    keys = np.empty(facts.size, dtype=object)
    for region, numbers in rows(facts, scheme).items():
        chosen = {key: values[numbers] for key, values in figures.items()}
        keys[numbers] = tiers.assign(tiers.positions(chosen, of(whole, region), scheme), scheme)
    shares = {tier: round(float(np.count_nonzero(keys == tier)) / facts.size, 4) for tier in scheme.keys}
    return replace(whole, shares=shares)


def texts(frame: pd.DataFrame, model: Model, calibration: Calibration, as_of: date) -> list[str]:
    """Per account what its region asks for instead of the company's cuts; "" where these hold."""
    found = np.full(len(frame), "", dtype=object)
    scheme, held = model.tiers, calibration.cuts.quantiles
    numbers = rows(Facts(frame, model, as_of), scheme)
    for region in scheme.regions.deviations if scheme.regions else ():
        said = [
            f"{lower_first(axis.label)} is cut at {_words(region.cuts[axis.key])} instead of "
            f"{_words(axis.cuts, held.get(axis.key, ()))}"
            for axis in scheme.axes
            if axis.key in region.cuts
        ]
        found[numbers.get(region.key, np.array([], dtype=np.intp))] = f"{region.label}: {'; '.join(said)}"
    return found.tolist()


def _words(cuts: tuple[Cut, ...], fitted: Sequence[float | None] = ()) -> str:
    """Cuts in words; `fitted`: the quantiles they stand at, where the share limits of tiers have moved them."""
    stand = [*fitted, *[None] * (len(cuts) - len(fitted))]
    found = []
    for cut, moved in zip(cuts, stand, strict=True):
        share = cut.quantile if moved is None else moved
        words = [] if cut.quantile is None or share is None else [f"{100 * share:g} % of the customers"]
        found.append(" or ".join([*words, *([] if cut.at is None else [f"{cut.at:,g}"])]))
    return ", ".join(found)
