"""Logging in the OAuth way: the token endpoint with its grants, the page of the web-server flow, revoking, who am I."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.sandbox.org.consents import Consents
from connectors.sandbox.org.org import Org
from connectors.sandbox.salesforce_api import oauth_authorize, oauth_identity
from connectors.sandbox.salesforce_api.bearer import base_url
from connectors.sandbox.salesforce_api.oauth_errors import OAuthError
from connectors.sandbox.salesforce_api.oauth_grants import Grants, TokenRequest

_NO_STORE = {"Cache-Control": "no-cache, no-store", "Pragma": "no-cache"}


def routes(org: Org) -> list[Route]:
    consents = Consents(org.store)
    grants = Grants(org, consents)

    async def token(request: Request) -> Response:
        form = await _parameters(request)
        try:
            client_id, secret = _client(request, form)
            asked = TokenRequest(base_url(request), client_id, secret, form)
            granted = await run_in_threadpool(grants.answer, asked)
        except OAuthError as refusal:
            content = {"error": refusal.error, "error_description": refusal.description}
            return JSONResponse(content, status_code=400, headers=_NO_STORE)
        return JSONResponse(granted, headers=_NO_STORE)

    async def revoke(request: Request) -> Response:
        form = await _parameters(request)
        known = await run_in_threadpool(_revoke, org, form.get("token", ""))
        if known:
            return Response(status_code=200)
        content = {"error": "unsupported_token_type", "error_description": "this token is not known"}
        return JSONResponse(content, status_code=400)

    async def introspect(request: Request) -> Response:
        """RFC 7662: whether a token is good, and whose it is; only an app of the org may ask."""
        form = await _parameters(request)
        client_id, secret = _client(request, form)
        if not org.sessions.check_client(client_id, secret):
            content = {"error": "invalid_client", "error_description": "invalid client credentials"}
            return JSONResponse(content, status_code=401, headers=_NO_STORE)
        told = await run_in_threadpool(oauth_identity.introspected, org, base_url(request), form.get("token", ""))
        return JSONResponse(told, headers=_NO_STORE)

    return [
        Route("/services/oauth2/introspect", introspect, methods=["POST"]),
        Route("/services/oauth2/token", token, methods=["POST"]),
        Route("/services/oauth2/revoke", revoke, methods=["POST", "GET"]),
        *oauth_authorize.routes(org, consents),
        *oauth_identity.routes(org),
    ]


async def _parameters(request: Request) -> dict[str, str]:
    form = await request.form() if request.method == "POST" else {}
    given = {**request.query_params, **form}
    return {key: value for key, value in given.items() if isinstance(value, str)}


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


def _revoke(org: Org, token: str) -> bool:
    sessions = org.sessions
    known = sessions.user_of(token) is not None or sessions.user_of_refresh(token) is not None
    sessions.revoke(token)
    return known
