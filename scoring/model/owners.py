"""Model section on owners: who answers for which data, where that is not the owner of the record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, Field, model_validator

from scoring.model.conditions import STRICT
from scoring.model.tiers import Key

Words = Annotated[str, Field(min_length=1, max_length=255)]


class OwnerRule(BaseModel):
    """The first rule that fits a finding decides; what a rule does not name it does not ask about.

    Attributes:
        fields: what is wrong: an output (segment, sub_segment, value_profile, tier) or a column of the record.
        rules: ids of quality rules.
        segments: segments of the account.
        where: values of columns of the account, e.g. {country: [FI, SE]}; case is ignored.
        to: `account_owner`, `manager` (of the owner), `territory` (whoever works in the sales territory that the
            account is assigned to; where nobody does, the next rule that fits), or the e-mail address of a user.
        role: with `to: territory`, the role in the territory; any if empty.
    """

    model_config = STRICT

    fields: tuple[Key, ...] = ()
    rules: tuple[Key, ...] = ()
    segments: tuple[Key, ...] = ()
    where: Mapping[Key, Annotated[tuple[Words, ...], Field(min_length=1)]] = {}
    to: Annotated[str, Field(pattern=r"^(account_owner|manager|territory|[^@\s]+@[^@\s]+)$", max_length=254)]
    role: Annotated[str, Field(max_length=255)] = ""

    @model_validator(mode="after")
    def _role_of_a_territory(self) -> OwnerRule:
        if self.role and self.to != "territory":
            raise ValueError("`role` belongs to `to: territory`")
        return self
