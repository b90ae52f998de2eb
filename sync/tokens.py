"""The token of a CRM org, kept sealed with its connection and renewed once for all workers.

Eight processes whose token is refused at the same moment make one request: the first to get the lock asks the CRM, the
others find the new token when their turn comes. Tokens and refresh tokens are kept only here, encrypted with the other
credentials; Redis holds the lock and nothing else.

A CRM may replace the refresh token at each use. Its successor is stored before anybody uses the token it came with.
Between the CRM's reply and that moment lie milliseconds, and a worker killed in them takes the successor with it: the
CRM then refuses the one that we still have, and the connection waits for a person, as after any lost login. No client
can close this gap. Client credentials and signed assertions do not have it, because nothing of theirs is used up.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

from django.conf import settings
from django.db import transaction
from redis import Redis
from redis.exceptions import LockError, RedisError

from connectors.access import Token
from connectors.errors import AuthRevoked, Unavailable
from sync import vault
from sync.alerts import notices
from sync.models import Connection

#: Among the credentials: the token, where it is good, and the login it came from.
_TOKEN, _ADDRESS, _LOGIN = "held_token", "held_address", "held_login"
#: A setting like any other, but replaced by the CRM.
_REFRESH = "refresh_token"
#: Seconds after which the lock of a process that died is free. A login takes less, whatever the CRM does.
LOCK = 75.0
#: Seconds to wait for somebody else's login; jobs end after 60 s.
PATIENCE = 40.0


def given(credentials: Mapping[str, str]) -> dict[str, str]:
    """The credentials without the token that a login left with them."""
    return {name: value for name, value in credentials.items() if name not in (_TOKEN, _ADDRESS, _LOGIN)}


def login_of(kind: str, options: Mapping[str, str], credentials: Mapping[str, str]) -> str:
    """A digest of what somebody logs in with. It stays the same when tokens change."""
    kept = {name: value for name, value in given(credentials).items() if name != _REFRESH}
    return hashlib.sha256(json.dumps([kind, dict(options), kept], sort_keys=True).encode()).hexdigest()


def with_token(credentials: Mapping[str, str], token: Token, login: str) -> dict[str, str]:
    """The credentials with the token that this login (see `login_of`) has given."""
    refresh = {_REFRESH: token.refresh} if token.refresh else {}
    return {**given(credentials), **refresh, _TOKEN: token.access, _ADDRESS: token.address, _LOGIN: login}


class SealedTokens:
    """The token of a stored connection, as `connectors.access.TokenStore`. Its methods raise `sync.vault.VaultLocked`.

    `login` is the digest of what the connector was opened with: a token of another login is not touched.
    """

    def __init__(self, connection_id: int, login: str) -> None:
        self._id = connection_id
        self._login = login

    def current(self) -> Token | None:
        return self._held(vault.unseal(Connection.objects.values_list("credentials", flat=True).get(pk=self._id)))

    def renew(self, refused: str, ask: Callable[[str], Token]) -> Token:
        """See `TokenStore.renew`. Raises `Unavailable` when somebody else's login takes too long."""
        with _alone(self._org()):
            before = vault.unseal(Connection.objects.values_list("credentials", flat=True).get(pk=self._id))
            held = self._held(before)
            if held is not None and held.access != refused:
                return held
            return self._keep(before, ask(before.get(_REFRESH, "")))

    def _org(self) -> str:
        """The org's id, so that connections to one org take turns; the connection's own before it has met its org."""
        identity = Connection.objects.values_list("identity", flat=True).get(pk=self._id)
        return "".join(filter(str.isalnum, str(identity.get("org_id") or self._id)))

    def lost(self, why: AuthRevoked) -> None:
        """Mark the connection and tell the administrator, once; unless somebody has reconnected meanwhile."""
        with transaction.atomic():
            connection = Connection.objects.select_for_update().select_related("portfolio").get(pk=self._id)
            login = login_of(connection.kind, connection.settings, vault.unseal(connection.credentials))
            if login == self._login and connection.state != Connection.State.RECONNECT:
                connection.state = Connection.State.RECONNECT
                connection.save(update_fields=["state"])
                notices.reconnect(connection, why)

    def _held(self, credentials: Mapping[str, str]) -> Token | None:
        if credentials.get(_LOGIN) != self._login:
            return None
        return Token(credentials[_TOKEN], credentials[_ADDRESS], credentials.get(_REFRESH, ""))

    def _keep(self, before: Mapping[str, str], token: Token) -> Token:
        """Store the token; durable when this returns. Somebody else's login that came between stays."""
        with transaction.atomic(durable=True):
            connection = Connection.objects.select_for_update().get(pk=self._id)
            credentials = vault.unseal(connection.credentials)
            if credentials != before:  # the vault's key may have changed, but a person's new login wins
                return self._held(credentials) or token
            connection.credentials = vault.seal(with_token(credentials, token, self._login))
            connection.save(update_fields=["credentials"])
        return token


@contextmanager
def _alone(org: str) -> Iterator[None]:
    """One login to this org at a time, over all workers and connections. Raises `Unavailable`."""
    if not settings.REDIS_URL:
        # Without Redis there are no workers, only commands of one machine.
        with open(settings.HOME / f"login-{org}.lock", "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        return
    with Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=5) as redis:
        lock = redis.lock(f"tierline:login:{org}", timeout=LOCK, blocking_timeout=PATIENCE)
        try:
            taken = lock.acquire()
        except RedisError as lost:
            raise Unavailable(
                "The lock that lets one worker log in at a time cannot be taken: Redis does not answer.",
                next_step="Check that Redis is running at REDIS_URL.",
                code="NO_LOCK",
            ) from lost
        if not taken:
            raise Unavailable(
                "Another worker is still logging in to the CRM.", next_step="It is tried again.", code="LOGIN_BUSY"
            )
        try:
            yield
        finally:
            with suppress(LockError, RedisError):
                lock.release()
