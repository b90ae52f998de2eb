"""Tiers beside the company's own, by the figures alone: of business units, and of whole groups.

For comparing models and calibrations; what a run publishes of them comes from `unit_tiers` and `group_tiers`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pandas as pd

from scoring import business_units, groups, pipeline
from scoring.calibration import Calibration
from scoring.model import Model
from sync import mirror
from sync.models import Run
from sync.scores import baseline, grouping

#: What the groups of accounts are called, as one of the schemes beside the company's.
GROUPS = "Groups"
#: Account -> its tier; of a group, its head.
Tiers = Mapping[str, str]


def of(
    run: Run, as_of: date, model: Model, calibration: Calibration, whole: pd.DataFrame,
    units: Mapping[str, pd.DataFrame],
) -> dict[str, Tiers]:  # fmt: skip
    """By what people call each scheme that the model has beside the company's.

    Args:
        whole: features of all accounts (`baseline.figures`).
        units: by business unit, those of its customers (`unit_tiers.figures`).
    """
    found: dict[str, Tiers] = {}
    for unit in model.business_units.units:
        fit, part = calibration.units.get(unit.key), units[unit.key]
        known = fit is not None and not part.empty
        rules = business_units.rules(model, unit)
        found[f"Business unit {unit.label}"] = _tiers(part, rules, fit, as_of) if fit is not None and known else {}
    if model.groups.enabled:
        found[GROUPS] = _groups(run, as_of, model, calibration, whole)
    return found


def _tiers(frame: pd.DataFrame, model: Model, calibration: Calibration, as_of: date) -> Tiers:
    standing = pipeline.standing(frame, model, calibration, as_of)
    pairs = zip(standing["account_id"], standing["tier"], strict=True)
    return {account: tier for account, tier in pairs if tier is not None}


def _groups(run: Run, as_of: date, model: Model, calibration: Calibration, whole: pd.DataFrame) -> Tiers:
    if model.groups.roll_up == "sum":
        rows = baseline.group_figures(run, model, as_of, units=whole)
        return _tiers(rows, groups.rules(model), calibration, as_of)
    with mirror.reading(run.portfolio_id, "account") as tables:
        members = grouping.members(whole, grouping.tree(tables), model, as_of)
    own = _tiers(whole[whole["account_id"].isin(members)], model, calibration, as_of)
    rank = {key: place for place, key in enumerate(model.tiers.keys)}
    best: dict[str, str] = {}
    for account, tier in own.items():
        head = members[account]
        best[head] = min(best.get(head, tier), tier, key=lambda key: rank[key])
    return best
