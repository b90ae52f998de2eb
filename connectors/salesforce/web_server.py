"""The web-server flow: a person allows the app in a browser, PKCE proves that we began it, a refresh token goes on.

Refresh tokens may rotate: each is good once, and its successor comes with the reply. Showing a used one again makes
Salesforce void the whole line of tokens.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from connectors.access import Token, expect_state
from connectors.addresses import require_safe
from connectors.errors import AuthRevoked, Fatal
from connectors.patience import Patience
from connectors.salesforce.credentials import EXAMPLE, PRODUCTION, Credentials
from connectors.salesforce.token_request import refusal, request_token

SCOPE = "api refresh_token"


def refresh_form(credentials: Credentials, refresh_token: str) -> dict[str, str]:
    """The token request that uses up a refresh token. An app that asks for no secret gets none."""
    form = {"grant_type": "refresh_token", "client_id": credentials.client_id, "refresh_token": refresh_token}
    return form | ({"client_secret": credentials.client_secret} if credentials.client_secret else {})


@dataclass(frozen=True)
class WebServerLogin:
    """See `connectors.access.BrowserLogin`. `return_to` has to be a callback address of the app."""

    login_address: str
    client_id: str
    client_secret: str
    return_to: str
    state: str
    verifier: str
    address: str

    def finish(self, answer: Mapping[str, str]) -> Token:
        """See `BrowserLogin.finish`."""
        host = urlsplit(self.login_address).netloc
        expect_state(answer, self.state)
        if answer.get("error") == "access_denied":
            raise AuthRevoked(
                "The login was denied in the browser.", next_step="Begin again and choose Allow.", code="access_denied"
            )
        if "error" in answer:
            raise refusal(host, answer["error"], answer.get("error_description", ""))
        form = {
            "grant_type": "authorization_code",
            "code": answer.get("code", ""),
            "client_id": self.client_id,
            "redirect_uri": self.return_to,
            "code_verifier": self.verifier,
        }
        if self.client_secret:
            form["client_secret"] = self.client_secret
        token = request_token(self.login_address, form, patience=Patience().once())
        if not token.refresh:
            raise Fatal(
                f"Salesforce at {host} lets us in, but gives no refresh token to stay.",
                next_step="Give the app the scope 'Perform requests at any time (refresh_token, offline_access)'.",
                code="NO_REFRESH_TOKEN",
            )
        return token


def begin(settings: Mapping[str, str], return_to: str) -> WebServerLogin:
    """A new login for `client_id` at `login_url`; `client_secret` if the app asks for one."""
    address = (settings.get("login_url") or PRODUCTION).rstrip("/")
    require_safe(address, EXAMPLE)
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    question = {
        "response_type": "code",
        "client_id": settings["client_id"],
        "redirect_uri": return_to,
        "scope": SCOPE,
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return WebServerLogin(
        login_address=address,
        client_id=settings["client_id"],
        client_secret=settings.get("client_secret", ""),
        return_to=return_to,
        state=state,
        verifier=verifier,
        address=f"{address}/services/oauth2/authorize?{urlencode(question)}",
    )
