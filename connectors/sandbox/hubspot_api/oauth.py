"""Logging in the OAuth way: the page on which a user lets an app in, tokens, and what a token stands for.

All versions of the endpoints answer: `/oauth/v1/...`, `/oauth/v3/...` and dated ones.
"""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.sandbox.hubspot_api.oauth_page import Door
from connectors.sandbox.portal.apps import Grant
from connectors.sandbox.portal.portal import Portal

Form = Mapping[str, str]


class OAuthError(Exception):
    """A request for a token that is refused. `status` is the word in the reply, `http` the status code."""

    def __init__(self, status: str, message: str, http: int = 400) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.http = http


def routes(portal: Portal) -> list[Route]:
    tokens = Tokens(portal)
    door = Door(portal)

    def answering(answer: Callable[[Form], dict[str, Any] | None]) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            form = await _parameters(request)
            try:
                body = await run_in_threadpool(answer, form)
            except OAuthError as error:
                told = {"status": error.status, "message": error.message, "correlationId": str(uuid.uuid4())}
                return JSONResponse(told, error.http)
            return JSONResponse(body) if body is not None else Response(status_code=204)

        return endpoint

    async def show(request: Request) -> Response:
        return await run_in_threadpool(door.show, dict(request.query_params))

    async def decide(request: Request) -> Response:
        return await run_in_threadpool(door.decide, await _parameters(request))

    return [
        Route("/oauth/authorize", show, methods=["GET"]),
        Route("/oauth/authorize", decide, methods=["POST"]),
        Route("/oauth/v2/private-apps/get/access-token-info", answering(tokens.private_app), methods=["POST"]),
        Route("/oauth/{version}/token", answering(tokens.token), methods=["POST"]),
        Route("/oauth/{version}/token/introspect", answering(tokens.introspect), methods=["POST"]),
        Route("/oauth/{version}/token/revoke", answering(tokens.revoke), methods=["POST"]),
        Route("/oauth/v1/access-tokens/{token}", answering(tokens.access_info), methods=["GET"]),
        Route("/oauth/v1/refresh-tokens/{token}", answering(tokens.refresh_info), methods=["GET"]),
        Route("/oauth/v1/refresh-tokens/{token}", answering(tokens.revoke), methods=["DELETE"]),
    ]


async def _parameters(request: Request) -> dict[str, str]:
    form: dict[str, Any] = {}
    if request.method == "POST" and request.headers.get("content-type", "").startswith("application/json"):
        with suppress(ValueError):
            sent = await request.json()
            form = sent if isinstance(sent, dict) else {}
    elif request.method == "POST":
        form = dict(await request.form())
    given = {**request.query_params, **form, **request.path_params}
    return {key: value for key, value in given.items() if isinstance(value, str)}


@dataclass(frozen=True)
class Tokens:
    """The token endpoints of one portal. Each answers or raises OAuthError."""

    portal: Portal

    def token(self, form: Form) -> dict[str, Any]:
        # unverified: status words and messages of the refusals of token requests.
        self._check_client(form)
        asked = form.get("grant_type", "")
        if asked == "authorization_code":
            return self._code(form)
        if asked == "refresh_token":
            found = self.portal.apps.find(form.get("refresh_token", ""), "refresh")
            if found is None:
                raise OAuthError("BAD_REFRESH_TOKEN", "missing or invalid refresh token")
            return self._granted(found[0], form["refresh_token"])
        raise OAuthError("BAD_GRANT_TYPE", "missing or unknown grant type")

    def _check_client(self, form: Form) -> None:
        if not self.portal.apps.known(form.get("client_id", ""), form.get("client_secret", "")):
            raise OAuthError("BAD_CLIENT_SECRET", "missing or invalid client secret")

    def _code(self, form: Form) -> dict[str, Any]:
        grant = self.portal.apps.take_code(form.get("code", ""))
        if grant is None:
            raise OAuthError("BAD_AUTH_CODE", "missing or unknown auth code")
        if not hmac.compare_digest(grant.redirect_uri, form.get("redirect_uri", "")):
            raise OAuthError("BAD_REDIRECT_URI", "missing or invalid redirect uri")
        return self._granted(grant, self.portal.apps.issue_refresh(grant))

    def _granted(self, grant: Grant, refresh: str) -> dict[str, Any]:
        """Refresh tokens stay the same, however often they are used."""
        return {
            "token_type": "bearer", "refresh_token": refresh, "access_token": self.portal.apps.issue_access(grant),
            "expires_in": self.portal.apps.token_seconds, "hub_id": self.portal.portal_id, "scopes": list(grant.scopes),
            "user_id": grant.user_id, "token_use": "access_token",
        }  # fmt: skip

    def private_app(self, form: Form) -> dict[str, Any]:
        """Of the token of a private app."""
        found = self.portal.apps.find(form.get("tokenKey", ""))
        if found is None or not found[0].private:
            raise OAuthError("error", "The access token is not known.", 404)
        grant = found[0]
        return {
            "userId": grant.user_id, "hubId": self.portal.portal_id, "appId": grant.app_id,
            "scopes": list(grant.scopes),
        }  # fmt: skip

    def access_info(self, form: Form) -> dict[str, Any]:
        found = self.portal.apps.find(form["token"])
        if found is None or not found[1]:
            raise OAuthError("error", "The access token is expired or not known.", 404)
        grant, left = found
        seconds = int(left) if left != float("inf") else self.portal.apps.token_seconds
        return {
            **self._about(form["token"], grant),
            "app_id": grant.app_id,
            "expires_in": seconds,
            "token_type": "access",
        }

    def refresh_info(self, form: Form) -> dict[str, Any]:
        found = self.portal.apps.find(form["token"], "refresh")
        if found is None:
            raise OAuthError("error", "The refresh token is not known.", 404)
        return {**self._about(form["token"], found[0]), "client_id": found[0].client_id, "token_type": "refresh"}

    def introspect(self, form: Form) -> dict[str, Any]:
        self._check_client(form)
        token = form.get("token", "")
        access = self.portal.apps.find(token)
        if access is not None:
            info = self.access_info({"token": token})
            return {**info, "active": True, "client_id": access[0].client_id, "token_use": "access_token"}
        info = self.refresh_info({"token": token})
        return {**info, "active": True, "app_id": self.portal.apps.client.app_id, "token_use": "refresh_token"}

    def revoke(self, form: Form) -> None:
        """Of a refresh token: those who hold access tokens keep them until they expire."""
        self.portal.apps.end(form.get("token", ""))

    def _about(self, token: str, grant: Grant) -> dict[str, Any]:
        user = self.portal.owners.by_user(grant.user_id)
        return {
            "token": token, "user": user.email if user else "", "hub_domain": f"{self.portal.portal_id}.example.com",
            "scopes": list(grant.scopes), "hub_id": self.portal.portal_id, "user_id": grant.user_id,
        }  # fmt: skip
