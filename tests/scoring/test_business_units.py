"""Tiers per business unit of our own: which records count for one, whose customers it has, and what a model may say."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from scoring import business_units, model, pipeline
from scoring.calibration import Calibration
from scoring.model import Model
from tests.scoring.frames import DAY, accounts, customer, default
from tests.scoring.test_features import company, on_duckdb

MEDICAL = {"key": "medical", "label": "Medical", "values": ["MED", "Med."], "cuts": {"worth": [{"at": 2000}]}}
INDUSTRIAL = {"key": "industrial", "label": "Industrial"}


def using(*units: dict[str, Any], **more: Any) -> Model:
    """Two tiers by gross margin: from 10,000 on, and less; Medical asks for 2,000."""
    axis: dict[str, Any] = {"key": "worth", "label": "Worth", "measure": "worth", "classes": ["less", "more"]}
    axis["cuts"] = [{"at": 10000}]
    cells = [{"where": {"worth": ["more"]}, "tier": "key"}, {"tier": "rest"}]
    levels = [{"key": "key", "label": "Key"}, {"key": "rest", "label": "Rest"}]
    tiers = {"scheme": "own", "axes": [axis], "levels": levels, "cells": cells, "labels": {}, "cuts": {}}
    return default(tiers=tiers, business_units={"units": list(units or (INDUSTRIAL, MEDICAL)), **more})


def test_a_unit_counts_the_records_that_name_it_and_no_others() -> None:
    chosen = using()
    tables = {kind: frame.drop(columns="business_unit", errors="ignore") for kind, frame in company().items()}
    named: dict[str, list[Any]] = {
        "order": ["med. ", "Industrial", None, "MED", "MED", "MED"],
        "ticket": ["med", "Industrial", "med"],
    }
    tables |= {kind: tables[kind].assign(business_unit=units) for kind, units in named.items()}
    industrial, medical = (
        on_duckdb(tables, chosen, chosen=partial(business_units.records_of, unit=unit)).iloc[0]
        for unit in chosen.business_units.units
    )
    whole = on_duckdb(tables, chosen).iloc[0]
    assert (medical["orders"], medical["order_lines"], medical["tickets"]) == (1, 2, 1)
    assert (industrial["orders"], industrial["tickets"]) == (1, 1)
    assert whole["revenue"] == medical["revenue"] + industrial["revenue"]
    assert (whole["visits"], medical["visits"]) == (1, 0)  # activities do not say whose they are


def test_a_units_customers_are_tiered_by_its_own_cuts_and_the_fit_can_be_stored() -> None:
    chosen = using()
    margins = accounts(customer(5000 / 0.4), customer(20000 / 0.4), customer(1000 / 0.4), {"transactions_ever": 0})
    outside = margins["account_id"].iloc[1]
    types: list[Any] = [None if each == outside else "Customer - Direct" for each in margins["account_id"]]
    whole = margins.assign(type=types)
    mine = business_units.customers(margins, whole, chosen, DAY)
    assert mine["account_id"].tolist() == [margins["account_id"][0], margins["account_id"][2]]
    parts = {"medical": mine, "industrial": mine.iloc[:0]}
    fits = business_units.fitted(parts, chosen, DAY)
    medical = chosen.business_units.of("medical")
    assert medical is not None
    table = pipeline.score(mine, business_units.rules(chosen, medical), fits["medical"], DAY)
    assert table["tier"].tolist() == ["key", "rest"]
    note = business_units.note(fits, chosen)
    assert note == "Business unit Industrial: no customer has a record of industrial."
    whole_fit = pipeline.calibrate(margins, chosen, DAY)
    stored = Calibration(**{**vars(whole_fit), "units": fits, "units_note": note})
    assert Calibration.from_json(stored.to_json()) == stored
    assert stored.note.endswith(note)


@pytest.mark.parametrize(
    ("units", "message"),
    [
        ([INDUSTRIAL, {**MEDICAL, "key": "industrial"}], r"units\[1\]\.key: 'industrial' is used twice"),
        ([INDUSTRIAL, {**MEDICAL, "values": ["industrial"]}], r"'industrial' belongs to Industrial already"),
        ([{**MEDICAL, "cuts": {"cost": [{"at": 1}]}}], r"no axis with cuts is called 'cost'\. Allowed: worth"),
        ([{**MEDICAL, "cuts": {"worth": [{"at": 1}, {"at": 2}]}}], r"axis 'worth' needs 1 cuts, found 2"),
        ([{**MEDICAL, "key": "a_unit_with_a_long_name"}], r"is too long for the name of a field"),
    ],
)
def test_business_units_that_contradict_themselves_are_refused(units: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(model.ModelError, match=message):
        using(*units)
