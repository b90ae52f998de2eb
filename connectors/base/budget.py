"""How many requests a connector may send, and what the CRM says about it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Limits:
    """API use of the last 24 hours, as the CRM reports it (approximate)."""

    used: int
    allowed: int


@dataclass(frozen=True)
class Pace:
    """At most so many requests within so many seconds, whichever they are. `name` tells one pace from another."""

    name: str
    requests: int
    seconds: float


class Budget(Protocol):
    """How many requests a connector may send. Shared by everybody who talks to the same org."""

    def call(self, paces: Sequence[Pace] = ()) -> AbstractContextManager[None]:
        """Around each request, which waits until all these paces allow it.

        Raises `RateLimited` before it is sent when the budget is used up.
        """

    def observe(self, limits: Limits) -> None:
        """What the CRM said about its own limit."""
