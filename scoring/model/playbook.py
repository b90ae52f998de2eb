"""Model section on the playbook: how customers of each tier are served.

    playbook:
      baseline: {contact_days: 90, reply_hours: 48, terms_days: 30}   # holds for every tier
      platinum: {contact_days: 14, reply_hours: 4, seniority: key account manager}
      bronze: Served by the web shop.                                 # free text alone is enough

A tier says only what is different from the baseline. Without a baseline, a tier that is not named has no playbook.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field

from scoring.model.conditions import STRICT
from scoring.model.tiers import Key

#: Key of what holds for every tier.
BASELINE = "baseline"

Words = Annotated[str, Field(min_length=1, max_length=255)]
Days = Annotated[int, Field(ge=1, le=730, strict=True)]


class Play(BaseModel):
    """What is done for customers of a tier; what is None, the baseline says.

    Attributes:
        contact_days: the customer is contacted at least this often. A last contact that is older, or missing, is a
            finding of rule `cadence_missed`.
        reply_hours: a question of the customer is answered within this time.
        seniority: who looks after the customer.
        terms_days: days the customer has to pay.
        delivery, support, text: in the company's own words.
    """

    model_config = STRICT

    contact_days: Days | None = None
    reply_hours: Annotated[int | None, Field(ge=1, le=2000, strict=True)] = None
    seniority: Words | None = None
    terms_days: Annotated[int | None, Field(ge=0, le=365, strict=True)] = None
    delivery: Words | None = None
    support: Words | None = None
    text: Annotated[str | None, Field(min_length=1, max_length=4000)] = None

    def refined(self, by: Play) -> Play:
        """This one with what the other says put over it."""
        return self.model_copy(update={name: value for name, value in dict(by).items() if value is not None})


def _play(given: Any) -> Any:
    return {"text": given} if isinstance(given, str) else given


Playbook = Mapping[Key, Annotated[Play, BeforeValidator(_play)]]


def of_tier(playbook: Playbook, tier: str | None) -> Play | None:
    """The play of a tier; None where the playbook says nothing about it, and without a tier."""
    baseline, own = playbook.get(BASELINE), playbook.get(tier or "")
    if not tier or (baseline is None and own is None):
        return None
    return (baseline or Play()).refined(own or Play())


def has_cadence(playbook: Playbook) -> bool:
    """Whether any tier is to be contacted regularly."""
    return any(play.contact_days for play in playbook.values())
