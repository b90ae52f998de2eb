"""Tiers per business unit of our own: what one unit sells an account and what that costs, tiered as the company's.

A record belongs to the unit that its column `business_unit` names; lines belong with their order. A record that names
no unit, or of a kind that has no such column, counts for the company alone. A unit's customers are the accounts that
are customers of the company and have bought from it; value scale, ranks and cuts are fitted to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from scoring import pipeline, records, segments
from scoring.calibration import Calibration
from scoring.model.shape import Model
from scoring.model.units import BusinessUnit, BusinessUnits
from scoring.rules import Facts


def rules(model: Model, unit: BusinessUnit) -> Model:
    """The model as it goes for the tiers of a unit: its own cuts, no regions, and no review round decides on them."""
    scheme = model.tiers
    axes = tuple(axis.model_copy(update={"cuts": unit.cuts.get(axis.key, axis.cuts)}) for axis in scheme.axes)
    stability = scheme.stability.model_copy(update={"approval": "none"})
    tiers = scheme.model_copy(update={"axes": axes, "regions": None, "stability": stability})
    return model.model_copy(update={"scope": (), "tiers": tiers, "business_units": BusinessUnits()})


def records_of(tables: Mapping[str, Any], unit: BusinessUnit) -> dict[str, Any]:
    """The tables with the records of this unit alone."""
    found = {}
    for kind, table in tables.items():
        if kind in ("account", "user") or "account_id" not in table.columns:
            found[kind] = table
        elif "business_unit" in table.columns:
            found[kind] = table.filter(records.lower(table.business_unit).isin(unit.names))
    return found


def customers(frame: pd.DataFrame, whole: pd.DataFrame, model: Model, as_of: date) -> pd.DataFrame:
    """The rows of `frame`, features of one unit, whose accounts are its customers. `whole`: features of the company."""
    inside = segments.scope(Facts(whole, model, as_of), model)["in_scope"].to_numpy(dtype=bool)
    known = frame["account_id"].isin(whole.loc[inside, "account_id"])
    return frame[known & (frame["transactions_ever"] > 0)].reset_index(drop=True)


def fitted(parts: Mapping[str, pd.DataFrame], model: Model, as_of: date) -> dict[str, Calibration]:
    """A calibration per unit. `parts`: by unit, features of all its customers."""
    return {
        unit.key: pipeline.calibrate(parts[unit.key], rules(model, unit), as_of)
        for unit in model.business_units.units
        if unit.key in parts
    }


def note(fits: Mapping[str, Calibration], model: Model) -> str:
    """What an administrator should know about the calibrations of the units; "" when there is nothing."""
    said = []
    for unit in model.business_units.units:
        fit = fits.get(unit.key)
        if fit is not None:
            text = fit.cuts.note if fit.customers else f"no customer has a record of {' or '.join(unit.names)}."
            said += [f"Business unit {unit.label}: {text}"] if text else []
    return " ".join(said)
