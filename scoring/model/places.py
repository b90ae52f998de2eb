"""Model sections on where values live besides the account, and on values that are given up."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from scoring.model.conditions import STRICT

Picklist = Literal["segment", "sub_segment", "value_profile", "tier"]
Chosen = Literal["segment", "sub_segment", "value_profile"]
Text = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^\S(.*\S)?$")]


class Part(BaseModel):
    model_config = STRICT


class Detail(Part):
    """A record beside each account with its scores, all reasons and the playbook; it costs storage in the CRM.

    Attributes:
        score_band, cost_band: a figure is rewritten only when it moves by at least this much, or with the tier.
    """

    enabled: bool = False
    score_band: Annotated[float, Field(ge=0, le=100, strict=True)] = 1.0
    cost_band: Annotated[float, Field(ge=0, le=1000, strict=True)] = 1.0


class Opportunities(Part):
    """Values that open opportunities carry along from their account."""

    values: tuple[Picklist, ...] = ()


class Leads(Part):
    """Values that can be chosen on a lead already, and are handed to the account when it is converted."""

    values: tuple[Chosen, ...] = ()


class Requests(Part):
    """Fields in which people who may not edit the tier ask about it: confirm, dispute, ask for another one."""

    enabled: bool = False


class RetiredValue(Part):
    """A value that is no longer offered. Records that hold it move `into` another one, or to what the rules say.

    `key` is the API name it had. A merge retires several values into one, a split retires one into none.
    """

    key: Annotated[str, Field(min_length=1, max_length=255)]
    label: Text
    into: str = ""


class Retired(Part):
    """Values given up, per picklist."""

    segment: tuple[RetiredValue, ...] = ()
    sub_segment: tuple[RetiredValue, ...] = ()
    value_profile: tuple[RetiredValue, ...] = ()

    def of(self, output: str) -> tuple[RetiredValue, ...]:
        """The values given up of an output; none of the tier."""
        found: tuple[RetiredValue, ...] = getattr(self, output, ())
        return found
