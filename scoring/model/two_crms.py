"""Model section on companies that stand in two CRMs: how they are found, and what goes where the two differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from scoring.model.conditions import STRICT, Text

HumanKey = Literal["segment", "sub_segment", "value_profile"]
#: "ask": a person decides. "carry": an edit made in one CRM since both agreed is written to the other. The name of a
#: CRM: its value is written to the other. Where both were edited since they agreed, a person decides all the same.
Policy = Literal["ask", "carry", "salesforce", "hubspot"]
#: Kinds whose records both CRMs may carry.
CountedKind = Literal["order", "opportunity", "ticket", "activity", "contract", "invoice", "return"]


class TwoCrms(BaseModel):
    """For a portfolio with two CRMs.

    Attributes:
        similarity: of two names (0-100), from which a person is asked whether they are one company.
        shared_domains: web domains that many companies have, beside those that everybody knows.
        count_once: kind -> column by which a record is known in both CRMs, e.g. order: number; it counts once.
        fill_empty: write a value that only one of them holds to the other.
        conflicts: what goes where the two differ, per value that people choose; "ask" where nothing is said.
    """

    model_config = STRICT

    similarity: Annotated[float, Field(ge=50, le=100)] = 90
    shared_domains: tuple[Text, ...] = ()
    count_once: Mapping[CountedKind, Text] = {}
    fill_empty: bool = True
    conflicts: Mapping[HumanKey, Policy] = {}

    def policy(self, key: str) -> Policy:
        """What goes for this value."""
        return next((policy for name, policy in self.conflicts.items() if name == key), "ask")
