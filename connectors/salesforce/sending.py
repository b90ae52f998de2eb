"""One request to Salesforce: sent with patience, its failure mapped."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import requests

from connectors.errors import ConnectorError, RateLimited, Unavailable
from connectors.patience import Patience, patiently
from connectors.salesforce.errors import from_exception, from_response, is_web_page

TIMEOUT = (10.0, 60.0)  # seconds to connect, seconds to read
_AGAIN = frozenset({420, 429, 502, 503, 504})


def send(
    attempt: Callable[[], requests.Response],
    *,
    host: str,
    patience: Patience,
    failed: Callable[[requests.Response], ConnectorError | None] = lambda _: None,
) -> requests.Response:
    """A successful reply, or the mapped error. `failed` may name an error before the general mapping does."""
    return patiently(lambda: _outcome(attempt, host, failed), patience)


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


def host_of(address: str) -> str:
    return urlsplit(address).netloc
