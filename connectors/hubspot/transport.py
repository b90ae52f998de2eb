"""The requests of one HubSpot account: authenticated, counted, patient with reads; a write in doubt is never repeated.

hubspot-api-client builds each request and hands it to its transport, which is ours: the library's own raises for every
reply that is no success by way of a method that urllib3 is about to drop, repeats what it likes, and knows no time-out.
Replies stay as they came, because the library turns a batch that half failed into an object that says nothing of it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from hubspot.crm.objects import Configuration
from hubspot.crm.objects.rest import RESTClientObject

from connectors.access import Token
from connectors.addresses import LOOPBACK
from connectors.base import Budget, Limits, Pace
from connectors.errors import ConnectorError, RateLimited, Unavailable
from connectors.hubspot.errors import DAILY, from_exception, from_response, is_web_page
from connectors.login import Login
from connectors.patience import Patience, patiently

TIMEOUT = urllib3.Timeout(connect=10.0, read=60.0)
_AGAIN = frozenset({429, 502, 503, 504})
#: What HubSpot takes until it says otherwise: every account has at least this.
_REQUESTS, _SECONDS = 100, 10.0
SEARCH = Pace("search", 5, 1.0)


def configuration(address: str) -> Configuration:
    """The library's settings: where to send, through which proxy, trusting whom."""
    settings = Configuration(host=address)
    settings.ssl_ca_cert = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE")
    parts = urlsplit(address)
    host = parts.hostname or ""
    if host not in LOOPBACK and not proxy_bypass(host):
        settings.proxy = getproxies().get(parts.scheme)
    return settings


def connections(settings: Configuration) -> urllib3.PoolManager:
    """Connections for what is asked outside the library."""
    pool: urllib3.PoolManager = RESTClientObject(settings).pool_manager
    return pool


class Transport(RESTClientObject):  # type: ignore[misc, unused-ignore]
    """Raises `ConnectorError`; a reply it returns is a success."""

    def __init__(self, settings: Configuration, login: Login, patience: Patience, budget: Budget | None = None) -> None:
        super().__init__(settings)
        self._login = login
        self._patience = patience
        self._budget = budget
        self._pace = Pace("all", _REQUESTS, _SECONDS)
        self.calls = 0
        self.usage: Limits | None = None
        self.server_time: datetime | None = None

    def request(
        self,
        method: str,
        url: str,
        query_params: Sequence[tuple[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        post_params: Sequence[tuple[str, str]] | None = None,
        **ignored: Any,
    ) -> urllib3.BaseHTTPResponse:
        """What the library calls. `post_params` are a form, else the body is JSON."""
        if query_params:
            url = f"{url}?{urlencode(query_params)}"
        if post_params:
            content: bytes | None = urlencode(post_params).encode()
        else:
            content = None if body is None else json.dumps(body).encode()
        sent = dict(headers or {})
        return self._login.using(lambda token: self._send(token, method, url, sent, content))

    def _send(
        self, token: Token, method: str, url: str, headers: Mapping[str, str], content: bytes | None
    ) -> urllib3.BaseHTTPResponse:
        parts = urlsplit(url)
        search = parts.path.endswith("/search")
        paces = [self._pace, SEARCH] if search else [self._pace]
        repeatable = method == "GET" or search or parts.path.endswith("/batch/read")
        patience = self._patience if repeatable else self._patience.once()
        signed = {**headers, "Authorization": f"Bearer {token.access}", "Accept-Encoding": "gzip"}

        def attempt() -> tuple[urllib3.BaseHTTPResponse | ConnectorError, bool]:
            with self._budget.call(paces) if self._budget else nullcontext():
                self.calls += 1
                try:
                    response = self.pool_manager.request(
                        method, url, body=content, headers=signed, timeout=TIMEOUT, retries=False, redirect=False
                    )
                except urllib3.exceptions.HTTPError as broken:
                    error = from_exception(broken, parts.netloc)
                    return error, isinstance(error, Unavailable)
            self._note(response)
            if 200 <= response.status < 300 and not is_web_page(response):
                return response, False
            error = from_response(response, parts.netloc)
            passing = isinstance(error, Unavailable | RateLimited) and error.code != DAILY
            return error, passing and response.status in _AGAIN

        return patiently(attempt, patience)

    def _note(self, response: urllib3.BaseHTTPResponse) -> None:
        """Take down what a reply says about HubSpot's clock and limits."""
        said = response.headers
        with suppress(ValueError, TypeError):
            self.server_time = parsedate_to_datetime(said.get("Date", ""))
        # unverified: replies to searches carry none of these headers; an app with OAuth is told nothing of the day.
        with suppress(KeyError, ValueError):
            most, milliseconds = (int(said[f"X-HubSpot-RateLimit-{name}"]) for name in ("Max", "Interval-Milliseconds"))
            self._pace = Pace("all", most, milliseconds / 1000)
        with suppress(KeyError, ValueError):
            allowed, left = (int(said[f"X-HubSpot-RateLimit-{name}"]) for name in ("Daily", "Daily-Remaining"))
            self.observe(Limits(used=allowed - left, allowed=allowed))

    def observe(self, limits: Limits) -> None:
        """Take down what HubSpot says about the calls of the day."""
        self.usage = limits
        if self._budget:
            self._budget.observe(limits)
