"""One request, sent with patience: how often, how long, and what ends the waiting."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from random import SystemRandom
from urllib.parse import urlsplit

import requests

from connectors.errors import ConnectorError, RateLimited, Retryable, Unavailable
from connectors.salesforce.errors import from_exception, from_response, is_web_page

TIMEOUT = (10.0, 60.0)  # seconds to connect, seconds to read
_AGAIN = frozenset({420, 429, 502, 503, 504})
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


def send(
    attempt: Callable[[], requests.Response],
    *,
    host: str,
    patience: Patience,
    failed: Callable[[requests.Response], ConnectorError | None] = lambda _: None,
) -> requests.Response:
    """A successful reply, or the mapped error. `failed` may name an error before the general mapping does."""
    started = time.monotonic()
    for number in range(patience.tries):
        error, again = _outcome(attempt, host, failed)
        if isinstance(error, requests.Response):
            return error
        pause = _pause(error, number, patience)
        spent = time.monotonic() - started
        if not again or pause is None or number == patience.tries - 1 or spent + pause > patience.budget:
            raise error
        time.sleep(pause)
    raise AssertionError("patience allows at least one try")


def _outcome(
    attempt: Callable[[], requests.Response],
    host: str,
    failed: Callable[[requests.Response], ConnectorError | None],
) -> tuple[requests.Response | ConnectorError, bool]:
    """The reply, or the error and whether trying again can help."""
    try:
        response = attempt()
    except requests.RequestException as broken:
        error = from_exception(broken, host)
        return error, isinstance(error, Unavailable)
    if response.ok and response.status_code < 300 and not is_web_page(response):
        return response, False
    error = failed(response) or from_response(response)
    return error, response.status_code in _AGAIN and isinstance(error, Unavailable | RateLimited)


def _pause(error: ConnectorError, number: int, patience: Patience) -> float | None:
    asked = error.after if isinstance(error, Retryable) else None
    if asked is not None:
        return asked if asked <= patience.longest_pause else None
    pause: float = min(patience.first_pause * 2**number, patience.longest_pause)
    return pause * _chance.uniform(0.5, 1.0)


def host_of(address: str) -> str:
    return urlsplit(address).netloc
