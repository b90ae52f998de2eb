"""Model section on groups: accounts under one ultimate parent, tiered together beside each one's own tier."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from scoring.model.conditions import STRICT, Condition


class Groups(BaseModel):
    """A group is an account without a parent, with all its children and their children.

    Attributes:
        roll_up: "sum": figures of the members that are customers are added up, and the sum is tiered by the same scheme
            and cuts as an account. "best": the best tier that a member has by its own figures.
        count_elsewhere: a customer for which it holds gets no tier of its own; what it buys and what serving it takes
            count for the account above it.
        publish: whether the group's tier is written to a field of every member.
    """

    model_config = STRICT

    enabled: bool = False
    roll_up: Literal["sum", "best"] = "sum"
    count_elsewhere: Condition | None = None
    publish: bool = False
