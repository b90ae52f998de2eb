"""The requests of one org: authenticated, counted, patient with reads; a write in doubt is never repeated.

simple-salesforce builds the requests and parses the replies; it is always given a session id and an instance
address, because only then it leaves logging in to us. Its session is ours: every request, whatever part of
the library makes it, gets the current token, goes to the org's address (also plain http on this machine), is
counted, and has its failure mapped to `connectors.errors`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from datetime import datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from simple_salesforce.api import Salesforce

from connectors.access import Token, TokenStore
from connectors.addresses import LOOPBACK
from connectors.base import Budget, Limits
from connectors.login import Login
from connectors.patience import Patience
from connectors.salesforce.credentials import Credentials
from connectors.salesforce.errors import half_reply
from connectors.salesforce.login import login
from connectors.salesforce.sending import TIMEOUT, host_of, send
from connectors.salesforce.soap_login import on_address

API_VERSION = "63.0"
_USAGE = re.compile(r"(?<!per-app-)\bapi-usage=(\d+)/(\d+)")
_READS = frozenset({"GET", "HEAD"})


class _Bearer(AuthBase):
    """Sets the token as requests' own auth, so that neither a .netrc nor a stale header replaces it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Transport(requests.Session):
    """The session under simple-salesforce. Raises `ConnectorError`; a reply it returns is a success."""

    def __init__(self, login: Login, patience: Patience, budget: Budget | None = None) -> None:
        super().__init__()
        self._budget = budget
        self._login = login
        self._patience = patience
        self.calls = 0
        self.usage: Limits | None = None
        self.server_time: datetime | None = None

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """`repeatable=True` marks a write that may be sent twice; a callable `data` is given the token."""
        return self._login.using(lambda token: self._send(token, str(method), str(url), *args, **dict(kwargs)))

    def _send(self, token: Token, method: str, url: str, *args: Any, **kwargs: Any) -> requests.Response:
        patience = self._patience
        if not kwargs.pop("repeatable", method.upper() in _READS):
            patience = patience.once()
        if callable(data := kwargs.get("data")):
            kwargs["data"] = data(token.access)
        kwargs.setdefault("timeout", TIMEOUT)
        kwargs.setdefault("allow_redirects", False)
        kwargs["auth"] = _Bearer(token.access)
        target = on_address(url, token.address)
        self.trust_env = urlsplit(target).hostname not in LOOPBACK
        super_request = super().request

        def attempt() -> requests.Response:
            with self._budget.call() if self._budget else nullcontext():
                self.calls += 1
                response = super_request(method, target, *args, **kwargs)
            self._note(response)
            return response

        return send(attempt, host=host_of(target), patience=patience)

    def _note(self, response: requests.Response) -> None:
        """Take down what a reply says about the org's clock and its budget."""
        with suppress(ValueError, TypeError):
            self.server_time = parsedate_to_datetime(response.headers.get("Date", ""))
        if usage := _USAGE.search(response.headers.get("Sforce-Limit-Info", "")):
            self.usage = Limits(used=int(usage[1]), allowed=int(usage[2]))
            if self._budget:
                self._budget.observe(self.usage)


class Client:
    """REST, queries and Metadata SOAP of one org. Numbers with a fraction come as `Decimal`, exact."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        version: str = API_VERSION,
        patience: Patience | None = None,
        budget: Budget | None = None,
        tokens: TokenStore | None = None,
    ) -> None:
        self.version = version
        patience = patience or Patience()
        self._login = login(credentials, version=version, patience=patience, tokens=tokens)
        self._transport = Transport(self._login, patience, budget)
        self._library: Salesforce | None = None

    @property
    def api_calls(self) -> int:
        return self._transport.calls

    @property
    def usage(self) -> Limits | None:
        """API use as the last reply told it."""
        return self._transport.usage

    @property
    def server_time(self) -> datetime | None:
        """The org's clock as the last reply told it."""
        return self._transport.server_time

    @property
    def address(self) -> str:
        """The org's address as far as known without asking."""
        return self._login.known_address

    def close(self) -> None:
        self._transport.close()

    def get(self, path: str) -> Any:
        """GET below /services/data/vNN.0/."""
        return self._json(lambda org: org.restful(path))

    def send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any],
        headers: Mapping[str, str],
        *,
        repeatable: bool = False,
    ) -> Any:
        """POST or PATCH below /services/data/vNN.0/."""
        return self._json(
            lambda org: org.restful(path, method=method, json=body, headers=dict(headers), repeatable=repeatable)
        )

    def delete(self, path: str, params: Mapping[str, str], headers: Mapping[str, str]) -> Any:
        """DELETE below /services/data/vNN.0/."""
        return self._json(lambda org: org.restful(path, params=dict(params), method="DELETE", headers=dict(headers)))

    def http(
        self,
        method: str,
        path: str,
        *,
        data: bytes = b"",
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
    ) -> requests.Response:
        """A request below /services/data/vNN.0/ whose body or reply is not JSON alone."""
        options: dict[str, Any] = {} if repeatable is None else {"repeatable": repeatable}
        return self._transport.request(
            method,
            f"{self._org().base_url}{path}",
            data=data or None,
            params=dict(params or {}),
            headers=dict(headers or {}),
            timeout=(TIMEOUT[0], 2 * TIMEOUT[1]),
            **options,
        )

    def query(self, soql: str, *, include_deleted: bool = False) -> dict[str, Any]:
        """The first page of a query: {"records", "done", "nextRecordsUrl"?, "totalSize"}."""
        page: dict[str, Any] = self._json(lambda org: org.query(soql, include_deleted=include_deleted))
        return page

    def more(self, next_url: str) -> dict[str, Any]:
        """The page behind a `nextRecordsUrl`, which is used as it is."""
        page: dict[str, Any] = self._json(lambda org: org.query_more(next_url, identifier_is_url=True))
        return page

    def soap(self, envelope: Callable[[str], bytes], face: Literal["m", "u"] = "m") -> bytes:
        """One call of the Metadata API, or of the partner face ("u") of the SOAP API.

        `envelope` builds the request around a session id: it may be asked twice.
        """
        org = self._org()
        response = self._transport.request(
            "POST",
            org.metadata_url.rstrip("/").replace("/Soap/m/", f"/Soap/{face}/"),
            data=envelope,
            headers={"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""'},
            timeout=(TIMEOUT[0], 2 * TIMEOUT[1]),
            repeatable=True,  # reads and upserts only
        )
        return response.content

    def _json(self, call: Callable[[Salesforce], Any]) -> Any:
        org = self._org()
        try:
            return call(org)
        except requests.exceptions.JSONDecodeError:
            raise half_reply(host_of(self.address)) from None

    def _org(self) -> Salesforce:
        if self._library is None:
            token = self._login.access()
            self._library = Salesforce(
                session_id=token.access,
                instance_url=token.address,
                version=self.version,
                session=self._transport,
                parse_float=Decimal,
                object_pairs_hook=dict,
            )
        return self._library
