"""Model section on customer lifetime value: off unless the file has it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from scoring.model.conditions import STRICT


class LifetimeRules(BaseModel):
    """How lifetime value is worked out.

    Attributes:
        method: `retention`, for contracts and service: a yearly margin that goes on with a probability.
            `repeat_orders`: purchases expected from how often and when a customer bought (BG/NBD), times their worth.
        discount: per year, 0.1 for 10 %.
        retention: probability to stay from one year to the next; measured on the base where it is not given.
        growth: of the yearly margin; of `retention` alone.
        years: how far ahead is counted; without it `retention` counts all years, `repeat_orders` five.
    """

    model_config = STRICT

    method: Literal["retention", "repeat_orders"] = "retention"
    discount: Annotated[float, Field(ge=0, le=1, strict=True)] = 0.1
    retention: Annotated[float | None, Field(ge=0, le=1, strict=True)] = None
    growth: Annotated[float, Field(gt=-1, le=1, strict=True)] = 0.0
    years: Annotated[int | None, Field(ge=1, le=20, strict=True)] = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.method == "repeat_orders" and (self.retention is not None or self.growth):
            raise ValueError("`retention` and `growth` belong to the method `retention`; repeat orders are fitted")
        kept = 1.0 if self.retention is None else self.retention
        if self.method == "retention" and self.years is None and kept * (1 + self.growth) >= 1 + self.discount:
            raise ValueError("retention times growth reaches the discount: without `years` the value has no limit")
        return self
