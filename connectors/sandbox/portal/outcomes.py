"""What a portal refuses: a whole request, or one record of several. The faces turn these into their error bodies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: Categories of refusals.
VALIDATION, NOT_FOUND, CONFLICT = "VALIDATION_ERROR", "OBJECT_NOT_FOUND", "CONFLICT"


@dataclass(frozen=True)
class Detail:
    """One of several reasons, e.g. about one property."""

    message: str
    code: str = ""
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Problem:
    """Why a record was not written or found."""

    category: str
    message: str
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    details: tuple[Detail, ...] = ()
    sub_category: str = ""


class Refused(Exception):
    """A request that is refused as a whole; nothing of it was done."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def refused(category: str, message: str, sub_category: str = "", **context: str) -> Refused:
    """A refusal with one value per key of its context."""
    told = {key: (value,) for key, value in context.items()}
    return Refused(Problem(category, message, told, sub_category=sub_category))
