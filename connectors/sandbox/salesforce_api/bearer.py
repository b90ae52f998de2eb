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
            problem = {"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}
            return JSONResponse([problem], status_code=401)
        return await endpoint(request, user_id)

    return checked
