"""What users let client apps do: the org's policy for apps, approvals, codes, and whose a refresh token is."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import asdict, dataclass
from typing import Literal
from urllib.parse import urlsplit

from pydantic import ConfigDict, TypeAdapter, with_config

from connectors.sandbox.org.records import Store

# unverified: an authorization code is good for 15 minutes.
CODE_SECONDS = 900
#: What an app gets that asks for nothing in particular.
DEFAULT_SCOPE = "api refresh_token"
_REFRESHING = frozenset({"refresh_token", "offline_access", "full"})
_LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True)
class ClientPolicy:
    """The org's rules for client apps, as an administrator sets them on an External Client App.

    Attributes:
        permitted_users: "all" may approve an app themselves; "admin_approved": only `approved_users`, unasked.
        approved_users: user names.
        callbacks: addresses an app may have users sent back to; with none, any address of this machine.
        client_credentials: whether that grant is on.
        require_secret: whether an app proves itself with its secret when it redeems or refreshes.
    """

    permitted_users: Literal["all", "admin_approved"] = "all"
    approved_users: tuple[str, ...] = ()
    callbacks: tuple[str, ...] = ()
    client_credentials: bool = True
    require_pkce: bool = False
    require_secret: bool = True
    rotate_refresh_tokens: bool = True

    @classmethod
    def of(cls, store: Store) -> ClientPolicy:
        """The policy that is set, with the defaults for the rest. Raises pydantic.ValidationError."""
        return _POLICIES.validate_python(store.setting("client_policy") or {})

    @property
    def preapproves(self) -> bool:
        return self.permitted_users == "admin_approved"

    def lists(self, username: str) -> bool:
        return username.lower() in {each.lower() for each in self.approved_users}

    def may_return_to(self, address: str) -> bool:
        if self.callbacks:
            return address in self.callbacks
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and parts.hostname in _LOCAL


_POLICIES = TypeAdapter(ClientPolicy)


@dataclass(frozen=True)
class Code:
    """What an authorization code stands for. `challenge` is empty where the app sent none."""

    client_id: str
    user_id: str
    redirect_uri: str
    scope: str
    challenge: str
    expires: float


class Consents:
    """Approvals and codes of one org, kept with it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def policy(self) -> ClientPolicy:
        return ClientPolicy.of(self._store)

    def approve(self, client_id: str, user_id: str, scope: str) -> None:
        """Remembers that the user approved the app, with the scopes of the last time."""
        self._keep(f"{client_id} {user_id}", "approval", client_id, user_id, scope)

    def approved_scope(self, client_id: str, user_id: str) -> str:
        """The scopes the user approved for use without the user; "" if none were."""
        row = self._row(f"{client_id} {user_id}", "approval")
        scope = str(json.loads(row[2])) if row else ""
        return scope if refreshes(scope) else ""

    def new_code(self, client_id: str, user_id: str, redirect_uri: str, scope: str, challenge: str) -> str:
        code = Code(client_id, user_id, redirect_uri, scope, challenge, time.time() + CODE_SECONDS)
        token = "aPrx" + secrets.token_urlsafe(48)
        self._keep(token, "code", client_id, user_id, asdict(code))
        return token

    def take_code(self, token: str) -> Code | None:
        """What the code stands for, the first time it is shown and while it is good; else None."""
        with self._store.writing() as connection:
            row = self._row(token, "code")
            connection.execute("DELETE FROM consents WHERE token = ? AND kind = 'code'", (token,))
        code = Code(**json.loads(row[2])) if row else None
        return code if code and code.expires > time.time() else None

    def bind(self, refresh_token: str, client_id: str, user_id: str, scope: str) -> None:
        """From now on the refresh token is good for this app only."""
        self._keep(refresh_token, "refresh", client_id, user_id, scope)

    def holder(self, refresh_token: str) -> tuple[str, str]:
        """The app a refresh token was given to, and its scopes; ("", "") if it is bound to none."""
        row = self._row(refresh_token, "refresh")
        return (str(row[0]), str(json.loads(row[2]))) if row else ("", "")

    def _keep(self, token: str, kind: str, client_id: str, user_id: str, body: object) -> None:
        with self._store.writing() as connection:
            connection.execute(
                "REPLACE INTO consents (token, kind, client_id, user_id, body) VALUES (?, ?, ?, ?, ?)",
                (token, kind, client_id, user_id, json.dumps(body)),
            )

    def _row(self, token: str, kind: str) -> tuple[str, str, str] | None:
        found: tuple[str, str, str] | None = (
            self._store.reader()
            .execute("SELECT client_id, user_id, body FROM consents WHERE token = ? AND kind = ?", (token, kind))
            .fetchone()
        )
        return found


def refreshes(scope: str) -> bool:
    """Whether the scopes let an app act while the user is away."""
    return not _REFRESHING.isdisjoint(scope.split())
