"""The current token of one org, renewed when it is refused, in whichever way the credentials allow."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.access import MemoryTokens, Token, TokenStore
from connectors.errors import AuthRevoked
from connectors.salesforce import jwt_bearer, soap_login, web_server
from connectors.salesforce.credentials import Credentials
from connectors.salesforce.sending import Patience
from connectors.salesforce.token_request import request_token


@dataclass(frozen=True)
class Renewed:
    """`fresh`: asked for just now. Otherwise somebody else renewed it, nobody knows how long ago."""

    token: Token
    fresh: bool


class Login:
    """Threads share it; `tokens` may be shared by processes as well."""

    def __init__(
        self, credentials: Credentials, *, version: str, patience: Patience, tokens: TokenStore | None = None
    ) -> None:
        self._credentials = credentials
        self._version = version
        self._patience = patience
        self._tokens: TokenStore = tokens or MemoryTokens()
        self._token: Token | None = None
        if credentials.access_token and credentials.instance_url:
            self._token = Token(credentials.access_token, credentials.instance_url.rstrip("/"))

    @property
    def known_address(self) -> str:
        """The org's address as far as known without asking it."""
        self._token = self._token or self._tokens.current()
        return self._token.address if self._token else self._credentials.login_address

    def access(self) -> Token:
        """The token to use now. Raises what logging in raises."""
        if self._token is None:
            self._token = self._tokens.current() or self._renew("").token
        return self._token

    def renew(self, refused: Token, why: AuthRevoked) -> Renewed:
        """A token in place of a refused one. Raises `why` when there is nothing to renew it with."""
        if self._credentials.way == "token":
            self._tokens.lost(why)
            raise why
        renewed = self._renew(refused.access)
        self._token = renewed.token
        return renewed

    def give_up(self, why: AuthRevoked) -> None:
        """The org refuses a token that it gave just now: a person has to look."""
        self._tokens.lost(why)

    def _renew(self, refused: str) -> Renewed:
        asked: list[Token] = []

        def ask(refresh: str) -> Token:
            asked.append(self._ask(refresh))
            return asked[0]

        try:
            token = self._tokens.renew(refused, ask)
        except AuthRevoked as why:
            self._tokens.lost(why)
            raise
        return Renewed(token, fresh=token in asked)

    def _ask(self, refresh: str) -> Token:
        credentials = self._credentials
        if credentials.way == "password":
            return soap_login.log_in(credentials, self._version)
        if credentials.way == "jwt":
            form = jwt_bearer.form(credentials)
        elif credentials.way == "browser":
            form = web_server.refresh_form(credentials, refresh or credentials.refresh_token)
        else:
            form = {
                "grant_type": "client_credentials",
                "client_id": credentials.client_id,
                "client_secret": credentials.client_secret,
            }
        return request_token(credentials.login_address, form, patience=self._patience)
