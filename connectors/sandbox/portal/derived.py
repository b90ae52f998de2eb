"""Values that the portal works out itself when a record is saved."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors.sandbox.portal.definitions import Definitions
from connectors.sandbox.portal.schema import ObjectType, Stage

_INPUTS: Mapping[str, tuple[str, ...]] = {
    "deals": ("pipeline", "dealstage"),
    "tickets": ("hs_pipeline", "hs_pipeline_stage"),
    "line_items": ("quantity", "price", "discount", "hs_discount_percentage"),
}
_OUTPUTS: Mapping[str, tuple[str, ...]] = {
    "deals": ("hs_is_closed", "hs_is_closed_won", "hs_deal_stage_probability"),
    "line_items": ("amount",),
}


def concerned(kind: ObjectType) -> tuple[str, ...]:
    """Properties that `derive` looks at, and those it works out."""
    return _INPUTS.get(kind.name, ()) + _OUTPUTS.get(kind.name, ())


def derive(
    kind: ObjectType, values: Mapping[str, Any], definitions: Definitions, old: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What follows from the values a record now has. Nothing, if none of those it follows from changed since `old`."""
    names = _INPUTS.get(kind.name, ())
    if not names or (old is not None and all(values.get(name) == old.get(name) for name in names)):
        return {}
    if kind.name == "deals":
        stage = _stage(definitions, kind, values)
        probability = stage.metadata.get("probability", "0.0")
        closed = stage.metadata.get("isClosed") == "true"
        won = closed and Decimal(probability) == 1
        return {
            "hs_is_closed": str(closed).lower(), "hs_is_closed_won": str(won).lower(),
            "hs_deal_stage_probability": probability,
        }  # fmt: skip
    if kind.name == "line_items":
        return {"amount": _net(values)}
    return {}


def _stage(definitions: Definitions, kind: ObjectType, values: Mapping[str, Any]) -> Stage:
    pipeline = definitions.pipeline(kind, values[kind.pipeline])
    return next(each for each in pipeline.stages if each.id == values[kind.stage])


def _net(values: Mapping[str, Any]) -> str | None:
    """Quantity times price, less the discount of a unit in money, else in percent of it."""
    # unverified: how a line item's amount follows from its discounts; a missing quantity counts as one.
    price = values.get("price")
    if price is None:
        return None
    unit = Decimal(price)
    if values.get("discount") is not None:
        unit -= Decimal(values["discount"])
    elif values.get("hs_discount_percentage") is not None:
        unit -= unit * Decimal(values["hs_discount_percentage"]) / 100
    total = unit * Decimal(values.get("quantity") or "1")
    return f"{total.normalize():f}"
