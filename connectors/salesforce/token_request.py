"""One question to the token endpoint of Salesforce, and its refusals in an administrator's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import requests

from connectors.access import Token
from connectors.addresses import LOOPBACK, require_safe
from connectors.errors import AuthRevoked, ConnectorError, Unavailable
from connectors.patience import Patience
from connectors.salesforce.credentials import EXAMPLE
from connectors.salesforce.errors import half_reply
from connectors.salesforce.sending import send

PATH = "/services/oauth2/token"
#: Seconds to connect and to read. Others may wait for this token, and jobs end after 60 s.
_TIMEOUT = (5.0, 20.0)
_TRIES, _BUDGET = 2, 20.0

_PRE_APPROVE = (
    "In the app's policies choose 'Admin approved users are pre-authorized', and give the user one of the profiles or "
    "permission sets named there."
)
#: (error, words of its description) -> what to do. The first that fits counts.
_NEXT_STEPS: tuple[tuple[str, str, str], ...] = (
    ("invalid_client_id", "", "Copy the consumer key of the app again; a new app needs up to ten minutes, and an app "
     "of a sandbox is known there only (--sandbox, or the sandbox's address)."),
    ("invalid_client", "", "Copy the consumer secret of the app again, then reconnect."),
    ("invalid_app_access", "", _PRE_APPROVE),
    ("OAUTH_APP_ACCESS_DENIED", "", _PRE_APPROVE),
    ("invalid_grant", "approved this consumer", _PRE_APPROVE),
    ("invalid_grant", "audience", "For a sandbox add --sandbox; for production leave it out."),
    ("invalid_grant", "assertion", "Upload to the app the certificate that belongs to this private key, and check "
     "that this machine's clock is right."),
    ("invalid_grant", "client credentials user", "In the app's policies switch the client credentials flow on and name "
     "the user it runs as."),
    ("invalid_grant", "inactive", "Activate the user in Setup, or connect as another one."),
    ("invalid_grant", "expired access/refresh token", "Log in again in the browser."),
    ("invalid_grant", "code", "Begin again: the code is good once and for some minutes."),
    ("redirect_uri_mismatch", "", "Add the callback address to the app exactly as it was printed."),
)  # fmt: skip
_ANY_STEP = "Check the app's client id, secret, key and user, then reconnect."
# unverified: which OAuth errors pass by themselves; these are asked again later.
_PASSING = frozenset({"unknown_error", "server_error", "temporarily_unavailable"})


def request_token(address: str, form: Mapping[str, str], *, patience: Patience) -> Token:
    """The token for this grant. `refresh` is the one sent, unless the reply holds its successor.

    A request that got no answer is sent again. Nothing is lost by it: if the first one did arrive and used up a
    refresh token, the successor is gone with the answer.

    Raises `AuthRevoked` with what to do, and `Unavailable`.
    """
    host = urlsplit(address).netloc
    short = replace(patience, tries=min(patience.tries, _TRIES), budget=min(patience.budget, _BUDGET))
    with requests.Session() as session:
        session.trust_env = urlsplit(address).hostname not in LOOPBACK
        response = send(
            lambda: session.post(f"{address}{PATH}", data=form, timeout=_TIMEOUT, allow_redirects=False),
            host=host,
            patience=short,
            failed=_refused,
        )
    try:
        reply: Any = response.json()
        refresh = str(reply.get("refresh_token") or form.get("refresh_token", ""))
        token = Token(reply["access_token"], str(reply["instance_url"]).rstrip("/"), refresh)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise half_reply(host) from None
    require_safe(token.address, EXAMPLE)
    return token


def _refused(response: requests.Response) -> ConnectorError | None:
    """OAuth says with 400 what the API says with 401."""
    if response.status_code not in (400, 401, 403):
        return None
    try:
        reply: Any = response.json()
    except requests.exceptions.JSONDecodeError:
        return None
    if not isinstance(reply, dict) or "error" not in reply:
        return None
    return refusal(urlsplit(response.url).netloc, str(reply["error"]), str(reply.get("error_description") or ""))


def refusal(host: str, code: str, description: str) -> ConnectorError:
    """The error for a refused login: what Salesforce says, and what to do about it."""
    why = (description or code).rstrip(".")
    if code in _PASSING:
        return Unavailable(
            f"Salesforce at {host} cannot log us in now: {why}.", next_step="It is tried again.", code=code
        )
    steps = (step for error, words, step in _NEXT_STEPS if error == code and words in description)
    return AuthRevoked(f"Salesforce at {host} refuses the login: {why}.", next_step=next(steps, _ANY_STEP), code=code)
