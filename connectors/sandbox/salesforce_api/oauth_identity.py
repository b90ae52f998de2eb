"""Who a token belongs to: `userinfo` and the identity resource whose address comes with every token."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.sandbox.org.org import Org
from connectors.sandbox.salesforce_api.bearer import authorized, base_url, bearer_token

_VERSION = "{version}"


def routes(org: Org) -> list[Route]:
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

    async def configuration(request: Request) -> Response:
        """OpenID discovery; needs no token."""
        return JSONResponse(_configuration(base_url(request)))

    return [
        Route("/.well-known/openid-configuration", configuration, methods=["GET"]),
        Route("/services/oauth2/userinfo", authorized(org, userinfo), methods=["GET", "POST"]),
        Route("/id/{org}/{user}", identity, methods=["GET"]),
    ]


def introspected(org: Org, base: str, token: str) -> dict[str, Any]:
    """What a token is good for; of one that is not good, no more than that."""
    access, refresh = org.sessions.user_of(token), org.sessions.user_of_refresh(token)
    user_id = access or refresh
    if user_id is None:
        return {"active": False}
    return {
        "active": True, "username": user_row(org, user_id)["Username"],
        "sub": f"{base}/id/{org.org_id}/{user_id}", "token_type": "access_token" if access else "refresh_token",
    }  # fmt: skip


def _configuration(base: str) -> dict[str, Any]:
    oauth = f"{base}/services/oauth2"
    return {
        "issuer": base, "authorization_endpoint": f"{oauth}/authorize", "token_endpoint": f"{oauth}/token",
        "revocation_endpoint": f"{oauth}/revoke", "introspection_endpoint": f"{oauth}/introspect",
        "userinfo_endpoint": f"{oauth}/userinfo", "response_types_supported": ["code"],
        "scopes_supported": ["api", "refresh_token", "openid", "web", "full"], "subject_types_supported": ["public"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
    }  # fmt: skip


def user_row(org: Org, user_id: str) -> dict[str, Any]:
    """Id, Username, Name, Email and IsActive of a user."""
    soql = f"SELECT Id, Username, Name, Email, IsActive FROM User WHERE Id = '{user_id}'"
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
