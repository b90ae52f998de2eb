"""Every ready scheme tiers a company, every cell of it is reached, and mistakes in one's own scheme are named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from scoring import model, pipeline, presets
from scoring.model import Model, schemes
from scoring.model.tiers import Tiers
from tests.scoring.frames import DAY, accounts, customer, default

RATED = {"fit": {"rating": "strategic_fit"}}


def using(scheme: str | dict[str, Any], **value: Any) -> Model:
    """The default model with another scheme and a rating of strategic fit."""
    content = yaml.safe_load(presets.text("default"))
    content["attributes"]["strategic_fit"] = {"label": "Strategic fit"}
    content["crm"]["salesforce"]["fields"]["account"]["strategic_fit"] = "Fit__c"
    content["tiers"] = {"scheme": scheme} if isinstance(scheme, str) else scheme
    content["value"] |= RATED | value
    return model.parse(yaml.safe_dump(content, sort_keys=False), "test")


def company(size: int = 600, seed: int = 5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return accounts(
        *(
            customer(
                float(revenue),
                visits=int(rng.poisson(2)),
                open_amount=float(rng.lognormal(8, 1)) * bool(rng.random() < 0.5),
                deals_open=1,
                revenue_before=float(revenue * rng.uniform(0.5, 2)),
                active_quarters=int(rng.integers(1, 9)),
                product_families=int(rng.integers(1, 6)),
                activities=int(rng.poisson(8)),
                first_transaction_on=pd.Timestamp(int(rng.integers(2015, 2026)), 3, 1),
                strategic_fit=str(rng.integers(1, 6)) if rng.random() < 0.8 else None,
            )
            for revenue in rng.lognormal(10.5, 1.4, size).round(2)
        ),
        customer(0, transactions=0, visits=2),
        {},
    )


@pytest.mark.parametrize("scheme", sorted(schemes.names()))
def test_every_ready_scheme_puts_customers_in_every_tier_and_says_why(scheme: str) -> None:
    chosen = using(scheme)
    frame = company()
    fitted = pipeline.calibrate(frame, chosen, DAY)
    table = pipeline.score(frame, chosen, fitted, DAY)
    assert set(table["tier"]) == set(chosen.tiers.keys)
    assert table["short_reason"].str.len().between(10, 255).all()
    for position, tier in zip(table["position"], table["tier"], strict=True):
        spot = tuple(axis.classes.index(name) for axis, name in zip(chosen.tiers.axes, position, strict=True))
        assert chosen.tiers.grid()[spot] == tier
    for reasons in table["reasons"]:
        assert sum(reason["weight"] for reason in reasons) == pytest.approx(100, abs=0.3)


def test_a_cut_at_an_amount_belongs_to_the_better_side() -> None:
    rows = [customer(revenue) for revenue in (99_999.99, 100_000, 299_999, 300_000)]
    frame = accounts(*rows)
    chosen = using("brackets")
    table = pipeline.score(frame, chosen, pipeline.calibrate(frame, chosen, DAY), DAY)
    assert table["tier"].tolist() == ["small", "medium", "medium", "large"]
    assert table["short_reason"][3] == "Large: large revenue, 300,000 EUR"


def test_labels_actions_and_cuts_of_a_ready_scheme_can_be_ones_own() -> None:
    content = {
        "scheme": "brackets",
        "labels": {"large": "Key customer"},
        "actions": {"large": "Visit twice a year"},
        "cuts": {"revenue": [{"at": 50_000.0}, {"at": 200_000.0, "quantile": 0.9}]},
    }
    chosen = using(content).tiers
    assert (chosen.label("large"), chosen.action("large"), chosen.label("small")) == (
        "Key customer", "Visit twice a year", "Small",
    )  # fmt: skip
    assert chosen.axes[0].cuts[1].at == 200_000


def test_quantile_and_amount_together_mean_the_higher_of_both() -> None:
    frame = accounts(*(customer(revenue * 1000) for revenue in range(1, 101)))
    content = {"scheme": "brackets", "cuts": {"revenue": [{"at": 10_000.0}, {"at": 50_000.0, "quantile": 0.9}]}}
    fitted = pipeline.calibrate(frame, using(content), DAY)
    assert fitted.cuts.at == {"revenue": (10_000, 90_000)}


OWN: dict[str, Any] = {
    "scheme": "own",
    "axes": [
        {"key": "key", "label": "Key", "rule": {"field": "employees", "at_least": 1000}, "classes": ["no", "yes"]},
        {"key": "money", "label": "Money", "measure": "money", "classes": ["low", "high"], "cuts": [{"quantile": 0.5}]},
    ],
    "levels": [{"key": "key", "label": "Key"}, {"key": "a", "label": "A"}, {"key": "b", "label": "B"}],
    "cells": [
        {"where": {"key": ["yes"]}, "tier": "key"},
        {"where": {"money": ["high"]}, "tier": "a"},
        {"where": {"money": ["low"]}, "tier": "b"},
    ],
}


def test_a_scheme_of_ones_own_may_go_by_a_rule() -> None:
    frame = accounts(customer(10, employees=5000), customer(30, employees=5), customer(20))
    chosen = using(OWN)
    table = pipeline.score(frame, chosen, pipeline.calibrate(frame, chosen, DAY), DAY)
    assert table["tier"].tolist() == ["key", "a", "a"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cells": OWN["cells"][:2]}, "no tier is given for key no, money low"),
        ({"cells": [*OWN["cells"], {"where": {"size": ["low"]}, "tier": "a"}]}, "no axis is called 'size'"),
        ({"cells": [*OWN["cells"], {"where": {"money": ["mid"]}, "tier": "a"}]}, "axis 'money' has no class 'mid'"),
        ({"cells": [*OWN["cells"], {"tier": "c"}]}, "no tier is called 'c'"),
        ({"levels": [*OWN["levels"], {"key": "c", "label": "a"}]}, "the label 'a' is there twice"),
        ({"levels": [*OWN["levels"], {"key": "a", "label": "C"}]}, "the tier 'a' is there twice"),
        ({"labels": {"c": "C"}}, "no tier is called 'c'"),
        ({"cuts": {"money": [{"quantile": 0.2}, {"quantile": 0.8}]}}, "axis 'money' has 2 classes and 2 cuts"),
        ({"cuts": {"size": [{"quantile": 0.2}]}}, "no axis is called 'size'"),
        ({"axes": [{**OWN["axes"][0], "measure": "money"}, OWN["axes"][1]]}, "exactly one of `measure` and `rule`"),
    ],
)
def test_mistakes_in_a_scheme_are_named(change: dict[str, Any], words: str) -> None:
    with pytest.raises(model.ModelError) as raised:
        using({**OWN, **change})
    assert words in str(raised.value)


def test_cuts_that_do_not_ascend_are_named() -> None:
    content = {"scheme": "brackets", "cuts": {"revenue": [{"at": 300_000.0}, {"at": 100_000.0}]}}
    with pytest.raises(model.ModelError, match="do not ascend"):
        using(content)


def test_fit_without_a_rating_to_read_is_named() -> None:
    content = yaml.safe_load(presets.text("default"))
    content["tiers"] = {"scheme": "key_ranks"}
    with pytest.raises(model.ModelError, match="no attribute is named that holds the rating"):
        model.parse(yaml.safe_dump(content, sort_keys=False), "test")


def test_the_default_scheme_is_the_matrix_of_value_and_cost() -> None:
    assert Tiers.model_validate({}).keys == ("platinum", "gold", "silver", "bronze")
    assert default().tiers.grid()[1, 0] == "platinum"


def test_a_rule_of_an_axis_tests_fields_that_there_are() -> None:
    axis = {"key": "key", "label": "Key", "rule": {"field": "industri", "missing": False}, "classes": ["no", "yes"]}
    cells = [{"where": {"key": ["yes"]}, "tier": "high"}, {"tier": "low"}]
    levels = [{"key": "high", "label": "High"}, {"key": "low", "label": "Low"}]
    with pytest.raises(model.ModelError, match=r"tiers\.axes\[0\]\.rule\.field: 'industri' is no field"):
        using({"scheme": "own", "axes": [axis], "levels": levels, "cells": cells})
