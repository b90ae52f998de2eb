"""Cost to serve: what the rate card makes of disputes, returns, late payments and new customers."""

from __future__ import annotations

import yaml

from scoring import cost_to_serve, presets
from scoring.fields import SCALE
from scoring.model import Model
from tests.scoring.frames import accounts, customer, default


def rated(**keys: object) -> Model:
    """The default model with more activities on its rate card, or other keys of that section."""
    section = yaml.safe_load(presets.text("default"))["cost_to_serve"]
    activities = section["activities"] | dict(keys.pop("activities", {}))  # type: ignore[call-overload]
    return default(cost_to_serve={**section, **keys, "activities": activities})


def test_disputes_returns_and_late_payments_cost_their_minutes() -> None:
    frame = accounts(customer(100), customer(100, invoices=5, invoices_late=3, disputes=2, returns=1))
    plain, dear = cost_to_serve.total(cost_to_serve.items(frame, default()), 2).tolist()
    assert dear - plain == round((2 * 120 * 0.90 + 3 * 30 * 0.90 + 60 * 0.80) * SCALE)


def test_onboarding_counts_once_where_the_first_order_is_in_the_window() -> None:
    frame = accounts(customer(100), customer(100, onboardings=1))
    model = rated(activities={"onboarding": {"role": "service", "minutes": 480}})
    plain, new = cost_to_serve.total(cost_to_serve.items(frame, model), 2).tolist()
    assert new - plain == round(480 * 1.10 * SCALE)
    (item,) = [item for item in cost_to_serve.items(frame, model) if item.one == "onboarding"]
    assert item.cost.tolist() == [0, new - plain]
