"""What the sections of a mapping file are made of."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Scalar = bool | int | float | date | str
Text = Annotated[str, Field(min_length=1)]
Code = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Rate = Annotated[float, Field(gt=0)]
Columns = Annotated[tuple[Text, ...], Field(min_length=1)]


class Part(BaseModel):
    """A section of the mapping file: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
