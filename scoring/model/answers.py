"""Model section `answers`: how people answer findings out of their messages."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from scoring.model.conditions import STRICT


class Answers(BaseModel):
    """`link_days`: days for which a link in a mail can be used."""

    model_config = STRICT

    link_days: Annotated[int, Field(ge=1, le=90, strict=True)] = 14
