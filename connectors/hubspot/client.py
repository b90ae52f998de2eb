"""What is asked of one HubSpot account, as JSON in and JSON out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

from hubspot.crm.objects import ApiClient

from connectors.access import TokenStore
from connectors.base import Budget, Limits
from connectors.errors import SchemaMismatch
from connectors.hubspot.credentials import Credentials
from connectors.hubspot.errors import half_reply
from connectors.hubspot.oauth import login
from connectors.hubspot.paths import Paths
from connectors.hubspot.transport import Transport, configuration
from connectors.patience import Patience

Json = dict[str, Any]
#: Records a list gives at a time, records one batch takes, and records a search gives at a time.
LIST, BATCH, FOUND = 100, 100, 200


class Client:
    """The API of one account. `paths` has the addresses."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        patience: Patience | None = None,
        budget: Budget | None = None,
        tokens: TokenStore | None = None,
    ) -> None:
        patience = patience or Patience()
        self.credentials = credentials
        self.paths = Paths(credentials.api_version)
        self._login = login(credentials, patience=patience, tokens=tokens)
        settings = configuration(credentials.address)
        self._transport = Transport(settings, self._login, patience, budget)
        self._library = ApiClient(settings)
        self._library.rest_client = self._transport

    @property
    def api_calls(self) -> int:
        return self._transport.calls

    @property
    def usage(self) -> Limits | None:
        """API use of the day as the last reply told it."""
        return self._transport.usage

    @property
    def server_time(self) -> datetime | None:
        """HubSpot's clock as the last reply told it."""
        return self._transport.server_time

    @property
    def host(self) -> str:
        return urlsplit(self.credentials.address).netloc

    def close(self) -> None:
        self._transport.pool_manager.clear()

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Json:
        return self._call("GET", path, params=params)

    def post(self, path: str, body: Mapping[str, Any]) -> Json:
        return self._call("POST", path, body=body)

    def patch(self, path: str, body: Mapping[str, Any]) -> Json:
        return self._call("PATCH", path, body=body)

    def delete(self, path: str) -> None:
        """What is gone already is no error."""
        try:
            self._call("DELETE", path)
        except SchemaMismatch:
            return

    def form(self, path: str, form: Mapping[str, str]) -> Json:
        return self._call("POST", path, form=form)

    def listed(self, path: str, params: Mapping[str, str], after: str = "") -> Iterator[tuple[list[Json], str]]:
        """The pages of a list from a place on, "" for its beginning, each with the place of the next."""
        while True:
            page = self.get(path, {**params, **({"after": after} if after else {})})
            after = str(((page.get("paging") or {}).get("next") or {}).get("after") or "")
            yield self.results(page), after
            if not after:
                return

    def all(self, path: str, params: Mapping[str, str] | None = None) -> list[Json]:
        """Everything of a list."""
        return [row for rows, _ in self.listed(path, params or {}) for row in rows]

    def access(self) -> Json:
        """What HubSpot says about our token: hub, user, app and scopes."""
        token = self._login.access().access
        credentials = self.credentials
        if credentials.way == "token":
            # unverified: a service key is told about at the same address as a private app's token.
            return self.post("/oauth/v2/private-apps/get/access-token-info", {"tokenKey": token})
        form = {
            "client_id": credentials.client_id,
            "client_secret": credentials.client_secret,
            "token": token,
            "token_type_hint": "access_token",
        }
        return self.form(self.paths.oauth("token/introspect"), form)

    def observe(self, limits: Limits) -> None:
        self._transport.observe(limits)

    def results(self, reply: Json) -> list[Json]:
        found = reply.get("results")
        if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
            raise half_reply(self.host)
        return found

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Json:
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        response = self._library.call_api(
            path,
            method,
            query_params=list((params or {}).items()),
            header_params={"Accept": "application/json", **({"Content-Type": kind} if body or form else {})},
            body=body,
            post_params=list((form or {}).items()),
            _preload_content=False,
        )
        if not response.data:
            return {}
        try:
            reply = json.loads(response.data)
        except ValueError:
            raise half_reply(self.host) from None
        if not isinstance(reply, dict):
            raise half_reply(self.host)
        return reply


def in_path(name: str) -> str:
    """A name or id as a part of an address."""
    return quote(name, safe="")


def portions(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """So many at a time, each item once."""
    once = list(dict.fromkeys(items))
    return (once[start : start + size] for start in range(0, len(once), size))
