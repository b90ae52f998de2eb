"""The door of the REST API: token, API budget and limit header, then the resource whose path fits.

Resources run in a thread, one at a time per call, so that a slow query does not hold up other clients.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from connectors.sandbox.org.org import Org, OrgError
from connectors.sandbox.salesforce_api.bearer import base_url, bearer_token, usage_told
from connectors.sandbox.salesforce_api.calls import MISSING, ApiError, Call, Entry, Reply, problem

#: The oldest and newest API version the sandbox answers to.
VERSIONS = tuple(f"{number}.0" for number in range(31, 67))
_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD"]


class Gateway:
    """Resources of one org by path."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self._entries: list[tuple[tuple[str, ...], re.Pattern[str], Entry]] = []

    def add(self, entries: Sequence[Entry]) -> None:
        self._entries += [(entry[0], re.compile(entry[1] + r"\Z", re.IGNORECASE), entry) for entry in entries]

    def routes(self) -> list[Route]:
        """One resource answers with and without a slash at its end, the root of a version too."""
        paths = ("/services/data/v{version}", "/services/data/v{version}/{path:path}")
        return [Route(path, self._endpoint, methods=_METHODS) for path in paths]

    async def _endpoint(self, request: Request) -> Response:
        user_id = await run_in_threadpool(self.org.sessions.user_of, bearer_token(request))
        call = Call(
            user_id=user_id or "",
            method=_method(request),
            version=request.path_params["version"],
            path=request.path_params.get("path", "").strip("/"),
            query=_parameters(request),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=b"" if request.method == "PUT" else await request.body(),
            base=base_url(request),
        )
        async with _kept(request, self.org.home) as upload:
            reply = await run_in_threadpool(partial(self._admit, replace(call, upload=upload)))
        if reply.content is not None:
            return StreamingResponse(
                reply.content, reply.status, headers=dict(reply.headers), media_type=reply.media_type
            )
        if reply.body is None:
            return Response(status_code=reply.status, headers=dict(reply.headers))
        return JSONResponse(reply.body, reply.status, headers=dict(reply.headers))

    def _admit(self, call: Call) -> Reply:
        """Checks token and budget, answers, and says how much of the budget is used."""
        if not call.user_id:
            return problem(ApiError("INVALID_SESSION_ID", "Session expired or invalid"))
        if not self.org.usage.count():
            return problem(ApiError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."))
        reply = self.answer(call)
        return replace(reply, headers={**reply.headers, "Sforce-Limit-Info": usage_told(self.org)})

    def answer(self, call: Call) -> Reply:
        """The resource's reply, or its refusal in REST's form. Composite resources call this for each part."""
        try:
            if call.version not in VERSIONS:
                raise ApiError("NOT_FOUND", MISSING)
            return self._find(call)
        except ApiError as error:
            return problem(error)
        except OrgError as error:
            return problem(ApiError(error.code, error.message))

    def _find(self, call: Call) -> Reply:
        allowed: list[str] = []
        for methods, pattern, entry in self._entries:
            match = pattern.match(call.path)
            if match and call.method in methods:
                return entry[2](replace(call, parts=tuple(part or "" for part in match.groups())))
            if match:
                allowed += methods
        if allowed:
            raise ApiError(
                "METHOD_NOT_ALLOWED", f"HTTP Method '{call.method}' not allowed. Allowed are {','.join(allowed)}"
            )
        raise ApiError("NOT_FOUND", MISSING)


def _method(request: Request) -> str:
    """Clients that cannot send PATCH send a POST and name the method in `_HttpMethod`."""
    if request.method == "POST":
        return request.query_params.get("_HttpMethod", "POST").upper()
    return "GET" if request.method == "HEAD" else request.method


def _parameters(request: Request) -> dict[str, str]:
    """The last value of each; `sobject` is the one that may come several times."""
    given = dict(request.query_params)
    several = request.query_params.getlist("sobject")
    return {**given, "sobject": ",".join(several)} if several else given


@asynccontextmanager
async def _kept(request: Request, home: Path) -> AsyncIterator[Path | None]:
    """The body of a PUT in a file next to the org, gone afterwards unless a resource has moved it."""
    if request.method != "PUT":
        yield None
        return
    with NamedTemporaryFile(dir=home, prefix="upload-", delete=False) as file:
        kept = Path(file.name)
        try:
            async for part in request.stream():
                file.write(part)
            file.flush()
            yield kept
        finally:
            kept.unlink(missing_ok=True)
