"""Regions with tier cuts of their own, within limits that hold for all."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from scoring import model, pipeline
from scoring.calibration import Calibration
from scoring.model import Model
from tests.scoring.frames import DAY, accounts, customer, default

NORDICS = {"key": "nordics", "label": "Nordics", "values": ["FI", "SE"], "cuts": {"worth": [{"at": 8000}]}}
LIMITS = {"worth": [{"at": [5000, 20000]}]}


def using(deviations: list[dict[str, Any]] | None = None, cut: dict[str, float] | None = None, **more: Any) -> Model:
    """Two tiers by gross margin: from 10,000 on, and less."""
    regions = {"field": "country", "limits": LIMITS, "deviations": deviations or [NORDICS], **more}
    axis: dict[str, Any] = {"key": "worth", "label": "Worth", "measure": "worth", "classes": ["less", "more"]}
    axis["cuts"] = [cut or {"at": 10000}]
    cells = [{"where": {"worth": ["more"]}, "tier": "key"}, {"tier": "rest"}]
    levels = [{"key": "key", "label": "Key"}, {"key": "rest", "label": "Rest"}]
    tiers = {"scheme": "own", "axes": [axis], "levels": levels, "cells": cells, "labels": {}, "cuts": {}}
    return default(tiers={**tiers, "regions": regions})


def frame() -> pd.DataFrame:
    """Gross margins of 12,000, 9,000 and 6,000 in Finland and in Germany, mixed."""
    return accounts(
        *(customer(margin / 0.4, country=place) for margin in (12000, 9000, 6000) for place in ("DE", "fi "))
    )


def scored(chosen: Model, held: pd.DataFrame) -> pd.DataFrame:
    return pipeline.score(held, chosen, pipeline.calibrate(held, chosen, DAY), DAY)


def test_the_same_figure_makes_another_tier_where_the_region_cuts_otherwise_and_it_is_said() -> None:
    table = scored(using(), frame())
    assert table["tier"].tolist() == ["key", "key", "rest", "key", "rest", "rest"]
    assert table["account_id"].tolist() == frame()["account_id"].tolist()
    assert table["region"].tolist() == ["", "Nordics: worth is cut at 8,000 instead of 10,000"] * 3
    assert "region" not in scored(default(), frame())


def test_what_would_move_the_tier_goes_by_the_regions_cut() -> None:
    table = scored(using(), accounts(*(customer(revenue) for revenue in (19000, 500)), customer(19000, country="DE")))
    assert table["nearest"].tolist()[0].startswith("Key with 800 EUR more")
    assert table["nearest"].tolist()[2] != table["nearest"].tolist()[0]


def test_regional_cuts_are_quantiles_of_all_customers_and_count_in_the_shares() -> None:
    deviation = {**NORDICS, "cuts": {"worth": [{"quantile": 0.2}]}}
    limits = {"worth": [{"quantile": [0.2, 0.6]}]}
    chosen = using([deviation], {"quantile": 0.6}, limits=limits)
    held = accounts(*(customer(1000 * n, country="FI" if n % 2 else "DE") for n in range(1, 11)))
    fitted = pipeline.calibrate(held, chosen, DAY)
    assert fitted.cuts.at == {"worth": (2400.0,)}
    assert fitted.cuts.regional == {"nordics": {"worth": (800.0,)}}
    assert Calibration.from_json(fitted.to_json()) == fitted
    table = pipeline.score(held, chosen, fitted, DAY)
    assert (table["tier"] == "key").tolist() == [n >= (2 if n % 2 else 6) for n in range(1, 11)]
    assert fitted.cuts.shares == {"key": 0.7, "rest": 0.3}
    assert (
        table["region"].tolist()[0] == "Nordics: worth is cut at 20 % of the customers instead of 60 % of the customers"
    )


def test_chunks_and_order_change_nothing() -> None:
    chosen, held = using(), frame()
    fitted = pipeline.calibrate(held, chosen, DAY)
    whole = pipeline.score(held, chosen, fitted, DAY)
    assert pipeline.calibrate(held[::-1], chosen, DAY) == fitted
    for number in range(len(held)):
        row = pipeline.score(held.iloc[[number]], chosen, fitted, DAY)
        pd.testing.assert_frame_equal(row, whole.iloc[[number]].reset_index(drop=True))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cuts": {"worth": [{"at": 4000}]}}, r"deviations\[0\]\.cuts\.worth\[0\]\.at: region 'nordics' is outside the "
         r"central limits: at 4000 on axis 'worth'\. Allowed: 5000 to 20000"),
        ({"cuts": {"worth": [{"quantile": 0.5}]}}, r"region 'nordics' sets `quantile`, for which there is no central"),
        ({"cuts": {"worth": [{"at": 6000}, {"at": 7000}]}}, r"axis 'worth' has 1 cuts, and region 'nordics' 2"),
        ({"cuts": {"cost": [{"at": 6000}]}}, r"no axis with cuts is called 'cost'\. Allowed: worth"),
        ({"cuts": {}}, r"deviations\[0\]\.cuts"),
    ],
)  # fmt: skip
def test_a_region_that_leaves_the_limits_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(model.ModelError, match=message):
        using([{**NORDICS, **change}])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"field": "contry"}, r"tiers\.regions\.field: 'contry' is no text field of the account"),
        ({"limits": {"worth": [{"at": [20000, 5000]}]}}, r"limits.*the lowest `at` is greater than the highest"),
        ({"limits": {"worth": [{"at": [11000, 20000]}]}}, r"the central cut of axis 'worth', at 10000, is outside"),
        ({"limits": {"cost": [{"at": [1, 2]}]}}, r"region 'nordics' deviates on axis 'worth', which has no central"),
        (
            {"deviations": [NORDICS, {**NORDICS, "key": "north", "label": "North"}]},
            r"'FI' is in region 'nordics' already",
        ),
        ({"deviations": [NORDICS, {**NORDICS, "values": ["DE"]}]}, r"the region key 'nordics' is there twice"),
    ],
)
def test_a_mistake_in_the_section_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(model.ModelError, match=message):
        using(change.pop("deviations", None), **change)
