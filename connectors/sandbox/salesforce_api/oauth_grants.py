"""The grants of the token endpoint: who gets a token for what, and what it says."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.org.consents import DEFAULT_SCOPE, Consents, refreshes
from connectors.sandbox.org.org import Org
from connectors.sandbox.org.values import Refused
from connectors.sandbox.salesforce_api import oauth_jwt
from connectors.sandbox.salesforce_api.oauth_errors import OAuthError, invalid_grant
from connectors.sandbox.salesforce_api.oauth_identity import user_row

Reply = dict[str, Any]


@dataclass(frozen=True)
class TokenRequest:
    """A form sent to the token endpoint. `base` is where the client reached us."""

    base: str
    client_id: str
    secret: str
    form: Mapping[str, str]


@dataclass(frozen=True)
class Grants:
    """The token endpoint of one org. Each grant answers with a token or raises OAuthError."""

    org: Org
    consents: Consents

    def answer(self, request: TokenRequest) -> Reply:
        asked = request.form.get("grant_type", "")
        if not asked:
            raise OAuthError("invalid_request", "grant type is required")
        grants: dict[str, Callable[[TokenRequest], Reply]] = {
            "client_credentials": self._client_credentials,
            "password": self._password,
            "authorization_code": self._code,
            "refresh_token": self._refresh,
            oauth_jwt.GRANT: self._assertion,
        }
        if asked not in grants:
            raise OAuthError("unsupported_grant_type", "grant type not supported")
        return grants[asked](request)

    # Descriptions below are as commonly reported; only the `error` codes are documented.

    def _check_client(self, request: TokenRequest, *, secret: bool = True) -> None:
        sessions = self.org.sessions
        if not request.client_id or not (secret or sessions.knows_client(request.client_id)):
            raise OAuthError("invalid_client_id", "client identifier invalid")
        if (secret or request.secret) and not sessions.check_client(request.client_id, request.secret):
            raise OAuthError("invalid_client", "invalid client credentials")

    def _client_credentials(self, request: TokenRequest) -> Reply:
        self._check_client(request)
        username = self.org.setting("client_user")
        user_id = self.user_named(username) if username else self.org.admin_user_id
        if user_id is None or not self.consents.policy.client_credentials:
            raise invalid_grant("no client credentials user enabled")
        return self._token(request.base, user_id, "api")

    def _password(self, request: TokenRequest) -> Reply:
        self._check_client(request)
        user_id = self.org.sessions.check_password(request.form.get("username", ""), request.form.get("password", ""))
        if user_id is None:
            raise invalid_grant("authentication failure")
        # The service gives no refresh token here; older clients of the sandbox rely on it.
        return self._with_refresh(request, user_id, DEFAULT_SCOPE)

    def _code(self, request: TokenRequest) -> Reply:
        self._check_client(request, secret=self.consents.policy.require_secret)
        code = self.consents.take_code(request.form.get("code", ""))
        if code is None or code.client_id != request.client_id:
            raise invalid_grant("expired authorization code")
        if code.redirect_uri != request.form.get("redirect_uri", ""):
            raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")
        if code.challenge and not hmac.compare_digest(
            code.challenge, challenge_of(request.form.get("code_verifier", ""))
        ):
            raise invalid_grant("invalid code verifier")
        self.consents.approve(code.client_id, code.user_id, code.scope)
        if not refreshes(code.scope):
            return self._token(request.base, code.user_id, code.scope)
        return self._with_refresh(request, code.user_id, code.scope)

    def _refresh(self, request: TokenRequest) -> Reply:
        """Refresh tokens rotate unless the policy says otherwise: each is good once and its successor comes along."""
        policy = self.consents.policy
        self._check_client(request, secret=policy.require_secret)
        token = request.form.get("refresh_token", "")
        holder, scope = self.consents.holder(token)
        mine = holder in ("", request.client_id)
        known = self.org.sessions.take_refresh if policy.rotate_refresh_tokens else self.org.sessions.user_of_refresh
        user_id = known(token) if mine else None
        if user_id is None:
            raise invalid_grant("expired access/refresh token")
        if not policy.rotate_refresh_tokens:
            return self._token(request.base, user_id, scope or DEFAULT_SCOPE)
        return self._with_refresh(request, user_id, scope or DEFAULT_SCOPE)

    def _assertion(self, request: TokenRequest) -> Reply:
        client_id, username = oauth_jwt.checked(self.org, request.form.get("assertion", ""), request.base)
        policy, user_id = self.consents.policy, self.user_named(username)
        if user_id is not None and policy.preapproves:
            if not policy.lists(username):
                raise OAuthError("invalid_app_access", "user is not admin approved to access this app")
            return self._token(request.base, user_id, "api")
        scope = self.consents.approved_scope(client_id, user_id) if user_id else ""
        if user_id is None or not scope:
            raise invalid_grant("user hasn't approved this consumer")
        return self._token(request.base, user_id, scope)

    def user_named(self, username: str) -> str | None:
        """The user of that name in any case, or None."""
        try:
            found = self.org.find_ids("User", "Username", username)
        except Refused:  # no user could have this name
            return None
        return found[0] if found else None

    def _with_refresh(self, request: TokenRequest, user_id: str, scope: str) -> Reply:
        reply = self._token(request.base, user_id, scope)
        token = self.org.sessions.issue_refresh(user_id)
        self.consents.bind(token, request.client_id, user_id, scope)
        return {**reply, "refresh_token": token}

    def _token(self, base: str, user_id: str, scope: str) -> Reply:
        if not user_row(self.org, user_id)["IsActive"]:
            raise invalid_grant("inactive user")
        identity = f"{base}/id/{self.org.org_id}/{user_id}"
        issued_at = str(int(time.time() * 1000))
        key = self.org.credentials().client_secret.encode()
        signature = hmac.new(key, (identity + issued_at).encode(), hashlib.sha256).digest()
        return {
            "access_token": self.org.sessions.issue(user_id),
            "signature": base64.b64encode(signature).decode(),
            "scope": scope,
            "instance_url": base,
            "id": identity,
            "token_type": "Bearer",
            "issued_at": issued_at,
        }


def challenge_of(verifier: str) -> str:
    """The PKCE challenge (S256) that belongs to a verifier."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
