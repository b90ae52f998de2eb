"""Tokens: leave to act in an org, who keeps them, and who asks for them in a browser.

A connector obtains tokens; whoever opens it says where they are kept. Kept by several processes together, a token that
the CRM refuses is renewed once for all of them.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Protocol

from connectors.errors import AuthRevoked, Fatal


@dataclass(frozen=True)
class Token:
    """Good until the CRM refuses it. `refresh`, where there is one, renews it; a CRM may replace it at each use."""

    access: str = field(repr=False)
    address: str  # where requests go: the CRM says so with each token, and it may change
    refresh: str = field(default="", repr=False)


class TokenStore(Protocol):
    """Where the token of one org is kept, for everybody who works with that org."""

    def current(self) -> Token | None:
        """The newest token, None before the first."""

    def renew(self, refused: str, ask: Callable[[str], Token]) -> Token:
        """The token that takes the place of a refused one ("" for none yet).

        If somebody renewed it meanwhile, that is theirs. Otherwise `ask` is called, by one caller at a time and with
        the newest refresh token ("" for none), and its token is kept before it is returned. Raises what `ask` raises.
        """

    def lost(self, why: AuthRevoked) -> None:
        """The CRM takes nothing that we have: a person has to log in again."""


class MemoryTokens:
    """Tokens of one process, kept while it lives."""

    def __init__(self, token: Token | None = None) -> None:
        self._token = token
        self._lock = Lock()

    def current(self) -> Token | None:
        return self._token

    def renew(self, refused: str, ask: Callable[[str], Token]) -> Token:
        with self._lock:
            if self._token is None or self._token.access == refused:
                self._token = ask(self._token.refresh if self._token else "")
            return self._token

    def lost(self, why: AuthRevoked) -> None:
        """Whoever made the call is told by the error itself."""


class BrowserLogin(Protocol):
    """A login that a person does in a browser. The CRM sends them back to the address that it was begun with."""

    @property
    def address(self) -> str:
        """The page to open."""

    def finish(self, answer: Mapping[str, str]) -> Token:
        """The token for what the CRM sent back in the query of that address.

        Raises `ConnectorError` when the answer is not for this login, the person said no, or the CRM did.
        """


def expect_state(answer: Mapping[str, str], state: str) -> None:
    """Raises `Fatal` when what came back does not carry the state that the login was begun with."""
    if not hmac.compare_digest(answer.get("state", "").encode(), state.encode()):
        raise Fatal(
            "The answer that came back is not for the login that was begun here (state differs).",
            next_step="Begin again, and use the address printed then; if you did, somebody interferes.",
            code="STATE",
        )
