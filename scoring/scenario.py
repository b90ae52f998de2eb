"""What if a minute cost more: cost to serve and tiers under other rates, beside today's. Nothing is published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from scoring import pipeline
from scoring.calibration import Calibration
from scoring.model.shape import Model

#: Accounts of a scenario that are named.
NAMED = 20


class UnknownRole(ValueError):
    """A rate for a role that the model's rate card does not have."""


@dataclass(frozen=True)
class Affected:
    """An account and what it comes to; costs in 1/10,000 of the currency, `relative` per 100 of the basis or None."""

    account_id: str
    name: str
    cost: tuple[int, int]
    relative: tuple[float | None, float | None]
    tier: tuple[str, str]


@dataclass(frozen=True)
class Scenario:
    """Today and the scenario, over all accounts that have a tier.

    Attributes:
        cost: cost to serve of all of them, in 1/10,000 of the currency.
        tiers: customers per tier.
        moves: customers per pair of tiers, most first.
        accounts: those most affected: whose tier moves, then whose cost changes most; at most `NAMED`.
    """

    customers: int
    cost: tuple[int, int]
    tiers: tuple[Mapping[str, int], Mapping[str, int]]
    moves: Mapping[tuple[str, str], int]
    accounts: tuple[Affected, ...]


def with_rates(model: Model, rates: Mapping[str, float]) -> Model:
    """The model with other costs per minute. Raises `UnknownRole`."""
    card = model.cost_to_serve
    for role in rates:
        if role not in card.cost_per_minute:
            known = ", ".join(sorted(card.cost_per_minute)) or "none"
            raise UnknownRole(f"The rate card has no role '{role}'; it has {known}.")
    changed = card.model_copy(update={"cost_per_minute": {**card.cost_per_minute, **rates}})
    return model.model_copy(update={"cost_to_serve": changed})


def compare(
    frame: pd.DataFrame,
    model: Model,
    rates: Mapping[str, float],
    calibration: Calibration,
    as_of: date,
    *,
    refit: bool = False,
) -> Scenario:
    """Today's figures under both rate cards, by figures alone: stability would let some moves wait.

    Args:
        frame: features of all accounts (columns of `scoring.features.build`).
        calibration: the one in force. Its cuts hold in the scenario too, as they would until the next calibration.
        refit: fit new cuts to the scenario instead, as the next calibration would.
    """
    changed = with_rates(model, rates)
    fitted = pipeline.calibrate(frame, changed, as_of) if refit else calibration
    before = pipeline.standing(frame, model, calibration, as_of)
    after = pipeline.standing(frame, changed, fitted, as_of)
    has_tier = before["tier"].notna().to_numpy()
    names = frame["name"].reset_index(drop=True)[has_tier]
    before, after = before[has_tier], after[has_tier]
    moved = before["tier"].to_numpy() != after["tier"].to_numpy()
    pairs = zip(before["tier"][moved], after["tier"][moved], strict=True)
    return Scenario(
        customers=int(has_tier.sum()),
        cost=(int(before["cost"].sum()), int(after["cost"].sum())),
        tiers=(_counted(before["tier"], model), _counted(after["tier"], model)),
        moves=dict(Counter(pairs).most_common()),
        accounts=_most_affected(before, after, names, moved),
    )


def _counted(tiers: pd.Series, model: Model) -> Mapping[str, int]:
    counts = Counter(tiers)
    return {key: counts[key] for key in model.tiers.keys}


def _most_affected(
    before: pd.DataFrame, after: pd.DataFrame, names: pd.Series, moved: np.ndarray
) -> tuple[Affected, ...]:
    change = np.abs(after["cost"].to_numpy(np.int64) - before["cost"].to_numpy(np.int64))
    order = np.lexsort((before["account_id"].to_numpy(str), -change, ~moved))
    chosen = [row for row in order[:NAMED].tolist() if moved[row] or change[row]]
    return tuple(
        Affected(
            account_id=str(now["account_id"]),
            name=name if isinstance(name, str) else str(now["account_id"]),
            cost=(int(now["cost"]), int(then["cost"])),
            relative=(_known(now["cost_to_serve"]), _known(then["cost_to_serve"])),
            tier=(str(now["tier"]), str(then["tier"])),
        )
        for (_, now), (_, then), name in zip(
            before.iloc[chosen].iterrows(), after.iloc[chosen].iterrows(), names.iloc[chosen], strict=True
        )
    )


def _known(figure: float) -> float | None:
    return float(figure) if np.isfinite(figure) else None
