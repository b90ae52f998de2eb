"""Bearer tokens on REST requests of the metadata and tooling resources, and what every answer carries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.sandbox.org.org import Org

Endpoint = Callable[[Request], Awaitable[Response]]
UserEndpoint = Callable[[Request, str], Awaitable[Response]]


def bearer_token(request: Request) -> str:
    """The token of `Authorization: Bearer ...` (or the older `OAuth ...`), or ""."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() in ("bearer", "oauth") else ""


def base_url(request: Request) -> str:
    """Where the client reached us: its next requests go there."""
    return f"{request.url.scheme}://{request.headers.get('host', request.url.netloc)}"


def authorized(org: Org, endpoint: UserEndpoint) -> Endpoint:
    """The endpoint for requests with a live token; it gets the user's id. Others are answered 401."""

    async def checked(request: Request) -> Response:
        user_id = await run_in_threadpool(org.sessions.user_of, bearer_token(request))
        if user_id is None:
            return refused("INVALID_SESSION_ID", "Session expired or invalid", 401)
        return await endpoint(request, user_id)

    return checked


def admitted(org: Org, endpoint: UserEndpoint) -> Endpoint:
    """The same for a resource of the REST API: it counts against the org's calls and tells how many are used."""

    async def counted(request: Request, user_id: str) -> Response:
        if not org.usage.count():
            return refused("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", 403)
        answer = await endpoint(request, user_id)
        answer.headers["Sforce-Limit-Info"] = usage_told(org)
        return answer

    return authorized(org, counted)


def usage_told(org: Org) -> str:
    """The value of the header `Sforce-Limit-Info`."""
    return f"api-usage={org.usage.used()}/{org.usage.limit}"


def refused(code: str, message: str, status: int) -> Response:
    """A refusal as REST tells it."""
    return JSONResponse([{"message": message, "errorCode": code}], status)
