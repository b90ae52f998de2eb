"""User name and password through SOAP login(), for old orgs only: Salesforce retires it in 2027."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import requests
from simple_salesforce.exceptions import SalesforceAuthenticationFailed
from simple_salesforce.login import SalesforceLogin

from connectors.access import Token
from connectors.addresses import LOOPBACK
from connectors.salesforce.credentials import Credentials
from connectors.salesforce.sending import TIMEOUT
from connectors.salesforce.token_request import refusal


def log_in(credentials: Credentials, version: str) -> Token:
    """A session as a token. Raises `AuthRevoked`."""
    address = credentials.login_address
    with _DirectSession(address) as session:
        try:
            session_id, host = SalesforceLogin(
                username=credentials.username,
                password=credentials.password,
                security_token=credentials.security_token,
                session=session,
                sf_version=version,
            )
        except SalesforceAuthenticationFailed as error:
            raise refusal(urlsplit(address).netloc, str(error.code), str(error.message)) from None
    return Token(session_id, f"{urlsplit(address).scheme}://{host}")


class _DirectSession(requests.Session):
    """Talks to one address only, whatever host the library in front of it builds."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address
        self.trust_env = urlsplit(address).hostname not in LOOPBACK

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs.setdefault("timeout", TIMEOUT)
        return super().request(method, on_address(str(url), self._address), *args, **kwargs)


def on_address(url: str, address: str) -> str:
    """The same path and query on another origin."""
    parts, origin = urlsplit(url), urlsplit(address)
    return parts._replace(scheme=origin.scheme, netloc=origin.netloc).geturl()
