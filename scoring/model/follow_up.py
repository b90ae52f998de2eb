"""Model section `follow_up`: how long findings may rest, when they flap, and who hears of those left lying."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, model_validator

from scoring.model.conditions import STRICT
from scoring.model.owners import Words
from scoring.model.tiers import Key

Step = Literal["manager", "model_owner", "administrator"]
#: Who is told after whom.
STEPS: tuple[Step, ...] = ("manager", "model_owner", "administrator")
Days = Annotated[int, Field(ge=1, le=400, strict=True)]


class Part(BaseModel):
    model_config = STRICT


class Flapping(Part):
    """A finding flaps when it was mended and came back `times` times within `days`."""

    times: Annotated[int, Field(ge=2, le=100, strict=True)] = 3
    days: Days = 30


class Steps(Part):
    """Days of the model's `working_days` that a finding may lie before each is told; None: this one is not."""

    manager: Days | None = None
    model_owner: Days | None = None
    administrator: Days | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Steps:
        days = [getattr(self, step) for step in STEPS if getattr(self, step) is not None]
        if days != sorted(days):
            raise ValueError("the manager is told first, then the model's owner, then the administrator")
        return self


class ModelOwner(Part):
    """Who answers for the model: for accounts with these values, or for all of them. The first that fits decides."""

    where: Mapping[Key, Annotated[tuple[Words, ...], Field(min_length=1)]] = {}
    to: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)]


class Escalation(Part):
    """When others are told of what lies with somebody, by severity.

    Attributes:
        model_owners: who answers for the model or a region of it; empty, that step is left out.
        stops_when_acknowledged: whether the clock stands while a person has acknowledged a finding or works on it.
    """

    high: Steps = Steps(manager=5, model_owner=8, administrator=10)
    medium: Steps = Steps(manager=10, model_owner=15, administrator=20)
    low: Steps = Steps(manager=30)
    model_owners: tuple[ModelOwner, ...] = ()
    stops_when_acknowledged: bool = False

    @model_validator(mode="before")
    @classmethod
    def _days_stand_once(cls, given: Any) -> Any:
        if isinstance(given, dict) and "working_days" in given:
            raise ValueError("`working_days` stands once, at the top of the file; take it out here")
        return given

    def of(self, severity: str) -> Steps:
        found: Steps = getattr(self, severity)
        return found


class FollowUp(Part):
    """What may become of a finding until it is mended.

    Attributes:
        snooze_days: days that a finding may be snoozed at most.
        cannot_know_days: days after which one that cannot be known is asked again at the latest.
    """

    snooze_days: Days = 30
    cannot_know_days: Annotated[int, Field(ge=1, le=3650, strict=True)] = 365
    flapping: Flapping = Flapping()
    escalation: Escalation = Escalation()
