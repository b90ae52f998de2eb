"""Cost to serve: what the rate card makes of each activity, what is estimated, and what nobody explains."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from scoring import capacity, cost_to_serve, model, pipeline, presets
from scoring.calibration import Calibration
from scoring.model import Model
from scoring.money import SCALE
from tests.scoring.frames import DAY, accounts, customer, default

RATING = {"attribute": "effort", "per_hundred": [5, 10, 20, 35, 60]}


def rated(**keys: Any) -> Model:
    """The default model with more activities on its rate card, or other keys of that section."""
    section = yaml.safe_load(presets.text("default"))["cost_to_serve"]
    activities = section["activities"] | dict(keys.pop("activities", {}))
    return default(cost_to_serve={**section, **keys, "activities": activities})


def test_disputes_returns_and_late_payments_cost_their_minutes() -> None:
    frame = accounts(customer(100), customer(100, invoices=5, invoices_late=3, disputes=2, returns=1))
    plain, dear = cost_to_serve.total(cost_to_serve.items(frame, default()), 2).tolist()
    assert dear - plain == round((2 * 120 * 0.90 + 3 * 30 * 0.90 + 60 * 0.80) * SCALE)


def test_onboarding_counts_once_where_the_first_order_is_in_the_window() -> None:
    frame = accounts(customer(100), customer(100, onboardings=1))
    card = rated(activities={"onboarding": {"role": "service", "minutes": 480}})
    plain, new = cost_to_serve.total(cost_to_serve.items(frame, card), 2).tolist()
    assert new - plain == round(480 * 1.10 * SCALE)
    (item,) = [item for item in cost_to_serve.items(frame, card) if item.one == "onboarding"]
    assert item.cost.tolist() == [0, new - plain]


def estimating() -> Model:
    content = yaml.safe_load(presets.text("default"))
    content["attributes"]["effort"] = {}
    content["crm"]["salesforce"]["fields"]["account"]["effort"] = "Effort__c"
    content["cost_to_serve"]["rating"] = RATING
    return model.parse(yaml.safe_dump(content), "test")


def test_cost_is_estimated_from_a_rating_only_where_nothing_is_on_record() -> None:
    unseen = {"orders": 0, "order_lines": 0}
    frame = accounts(
        customer(1_000, effort="4"), customer(1_000, effort="4", **unseen), customer(1_000, effort=None, **unseen),
        customer(1_000, effort="9", **unseen),
    )  # fmt: skip
    table = pipeline.score(frame, estimating(), pipeline.calibrate(frame, estimating(), DAY), DAY)
    assert table["cost"].tolist() == [round((20 + 3) * 0.80 * SCALE), 140 * SCALE, 0, 0]
    assert table["cost_to_serve"].tolist() == [4.6, 35.0, 0.0, 0.0]
    assert table["missing"].tolist() == [
        [], ["cost to serve (estimated)"], ["cost to serve (not rated)"], ["cost to serve (not rated)"],
    ]  # fmt: skip
    reasons = [reason["text"] for reason in table["reasons"][1]]
    assert any("35 per 100 of gross margin" in text and "estimated from a rating of 4 of 5" in text for text in reasons)
    assert "35 per 100, estimated" in table["short_reason"][1]
    assert table["nearest"][1] == ""


def test_what_no_account_explains_of_a_role_is_told_with_the_calibration() -> None:
    frame = accounts(
        customer(100, tickets=10, tickets_Low=10), customer(100, type="Partner", tickets=1, tickets_High=1)
    )
    explained = (10 * 30 + 180) * 1.10
    under = rated(capacity={"service": 1_000.0})
    assert capacity.unattributed(frame, under) == {"service": pytest.approx(1 - explained / 1_000)}
    fitted = pipeline.calibrate(frame, under, DAY)
    assert fitted.note.endswith("Of 1,000 EUR for service in 12 months, 47 % is in no account's activities.")
    assert Calibration.from_json(fitted.to_json()) == fitted
    assert "make 132 % of the 400 EUR that service cost" in capacity.note(frame, rated(capacity={"service": 400.0}))
    assert capacity.note(frame, default()) == ""


def test_a_rating_names_an_attribute_and_five_costs_and_capacity_a_role() -> None:
    with pytest.raises(model.ModelError, match="at least 5 items"):
        rated(rating={"attribute": "effort", "per_hundred": [5]})
    with pytest.raises(model.ModelError, match="'effort' is no attribute"):
        rated(rating=RATING)
    with pytest.raises(model.ModelError, match="'servce' is no role"):
        rated(capacity={"servce": 1.0})
