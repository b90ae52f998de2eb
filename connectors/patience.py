"""How often and how long a request is tried, and what ends the waiting."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from random import SystemRandom
from typing import TypeVar

from connectors.errors import ConnectorError, Retryable

T = TypeVar("T")
_chance = SystemRandom()


@dataclass(frozen=True)
class Patience:
    """Bounds of retrying.

    Attributes:
        tries: requests in all.
        first_pause: seconds before the second try; doubled each time, with jitter.
        longest_pause: a server that asks for a longer pause than this gets none: the caller decides.
        budget: no new try when this many seconds have gone by; jobs live for 60 s.
    """

    tries: int = 4
    first_pause: float = 0.5
    longest_pause: float = 10.0
    budget: float = 45.0

    def once(self) -> Patience:
        return Patience(tries=1)


def patiently(attempt: Callable[[], tuple[T | ConnectorError, bool]], patience: Patience) -> T:
    """What an attempt gives, tried again while it gives an error and says that trying again can help."""
    started = time.monotonic()
    for number in range(patience.tries):
        result, again = attempt()
        if not isinstance(result, ConnectorError):
            return result
        pause = _pause(result, number, patience)
        spent = time.monotonic() - started
        if not again or pause is None or number == patience.tries - 1 or spent + pause > patience.budget:
            raise result
        time.sleep(pause)
    raise AssertionError("patience allows at least one try")


def _pause(error: ConnectorError, number: int, patience: Patience) -> float | None:
    asked = error.after if isinstance(error, Retryable) else None
    if asked is not None:
        return asked if asked <= patience.longest_pause else None
    pause: float = min(patience.first_pause * 2**number, patience.longest_pause)
    return pause * _chance.uniform(0.5, 1.0)
