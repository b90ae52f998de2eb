"""Who may talk to a portal: private apps with a token of their own, an OAuth app, its codes and tokens.

Everything lives in the portal's file, so tokens survive a restart and two processes on one home agree.
This is a sandbox: secrets are kept readable, because `serve` prints them for the person who starts it.
"""

from __future__ import annotations

import hmac
import json
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from connectors.sandbox.clock import Clock
from connectors.sandbox.portal.records import Records
from connectors.sandbox.portal.standard import OBJECT_TYPES

#: How long an access token of OAuth is good, in seconds, unless the setting `token_seconds` says otherwise.
TOKEN_SECONDS = 1800
# unverified: an authorization code is good for 10 minutes.
_CODE_SECONDS = 600

#: Every scope that is asked for somewhere; what the administrator's own apps have.
ALL_SCOPES = (
    "oauth",
    *dict.fromkeys(
        scope
        for kind in OBJECT_TYPES.values()
        for scope in ([kind.scope] if "." not in kind.scope else [f"{kind.scope}.read", f"{kind.scope}.write"])
    ),
    *(f"crm.schemas.{name}.{right}" for name in ("companies", "contacts", "deals") for right in ("read", "write")),
    "crm.objects.owners.read", "e-commerce", "account-info.security.read", "settings.users.read",
    "settings.currencies.read",
)  # fmt: skip


@dataclass(frozen=True)
class Grant:
    """What a token stands for.

    Attributes:
        private: a private app's token, which does not expire; else one of OAuth.
        client_id, redirect_uri: of OAuth only.
    """

    app_id: int
    user_id: int
    scopes: tuple[str, ...]
    private: bool = False
    client_id: str = ""
    redirect_uri: str = ""


@dataclass(frozen=True)
class Client:
    """An OAuth app."""

    app_id: int
    client_id: str
    secret: str


class Apps:
    """All apps of a portal. The first private app and the OAuth app are made with it, for the administrator."""

    def __init__(self, records: Records, clock: Clock, admin_user_id: int) -> None:
        self._records = records
        self._clock = clock
        self._admin = admin_user_id
        if records.setting("client") is None:
            with records.writing():
                client = Client(self._number(), str(uuid.uuid4()), str(uuid.uuid4()))
                records.set_setting("client", asdict(client))
                records.set_setting("private_token", self.add_private_app())
                records.set_setting("password", secrets.token_urlsafe(15))

    def _number(self) -> int:
        return 1_000_000 + self._records.take_numbers("app")

    @property
    def token(self) -> str:
        """Of the administrator's private app, which may do everything."""
        return str(self._records.setting("private_token"))

    @property
    def client(self) -> Client:
        return Client(**self._records.setting("client"))

    @property
    def password(self) -> str:
        """With which people log in on the page of the OAuth flow."""
        return str(self._records.setting("password"))

    def add_private_app(self, scopes: Sequence[str] = ALL_SCOPES) -> str:
        """A private app that may do what these scopes say; returns its token."""
        token = f"pat-eu1-{uuid.uuid4()}"
        self._keep(token, "access", Grant(self._number(), self._admin, tuple(scopes), private=True), 0)
        return token

    def known(self, client_id: str, secret: str) -> bool:
        client = self.client
        return hmac.compare_digest(client.client_id, client_id) and hmac.compare_digest(client.secret, secret)

    def grant(self, user_id: int, scopes: Sequence[str], redirect_uri: str = "") -> Grant:
        """What the OAuth app is allowed by this user."""
        client = self.client
        return Grant(client.app_id, user_id, tuple(scopes), client_id=client.client_id, redirect_uri=redirect_uri)

    def issue_code(self, grant: Grant) -> str:
        return self._keep(str(uuid.uuid4()), "code", grant, _CODE_SECONDS)

    def issue_refresh(self, grant: Grant) -> str:
        return self._keep(f"eu1-{uuid.uuid4()}", "refresh", grant, 0)

    def issue_access(self, grant: Grant) -> str:
        return self._keep("C" + secrets.token_urlsafe(72), "access", grant, self.token_seconds)

    @property
    def token_seconds(self) -> int:
        return int(self._records.setting("token_seconds") or TOKEN_SECONDS)

    def take_code(self, code: str) -> Grant | None:
        """What a code stands for, the first time it is shown and while it is good; else None."""
        with self._records.writing() as connection:
            found = self.find(code, "code")
            connection.execute("DELETE FROM tokens WHERE token = ? AND kind = 'code'", (code,))
        return found[0] if found and found[1] else None

    def find(self, token: str, kind: Literal["access", "refresh", "code"] = "access") -> tuple[Grant, float] | None:
        """What a token stands for, and the seconds it is still good: 0 if it has expired, infinite if it does not."""
        row = (
            self._records.reader()
            .execute("SELECT body, expires FROM tokens WHERE token = ? AND kind = ?", (token, kind))
            .fetchone()
        )
        if row is None:
            return None
        body: dict[str, Any] = json.loads(row[0])
        left = max(row[1] - self._time(), 0.0) if row[1] else float("inf")
        return Grant(**{**body, "scopes": tuple(body["scopes"])}), left

    def end(self, token: str) -> None:
        """An access token of OAuth expires now, a refresh token is revoked. A private app's token stays good."""
        with self._records.writing() as connection:
            connection.execute(
                "UPDATE tokens SET expires = 1 WHERE token = ? AND kind = 'access' AND expires > 0", (token,)
            )
            connection.execute("DELETE FROM tokens WHERE token = ? AND kind = 'refresh'", (token,))

    def _keep(self, token: str, kind: str, grant: Grant, seconds: int) -> str:
        expires = self._time() + seconds if seconds else 0
        with self._records.writing() as connection:
            connection.execute(
                "INSERT INTO tokens VALUES (?, ?, ?, ?)", (token, kind, expires, json.dumps(asdict(grant)))
            )
        return token

    def _time(self) -> float:
        return self._clock.now().timestamp()
