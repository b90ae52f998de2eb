"""Model section on owners: who answers for which data, where that is not the owner of the record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, Field

from scoring.conditions import STRICT
from scoring.model_tiers import Key

Words = Annotated[str, Field(min_length=1, max_length=255)]


class OwnerRule(BaseModel):
    """The first rule that fits a finding decides; what a rule does not name it does not ask about.

    Attributes:
        fields: what is wrong: an output (segment, sub_segment, value_profile, tier) or a column of the record.
        rules: ids of quality rules.
        segments: segments of the account.
        where: values of columns of the account, e.g. {country: [FI, SE]}; case is ignored.
        to: `account_owner`, `manager` (of the owner), or the e-mail address of a user of the CRM.
    """

    model_config = STRICT

    fields: tuple[Key, ...] = ()
    rules: tuple[Key, ...] = ()
    segments: tuple[Key, ...] = ()
    where: Mapping[Key, Annotated[tuple[Words, ...], Field(min_length=1)]] = {}
    to: Annotated[str, Field(pattern=r"^(account_owner|manager|[^@\s]+@[^@\s]+)$", max_length=254)]
