"""The current token of one org, renewed when it is refused: once for everybody, replayed once, then a person's turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from connectors.access import MemoryTokens, Token, TokenStore
from connectors.errors import AuthRevoked

T = TypeVar("T")


@dataclass(frozen=True)
class Renewed:
    """`fresh`: asked for just now. Otherwise somebody else renewed it, nobody knows how long ago."""

    token: Token
    fresh: bool


class Login:
    """Threads share it; `tokens` may be shared by processes as well.

    `given` is a token that was entered as such. `ask` obtains one, with the newest refresh token ("" for none); None
    where there is only the one given. `address` is where to log in.
    """

    def __init__(
        self, given: Token | None, ask: Callable[[str], Token] | None, address: str, tokens: TokenStore | None = None
    ) -> None:
        self._token = given
        self._ask = ask
        self._address = address
        self._tokens: TokenStore = tokens or MemoryTokens()

    @property
    def known_address(self) -> str:
        """The org's address as far as known without asking it."""
        self._token = self._token or self._tokens.current()
        return self._token.address if self._token else self._address

    def using(self, send: Callable[[Token], T]) -> T:
        """What `send` gives with a token that is good. Raises what it raises, and what logging in raises.

        One replay with a new token. A token that another process renewed may be refused as well: it counts as ours
        did, once. If a token asked for just now is refused, a person has to reconnect.
        """
        token, fresh = self.access(), False
        for last in (False, False, True):
            try:
                return send(token)
            except AuthRevoked as refused:
                if fresh or last:
                    self._tokens.lost(refused)
                    raise
                renewed = self.renew(token, refused)
                token, fresh = renewed.token, renewed.fresh
        raise AssertionError("the last attempt returns or raises")

    def access(self) -> Token:
        """The token to use now. Raises what logging in raises."""
        if self._token is None:
            self._token = self._tokens.current() or self._renew("").token
        return self._token

    def renew(self, refused: Token, why: AuthRevoked) -> Renewed:
        """A token in place of a refused one. Raises `why` when there is nothing to renew it with."""
        if self._ask is None:
            self._tokens.lost(why)
            raise why
        renewed = self._renew(refused.access)
        self._token = renewed.token
        return renewed

    def _renew(self, refused: str) -> Renewed:
        asked: list[Token] = []

        def ask(refresh: str) -> Token:
            assert self._ask is not None
            asked.append(self._ask(refresh))
            return asked[0]

        try:
            token = self._tokens.renew(refused, ask)
        except AuthRevoked as why:
            self._tokens.lost(why)
            raise
        return Renewed(token, fresh=token in asked)
