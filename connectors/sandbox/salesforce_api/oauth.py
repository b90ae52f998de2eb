"""Logging in the OAuth way: the token endpoint, who am I, revoking, and the identity resource."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.sandbox.org.org import Org
from connectors.sandbox.salesforce_api.bearer import authorized, bearer_token

_VERSION = "{version}"


class OAuthError(Exception):
    """A refused token request, in the words of RFC 6749."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status


def routes(org: Org) -> list[Route]:
    async def token(request: Request) -> Response:
        form = await _parameters(request)
        try:
            client = _client(request, form)
            granted = await run_in_threadpool(_grant, org, base_url(request), client, form)
        except OAuthError as refusal:
            content = {"error": refusal.error, "error_description": refusal.description}
            return JSONResponse(content, status_code=refusal.status, headers=_NO_STORE)
        return JSONResponse(granted, headers=_NO_STORE)

    async def revoke(request: Request) -> Response:
        form = await _parameters(request)
        given = form.get("token", "")
        known = await run_in_threadpool(_revoke, org, given)
        if known:
            return Response(status_code=200)
        content = {"error": "unsupported_token_type", "error_description": "this token is not known"}
        return JSONResponse(content, status_code=400)

    async def userinfo(request: Request, user_id: str) -> Response:
        return JSONResponse(await run_in_threadpool(_userinfo, org, base_url(request), user_id))

    async def identity(request: Request) -> Response:
        given = bearer_token(request) or request.query_params.get("oauth_token", "")
        user_id = await run_in_threadpool(org.sessions.user_of, given)
        if user_id is None:
            return Response("Bad_OAuth_Token", status_code=403, media_type="text/html")
        if request.path_params["org"][:15] != org.org_id[:15]:
            return Response("Wrong_Org", status_code=403, media_type="text/html")
        if request.path_params["user"][:15] != user_id[:15]:
            return Response("Bad_Id", status_code=403, media_type="text/html")
        return JSONResponse(await run_in_threadpool(_identity, org, base_url(request), user_id))

    return [
        Route("/services/oauth2/token", token, methods=["POST"]),
        Route("/services/oauth2/revoke", revoke, methods=["POST", "GET"]),
        Route("/services/oauth2/userinfo", authorized(org, userinfo), methods=["GET", "POST"]),
        Route("/id/{org}/{user}", identity, methods=["GET"]),
    ]


_NO_STORE = {"Cache-Control": "no-cache, no-store", "Pragma": "no-cache"}


async def _parameters(request: Request) -> dict[str, str]:
    form = await request.form() if request.method == "POST" else {}
    given = {**request.query_params, **form}
    return {key: value for key, value in given.items() if isinstance(value, str)}


def base_url(request: Request) -> str:
    """Where the client reached us: its next requests go there."""
    return f"{request.url.scheme}://{request.headers.get('host', request.url.netloc)}"


def _client(request: Request, form: Mapping[str, str]) -> tuple[str, str]:
    """Client id and secret, from a Basic header or from the form."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            pair = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise OAuthError("invalid_client", "invalid client credentials") from None
        client_id, _, secret = pair.partition(":")
        return client_id, secret
    return form.get("client_id", ""), form.get("client_secret", "")


def _grant(org: Org, base: str, client: tuple[str, str], form: Mapping[str, str]) -> dict[str, Any]:
    grant_type = form.get("grant_type", "")
    if not grant_type:
        raise OAuthError("invalid_request", "grant type is required")
    if grant_type not in ("client_credentials", "password", "refresh_token"):
        # The web-server and JWT bearer grants exist in the service; the sandbox has no login page and no
        # certificates of clients.
        raise OAuthError("unsupported_grant_type", "grant type not supported")
    # Descriptions below are as commonly reported; only the `error` codes are documented.
    if not client[0]:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    if not org.sessions.check_client(*client):
        raise OAuthError("invalid_client", "invalid client credentials")
    if grant_type == "client_credentials":
        return _token_reply(org, base, org.admin_user_id)
    if grant_type == "password":
        user_id = org.sessions.check_password(form.get("username", ""), form.get("password", ""))
        if user_id is None:
            raise OAuthError("invalid_grant", "authentication failure")
        # The service gives a refresh token in its web-server flow only; here is no page to log in on.
        return {**_token_reply(org, base, user_id), "refresh_token": org.sessions.issue_refresh(user_id)}
    return _refreshed(org, base, form.get("refresh_token", ""))


def _refreshed(org: Org, base: str, refresh_token: str) -> dict[str, Any]:
    """Refresh tokens rotate: each is good once, and its successor comes with the new access token."""
    user_id = org.sessions.user_of_refresh(refresh_token)
    if user_id is None:
        raise OAuthError("invalid_grant", "expired access/refresh token")
    org.sessions.revoke(refresh_token)
    return {**_token_reply(org, base, user_id), "refresh_token": org.sessions.issue_refresh(user_id)}


def _token_reply(org: Org, base: str, user_id: str) -> dict[str, Any]:
    identity = f"{base}/id/{org.org_id}/{user_id}"
    issued_at = str(int(time.time() * 1000))
    key = org.credentials().client_secret.encode()
    signature = hmac.new(key, (identity + issued_at).encode(), hashlib.sha256).digest()
    return {
        "access_token": org.sessions.issue(user_id),
        "signature": base64.b64encode(signature).decode(),
        "scope": "api refresh_token",
        "instance_url": base,
        "id": identity,
        "token_type": "Bearer",
        "issued_at": issued_at,
    }


def _revoke(org: Org, token: str) -> bool:
    sessions = org.sessions
    known = sessions.user_of(token) is not None or sessions.user_of_refresh(token) is not None
    sessions.revoke(token)
    return known


def user_row(org: Org, user_id: str) -> dict[str, Any]:
    """Id, Username, Name, Email and IsActive of a user."""
    soql = f"SELECT Id, Username, Name, Email, IsActive FROM User WHERE Id = '{user_id}'"  # noqa: S608
    return dict(org.query(soql).records[0])


def _userinfo(org: Org, base: str, user_id: str) -> dict[str, Any]:
    user = user_row(org, user_id)
    return {
        "sub": f"{base}/id/{org.org_id}/{user_id}", "user_id": user_id, "organization_id": org.org_id,
        "preferred_username": user["Username"], "name": user["Name"], "email": user["Email"],
        "email_verified": True, "zoneinfo": "GMT", "active": user["IsActive"], "user_type": "STANDARD",
        "language": "en_US", "locale": "en_US", "utcOffset": 0, "urls": _urls(base, org.org_id, user_id),
    }  # fmt: skip


def _identity(org: Org, base: str, user_id: str) -> dict[str, Any]:
    user = user_row(org, user_id)
    return {
        "id": f"{base}/id/{org.org_id}/{user_id}", "asserted_user": True, "user_id": user_id,
        "organization_id": org.org_id, "username": user["Username"], "nick_name": user["Name"],
        "display_name": user["Name"], "email": user["Email"], "email_verified": True, "active": user["IsActive"],
        "user_type": "STANDARD", "language": "en_US", "locale": "en_US", "utcOffset": 0,
        "urls": _urls(base, org.org_id, user_id),
    }  # fmt: skip


def _urls(base: str, org_id: str, user_id: str) -> dict[str, str]:
    return {
        "enterprise": f"{base}/services/Soap/c/{_VERSION}/{org_id[:15]}",
        "metadata": f"{base}/services/Soap/m/{_VERSION}/{org_id[:15]}",
        "partner": f"{base}/services/Soap/u/{_VERSION}/{org_id[:15]}",
        "rest": f"{base}/services/data/v{_VERSION}/",
        "sobjects": f"{base}/services/data/v{_VERSION}/sobjects/",
        "query": f"{base}/services/data/v{_VERSION}/query/",
        "tooling_rest": f"{base}/services/data/v{_VERSION}/tooling/",
        "profile": f"{base}/{user_id}",
    }
