"""Who may talk to the org: access tokens, refresh tokens, connected clients and passwords.

Everything lives in the org's own database, so tokens survive a restart and two processes on one home agree.
This is a sandbox: secrets are kept readable, because `serve` prints them for the person who starts it.
"""

from __future__ import annotations

import hmac
import secrets
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connectors.sandbox.org.records import Store

_ALPHABET = string.ascii_letters + string.digits + "._"


@dataclass(frozen=True)
class Credentials:
    """What a client needs to log in; made once per org."""

    client_id: str
    client_secret: str
    username: str
    password: str
    access_token: str


class Sessions:
    """Tokens and secrets of one org. A token has the documented form `<15-character org id>!<secret>`."""

    def __init__(self, store: Store, org_id: str) -> None:
        self._store = store
        self._prefix = org_id[:15] + "!"

    def issue(self, user_id: str) -> str:
        """A new access token (session id) for the user."""
        return self._add("access", user_id, self._prefix)

    def user_of(self, token: str) -> str | None:
        """The user an access token belongs to, or None if it was never issued or has been revoked."""
        return self._user("access", token)

    def issue_refresh(self, user_id: str) -> str:
        """A new refresh token for the user."""
        return self._add("refresh", user_id, "5Aep861")

    def user_of_refresh(self, token: str) -> str | None:
        return self._user("refresh", token)

    def take_refresh(self, token: str) -> str | None:
        """The user a refresh token belongs to, and its end: of two who show it at once, one gets an answer."""
        with self._store.writing() as connection:
            gone = connection.execute(
                "DELETE FROM tokens WHERE token = ? AND kind = 'refresh' RETURNING user_id", (token,)
            ).fetchone()
        return str(gone[0]) if gone else None

    def revoke(self, token: str) -> None:
        """Ends an access or refresh token; unknown ones are ignored."""
        with self._store.writing() as connection:
            connection.execute("DELETE FROM tokens WHERE token = ?", (token,))

    def revoke_all(self) -> None:
        """Ends every access token, as an administrator's "end all sessions" does. Refresh tokens stay."""
        with self._store.writing() as connection:
            connection.execute("DELETE FROM tokens WHERE kind = 'access'")

    def register_client(self, client_id: str, client_secret: str) -> None:
        """Adds a connected client or changes its secret."""
        self._store.set_setting(f"client:{client_id}", client_secret)

    def check_client(self, client_id: str, secret: str) -> bool:
        return _same(self._store.setting(f"client:{client_id}"), secret)

    def knows_client(self, client_id: str) -> bool:
        return bool(client_id) and self._store.setting(f"client:{client_id}") is not None

    def register_certificate(self, client_id: str, pem: str) -> None:
        """The certificate (or public key) with which the client signs its JWTs, as PEM."""
        self._store.set_setting(f"certificate:{client_id}", pem)

    def certificate(self, client_id: str) -> str:
        """The client's certificate as PEM, or ""."""
        return str(self._store.setting(f"certificate:{client_id}") or "")

    def set_password(self, username: str, user_id: str, password: str) -> None:
        self._store.set_setting(f"login:{username.lower()}", [user_id, password])

    def check_password(self, username: str, password: str) -> str | None:
        """The user's id if the password is right, else None. User names ignore case."""
        stored = self._store.setting(f"login:{username.lower()}")
        return stored[0] if stored and _same(stored[1], password) else None

    def credentials(self, username: str, user_id: str) -> Credentials:
        """The org's own client, login and first access token; made on the first call, then kept."""
        stored = self._store.setting("credentials")
        if stored is None:
            stored = {
                "client_id": "3MVG9" + _random(80),
                "client_secret": secrets.token_hex(32).upper(),
                "username": username,
                "password": _random(20, string.ascii_letters + string.digits),
                "access_token": self.issue(user_id),
            }
            self.register_client(stored["client_id"], stored["client_secret"])
            self.set_password(username, user_id, stored["password"])
            self._store.set_setting("credentials", stored)
        return Credentials(**stored)

    def _add(self, kind: str, user_id: str, prefix: str) -> str:
        token = prefix + _random(96)
        with self._store.writing() as connection:
            connection.execute("INSERT INTO tokens (token, kind, user_id) VALUES (?, ?, ?)", (token, kind, user_id))
        return token

    def _user(self, kind: str, token: str) -> str | None:
        row = self._store.reader().execute("SELECT user_id FROM tokens WHERE token = ? AND kind = ?", (token, kind))
        found = row.fetchone()
        return str(found[0]) if found else None


def _random(length: int, alphabet: str = _ALPHABET) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))


def _same(stored: object, given: str) -> bool:
    return isinstance(stored, str) and hmac.compare_digest(stored.encode(), given.encode())
