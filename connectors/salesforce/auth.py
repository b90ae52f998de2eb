"""Getting in: credentials of one Salesforce org, and the access token, renewed once when it is refused.

Three of the ways in are here. Client credentials is the one to use (an External Client App or connected app
with a run-as user). A bare access token serves until it expires. User name and password through
SOAP login() is for old orgs only: Salesforce retires it in 2027.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import requests
from simple_salesforce.exceptions import SalesforceAuthenticationFailed
from simple_salesforce.login import SalesforceLogin

from connectors.errors import AuthRevoked, BadInput
from connectors.salesforce.errors import half_reply
from connectors.salesforce.sending import TIMEOUT, Patience, send

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class Credentials:
    """How to get into one org. Addresses are origins such as "https://acme.my.salesforce.com".

    Attributes:
        instance_url: where the org is; needed with `access_token`, else told by the login.
        login_url: where to log in; client credentials need the org's own address (My Domain), not
            login.salesforce.com.
    """

    instance_url: str = ""
    login_url: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    security_token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        for address in (self.instance_url, self.login_url):
            if address:
                require_safe(address)
        if not (self.login_url or self.instance_url):
            raise BadInput(
                "The connection has no address.",
                next_step="Give instance_url or login_url, e.g. https://acme.my.salesforce.com.",
            )
        ways = (self.client_id and self.client_secret, self.access_token and self.instance_url, self.password)
        if not any(ways):
            raise BadInput(
                "The connection has no complete credentials.",
                next_step="Give client_id and client_secret, or access_token and instance_url, or username "
                "and password.",
            )

    @property
    def renewable(self) -> bool:
        """Whether a refused token can be replaced without a person."""
        return bool((self.client_id and self.client_secret) or (self.username and self.password))

    @property
    def login_address(self) -> str:
        return (self.login_url or self.instance_url).rstrip("/")


@dataclass(frozen=True)
class Access:
    """A token and the org it is good for."""

    token: str = field(repr=False)
    instance_url: str


class Login:
    """The current access of one org. Threads share it; a refused token is replaced once, by one of them."""

    def __init__(self, credentials: Credentials, *, version: str, patience: Patience) -> None:
        self._credentials = credentials
        self._version = version
        self._patience = patience
        self._lock = Lock()
        self._access: Access | None = None
        if credentials.access_token:
            self._access = Access(credentials.access_token, credentials.instance_url.rstrip("/"))

    @property
    def known_address(self) -> str:
        """The org's address as far as known without asking."""
        return self._access.instance_url if self._access else self._credentials.login_address

    def access(self) -> Access:
        with self._lock:
            if self._access is None:
                self._access = self._log_in()
            return self._access

    def renew(self, refused: Access, why: AuthRevoked) -> Access:
        """A new access in place of a refused one. Raises `why` when there is nothing to renew it with."""
        with self._lock:
            if self._access is not refused and self._access is not None:
                return self._access
            if not self._credentials.renewable:
                raise why
            self._access = self._log_in()
            return self._access

    def _log_in(self) -> Access:
        if self._credentials.client_id and self._credentials.client_secret:
            return self._by_client_credentials()
        return self._by_password()

    def _by_client_credentials(self) -> Access:
        address = self._credentials.login_address
        form = {
            "grant_type": "client_credentials",
            "client_id": self._credentials.client_id,
            "client_secret": self._credentials.client_secret,
        }
        with _DirectSession(address) as session:
            response = send(
                lambda: session.post(
                    f"{address}/services/oauth2/token", data=form, timeout=TIMEOUT, allow_redirects=False
                ),
                host=urlsplit(address).netloc,
                patience=self._patience,
                failed=_refused,
            )
        try:
            reply: Any = response.json()
            access = Access(reply["access_token"], str(reply["instance_url"]).rstrip("/"))
        except (ValueError, KeyError, TypeError):
            raise half_reply(urlsplit(address).netloc) from None
        require_safe(access.instance_url)
        return access

    def _by_password(self) -> Access:
        address = self._credentials.login_address
        with _DirectSession(address) as session:
            try:
                token, host = SalesforceLogin(
                    username=self._credentials.username,
                    password=self._credentials.password,
                    security_token=self._credentials.security_token,
                    session=session,
                    sf_version=self._version,
                )
            except SalesforceAuthenticationFailed as error:
                raise _login_refused(urlsplit(address).netloc, str(error.message), str(error.code)) from None
        return Access(token, f"{urlsplit(address).scheme}://{host}")


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


def require_safe(address: str) -> None:
    """Raises `BadInput` unless the address is https, or http to this very machine."""
    parts = urlsplit(address)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http" and parts.hostname in LOOPBACK:
        return
    raise BadInput(
        f"'{address}' is not an address credentials may be sent to.",
        next_step="Give an https address, e.g. https://acme.my.salesforce.com.",
    )


def _refused(response: requests.Response) -> AuthRevoked | None:
    """OAuth says with 400 what the API says with 401."""
    if response.status_code not in (400, 401, 403):
        return None
    try:
        reply: Any = response.json()
    except requests.exceptions.JSONDecodeError:
        return None
    if not isinstance(reply, dict) or "error" not in reply:
        return None
    why = str(reply.get("error_description") or reply["error"])
    return _login_refused(urlsplit(response.url).netloc, why, str(reply["error"]))


def _login_refused(host: str, why: str, code: str) -> AuthRevoked:
    return AuthRevoked(
        f"Salesforce at {host} refuses the login: {why.rstrip('.')}.",
        next_step="Check client id, secret and the app's run-as user (or user and password), then reconnect.",
        code=code,
    )
