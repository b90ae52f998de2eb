"""Model section on overrides: why people may set another tier than the computed one, for how long, and who agrees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, Field

from scoring.model.conditions import STRICT
from scoring.model.tiers import Key, Label


class Part(BaseModel):
    model_config = STRICT


class Approver(Part):
    """Who may approve an override that lies up to so many tiers from the computed one.

    `group` is a group of the console's users; "" means any administrator. Nobody approves a request of their own.
    """

    levels: Annotated[int, Field(ge=1, le=12, strict=True)]
    group: str = ""


class Overrides(Part):
    """Rules for overrides of the tier.

    Attributes:
        reasons: code -> what people read; a request names one of them.
        months: longest time an override holds.
        remind_days: days before its end on which whoever asked for it is reminded.
        approvers: by size of the jump, smallest first; a larger jump than all of them needs the last.
    """

    reasons: Annotated[Mapping[Key, Label], Field(min_length=1)] = {
        "strategic": "Strategic customer",
        "contract": "New contract signed",
        "ramp_up": "Ramping up",
        "data": "Not yet in the data",
        "relationship": "Relationship at risk",
    }
    months: Annotated[int, Field(ge=1, le=60, strict=True)] = 12
    remind_days: Annotated[int, Field(ge=1, le=180, strict=True)] = 30
    approvers: Annotated[tuple[Approver, ...], Field(min_length=1)] = (Approver(levels=12),)

    def approver(self, jump: int) -> str:
        """Group that may approve a jump over so many tiers."""
        ranked = sorted(self.approvers, key=lambda approver: approver.levels)
        return next((each.group for each in ranked if each.levels >= jump), ranked[-1].group)
