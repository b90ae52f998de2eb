"""The tiers that our own business units give the accounts they sell to, beside the company's tier of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pandas as pd

from scoring import business_units, groups, pipeline, records
from scoring.calibration import Calibration
from scoring.model import Model
from scoring.model.units import BusinessUnit
from sync.models import Run
from sync.scores import baseline, grouping
from sync.scores.baseline import Whose

#: Of the tier of a unit, None where it has none: the tier and why, what it goes by, since when, and two figures.
NAMES = ("tier", "reason", "computed", "position", "tier_since", "revenue", "cost_to_serve")
_PORTION = 5000


def columns(model: Model) -> list[str]:
    """Columns that a score has beside those of `pipeline.COLUMNS` where the model has business units."""
    return [unit.column(name) for unit in model.business_units.units for name in NAMES]


def figures(run: Run, model: Model, as_of: date, whole: pd.DataFrame, *, some: bool) -> dict[str, pd.DataFrame]:
    """By unit, features of its customers among the accounts of `whole` (`baseline.figures`).

    `some`: these are not all accounts of the mirror.
    """
    accounts = whole["account_id"].tolist() if some else None
    return {
        unit.key: business_units.customers(
            _figures(run, model, as_of, accounts, unit=unit, whole=whole), whole, model, as_of
        )
        for unit in model.business_units.units
    }


def standing(run: Run, model: Model, calibration: Calibration, parts: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Columns account_id and `columns`, for every account that a unit sells to. `parts`: what `figures` gave."""
    if run.as_of is None:
        raise ValueError("business units tier accounts after the date is fixed")
    table = pd.DataFrame({"account_id": sorted({each for part in parts.values() for each in part["account_id"]})})
    for unit in model.business_units.units:
        fit = calibration.units.get(unit.key)
        if fit is None or parts[unit.key].empty:
            continue
        table = table.merge(_tiers(run, run.as_of, model, unit, fit, parts[unit.key]), on="account_id", how="left")
    table = table.reindex(columns=["account_id", *columns(model)]).astype(object)
    return table.where(table.notna(), None)


def _tiers(
    run: Run, as_of: date, model: Model, unit: BusinessUnit, fit: Calibration, customers: pd.DataFrame
) -> pd.DataFrame:
    rules, found = business_units.rules(model, unit), []
    for start in range(0, len(customers), _PORTION):
        part = customers.iloc[start : start + _PORTION].reset_index(drop=True)
        before = baseline.before(run, part, rules, fit, _whose(unit))
        scored = pipeline.score(part, rules, fit, as_of, before).rename(columns={"short_reason": "reason"})
        scored = scored[["account_id", *NAMES]].astype(object)
        found.append(scored.rename(columns={name: unit.column(name) for name in NAMES}))
    return pd.concat(found)


def _whose(unit: BusinessUnit) -> Whose:
    """What a unit's tier at the end of the period before is compared with."""

    def figures(run: Run, model: Model, as_of: date, accounts: Sequence[str]) -> pd.DataFrame:
        return _figures(run, model, as_of, accounts, unit=_unit(model, unit.key))

    return Whose(
        prefix=unit.column(""),
        figures=figures,
        rules=lambda model: business_units.rules(model, _unit(model, unit.key)),
        fitted=lambda calibration: calibration.units.get(unit.key),
    )


def _unit(model: Model, key: str) -> BusinessUnit:
    unit = model.business_units.of(key)
    if unit is None:
        raise ValueError(f"the model has no business unit {key}")
    return unit


def _figures(
    run: Run, model: Model, as_of: date, accounts: Sequence[str] | None, *, unit: BusinessUnit,
    whole: pd.DataFrame | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Features of these accounts (None: all) from the records of one unit. What counts elsewhere counts there."""
    with baseline.building(run, model, as_of) as (tables, build):
        if not model.groups.enabled:
            chosen = tables if accounts is None else records.only(tables, accounts)
        else:
            if whole is None:
                asked = None if accounts is None else grouping.tree(tables).together(accounts)
                whole = grouping.units(tables, build, model, as_of, asked)
            pairs = zip(whole["account_id"], whole["counts_for"], strict=True)
            chosen = groups.counted_as(tables, {account: receiver or account for account, receiver in pairs})
        return build(business_units.records_of(chosen, unit))
