"""Logging in to HubSpot: a private app's token as it is, or an app that a person installs in a browser.

Everything secret goes in the body of a request. A refresh token stays good until the app is uninstalled; should HubSpot
send another, that one is kept.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import urllib3

from connectors.access import Token, TokenStore, expect_state
from connectors.addresses import LOOPBACK, require_safe
from connectors.errors import AuthRevoked, ConnectorError, Fatal, Unavailable
from connectors.hubspot.credentials import API, APP, Credentials
from connectors.hubspot.errors import from_exception, from_response, half_reply
from connectors.hubspot.paths import Paths
from connectors.hubspot.transport import configuration, connections
from connectors.login import Login
from connectors.patience import Patience, patiently

#: What the app needs. HubSpot has no scope of its own for some objects: those of engagements come with contacts.
SCOPES = (
    "oauth",
    "crm.objects.companies.read",
    "crm.objects.companies.write",
    "crm.schemas.companies.read",
    "crm.schemas.companies.write",
    "crm.objects.contacts.read",
    "crm.objects.contacts.write",
    "crm.objects.deals.read",
    "crm.objects.deals.write",
    "crm.schemas.deals.read",
    "crm.schemas.deals.write",
    "crm.objects.owners.read",
    "tickets",
)
#: Asked for as well, and done without: line items, products and orders are not in every account.
OPTIONAL_SCOPES = ("crm.objects.line_items.read", "e-commerce", "crm.objects.orders.read", "sales-email-read")
_TIMEOUT = urllib3.Timeout(connect=5.0, read=20.0)
_PATIENCE = Patience(tries=2, budget=20.0)


def login(credentials: Credentials, *, patience: Patience, tokens: TokenStore | None = None) -> Login:
    """The login of these credentials; nothing is sent yet."""
    address = credentials.address
    if credentials.way == "token":
        return Login(Token(credentials.access_token, address), None, address, tokens)

    def ask(refresh: str) -> Token:
        form = {
            "grant_type": "refresh_token",
            "client_id": credentials.client_id,
            "client_secret": credentials.client_secret,
            "refresh_token": refresh or credentials.refresh_token,
        }
        return request_token(address, credentials.api_version, form, patience=patience)

    return Login(None, ask, address, tokens)


def request_token(address: str, version: str, form: Mapping[str, str], *, patience: Patience = _PATIENCE) -> Token:
    """The token for this grant. `refresh` is the one sent, unless the reply holds another.

    Raises `AuthRevoked` with what to do, and `Unavailable`.
    """
    host = urlsplit(address).netloc
    pool = connections(configuration(address))

    def attempt() -> tuple[urllib3.BaseHTTPResponse | ConnectorError, bool]:
        try:
            response = pool.request(
                "POST",
                f"{address}{Paths(version).oauth('token')}",
                body=urlencode(form),
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                timeout=_TIMEOUT,
                retries=False,
                redirect=False,
            )
        except urllib3.exceptions.HTTPError as broken:
            error = from_exception(broken, host)
            return error, isinstance(error, Unavailable)
        if response.status == 200:
            return response, False
        return _refused(response, host) or from_response(response, host), response.status >= 500

    response = patiently(attempt, Patience(min(patience.tries, 2), patience.first_pause, budget=20.0))
    try:
        reply: Any = json.loads(response.data)
        return Token(reply["access_token"], address, str(reply.get("refresh_token") or form.get("refresh_token", "")))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise half_reply(host) from None


def _refused(response: urllib3.BaseHTTPResponse, host: str) -> AuthRevoked | None:
    """HubSpot says with 400 that a grant is not good (any more)."""
    if response.status not in (400, 401, 403):
        return None
    try:
        reply: Any = json.loads(response.data)
    except ValueError:
        return None
    if not isinstance(reply, dict):
        return None
    code = str(reply.get("status") or reply.get("error") or reply.get("category") or "")
    why = str(reply.get("message") or reply.get("error_description") or code).rstrip(".")
    return AuthRevoked(f"HubSpot at {host} refuses the login: {why}.", next_step=_step(code, why), code=code)


def _step(code: str, why: str) -> str:
    text = f"{code} {why}".lower()
    if "refresh" in text:
        return "Log in again in the browser: the app was uninstalled, or its token is gone."
    if "redirect" in text:
        return "Add the redirect URL to the app exactly as it was printed."
    if "client" in text:
        return "Copy client id and client secret of the app again, then reconnect."
    return "Begin again: a code is good once and for some minutes. Then check the app's client id and secret."


@dataclass(frozen=True)
class Installation:
    """See `connectors.access.BrowserLogin`. `return_to` has to be a redirect URL of the app."""

    api_address: str
    version: str
    client_id: str
    client_secret: str
    return_to: str
    state: str
    verifier: str
    address: str

    def finish(self, answer: Mapping[str, str]) -> Token:
        """See `BrowserLogin.finish`."""
        expect_state(answer, self.state)
        if "code" not in answer:
            why = answer.get("error_description") or answer.get("error") or "no code came back"
            raise AuthRevoked(
                f"The login was not completed in the browser: {why}.",
                next_step="Begin again, choose the account, and connect the app.",
                code=answer.get("error", ""),
            )
        form = {
            "grant_type": "authorization_code",
            "code": answer["code"],
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "redirect_uri": self.return_to,
            "code_verifier": self.verifier,
        }
        token = request_token(self.api_address, self.version, form, patience=Patience().once())
        if not token.refresh:
            raise Fatal(
                "HubSpot lets us in, but gives no refresh token to stay.",
                next_step="Check that the app is one with OAuth, then begin again.",
                code="NO_REFRESH_TOKEN",
            )
        return token


def begin(settings: Mapping[str, str], return_to: str) -> Installation:
    """A new login for `client_id`; the page is at `app_url` where the account has one of its own."""
    api = (settings.get("api_url") or API).rstrip("/")
    # An account on this machine has its page where its API is.
    home = api if urlsplit(api).hostname in LOOPBACK else APP
    app = (settings.get("app_url") or home).rstrip("/")
    for address in (api, app):
        require_safe(address, API)
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    question = {
        "client_id": settings["client_id"],
        "redirect_uri": return_to,
        "scope": " ".join(SCOPES),
        "optional_scope": " ".join(OPTIONAL_SCOPES),
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return Installation(
        api_address=api,
        version=settings.get("api_version") or "v3",
        client_id=settings["client_id"],
        client_secret=settings.get("client_secret", ""),
        return_to=return_to,
        state=state,
        verifier=verifier,
        address=f"{app}/oauth/authorize?{urlencode(question)}",
    )
