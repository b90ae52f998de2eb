"""Model section `mandatory`: which values have to be there, for whom, from when, and how strictly."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from scoring.model.conditions import STRICT, Text

Stage = Literal["optional", "warn", "required"]
ChosenValue = Literal["segment", "sub_segment", "value_profile"]


class Requirement(BaseModel):
    """One obligation. `required` binds people in the CRM, and only when a record is created or changes its state.

    Attributes:
        key: names the rule in the CRM; it never changes.
        values: what has to be there.
        stage: `optional` asks for nothing, `warn` sends alerts, `required` also refuses to save in the CRM.
        since: first day on which the CRM refuses.
        types, countries, segments: accounts meant; left out means all. Segments are keys of the model.
        deal_stages: stages that an opportunity of such an account may not reach without the values.
    """

    model_config = STRICT

    key: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*$", max_length=20)]
    values: Annotated[tuple[ChosenValue, ...], Field(min_length=1)]
    stage: Stage = "warn"
    since: date | None = None
    types: tuple[Text, ...] = ()
    countries: tuple[Text, ...] = ()
    segments: tuple[str, ...] = ()
    deal_stages: tuple[Text, ...] = ()


class Mandatory(BaseModel):
    """`backfill`: share of the accounts in scope that must have the values before the CRM begins to refuse."""

    model_config = STRICT

    backfill: Annotated[float, Field(ge=0, le=1, strict=True)] = 0.95
    requirements: tuple[Requirement, ...] = ()
