"""The door of HubSpot's API: token, scopes and limits, then the resource whose path fits.

Paths name the API's version behind the area (`/crm/objects/2026-03/...`) or, in the older form, before it
(`/crm/v3/objects/...`, `/crm/v4/associations/...`); all of them lead to the same resources.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.sandbox.hubspot_api.calls import Call, Entry, Reply, answered
from connectors.sandbox.portal.apps import Grant
from connectors.sandbox.portal.limits import Exceeded
from connectors.sandbox.portal.portal import Portal
from connectors.sandbox.portal.standard import object_type

_VERSION = r"(?:v[1-4]|20\d\d-\d\d)"
_OLD = re.compile(rf"/crm/{_VERSION}/([a-z-]+)(/.*|)\Z")
_DATED = re.compile(rf"/crm/([a-z-]+)/{_VERSION}(/.*|)\Z")
#: Version 3 has associations in another form than the later ones, which the other paths lead to.
_OLD_ASSOCIATIONS = re.compile(r"/crm/(v3/(?:associations/.*|objects/[^/]+/[^/]+/associations/.*))\Z")
_SCHEMAS = re.compile(rf"/crm-object-(schemas)/{_VERSION}/schemas(/.*|)\Z")
_OTHER = re.compile(rf"/(account-info|settings|webhooks)/{_VERSION}(/.*|)\Z")
#: Of settings a date stands behind what is set, unlike a version.
_DATED_SETTINGS = re.compile(r"/(settings/[a-z]+)/20\d\d-\d\d(/.*|)\Z")
_DATE = re.compile(r"/20\d\d-\d\d(?:/|\Z)")
_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]
_DOCS = "https://developers.hubspot.com"


class Gateway:
    """Resources of one portal by path."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self._entries: dict[str, list[tuple[re.Pattern[str], Entry]]] = {method: [] for method in _METHODS}

    def add(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self._entries[entry[0]].append((re.compile(entry[1] + r"\Z"), entry))

    def routes(self) -> list[Route]:
        """All paths: what leads nowhere is answered in HubSpot's form too."""
        return [Route("/{path:path}", self._endpoint, methods=_METHODS)]

    async def _endpoint(self, request: Request) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        call = Call(
            grant=Grant(0, 0, ()),
            method=request.method,
            path=resource_path(request.url.path),
            query=_query(request),
            body=await request.body(),
            base=f"{request.url.scheme}://{request.headers.get('host', request.url.netloc)}",
            url=request.url.path,
            dated=bool(_DATE.search(request.url.path)),
        )
        reply = await run_in_threadpool(partial(self._admit, call, token.strip() if scheme.lower() == "bearer" else ""))
        headers = {"x-hubspot-correlation-id": _correlation(reply.body), **reply.headers}
        if reply.body is None:
            return Response(status_code=reply.status, headers=headers)
        return JSONResponse(reply.body, reply.status, headers=headers)

    def _admit(self, call: Call, token: str) -> Reply:
        """Checks token, limits and scopes, answers, and says what is left of the limits."""
        found = self.portal.apps.find(token) if token else None
        if found is None:
            return _unauthorized()
        grant, left = found
        if not left:
            return _expired()
        call = replace(call, grant=grant)
        search = call.path.endswith("/search")
        exceeded = self.portal.limits.count(grant.app_id, search=search, private=grant.private)
        if exceeded:
            return too_many(exceeded, self._headers(grant, search))
        reply = answered(self._find, call)
        return replace(reply, headers={**reply.headers, **self._headers(grant, search)})

    def _headers(self, grant: Grant, search: bool) -> dict[str, str]:
        if search:  # unverified: replies to searches carry no headers about limits.
            return {}
        standing = self.portal.limits.standing(grant.app_id, private=grant.private)
        daily = {
            "X-HubSpot-RateLimit-Daily": str(standing.daily),
            "X-HubSpot-RateLimit-Daily-Remaining": str(standing.daily_left),
        }
        return {
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
            "X-HubSpot-RateLimit-Max": str(standing.burst),
            "X-HubSpot-RateLimit-Remaining": str(standing.burst_left),
            **(daily if grant.private else {}),
        }

    def _find(self, call: Call) -> Reply:
        for pattern, entry in self._entries[call.method]:
            match = pattern.match(call.path)
            if match:
                parts = tuple(part or "" for part in match.groups())
                lacking = _lacking(entry[2], parts, call.grant)
                return _forbidden(lacking) if lacking else entry[3](replace(call, parts=parts))
        # unverified: the categories of the refusals of a path that is not there, and of a method.
        if any(pattern.match(call.path) for entries in self._entries.values() for pattern, _ in entries):
            return _lost(405, "METHOD_NOT_ALLOWED", "Method not allowed")
        message = f"No resource found for this path: {call.method} {call.url}. The sandbox has those in HUBSPOT.md."
        return _lost(404, "OBJECT_NOT_FOUND", message)


def resource_path(path: str) -> str:
    """The path without the version, and without a slash at its end."""
    path = path.rstrip("/")
    if old := _OLD_ASSOCIATIONS.match(path):
        return old[1]
    for pattern in (_SCHEMAS, _DATED, _OLD, _OTHER, _DATED_SETTINGS):
        match = pattern.match(path)
        if match:
            return match[1] + match[2]
    return path


def _query(request: Request) -> dict[str, list[str]]:
    query: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        query.setdefault(name.removesuffix("[]"), []).append(value)
    return query


def _lacking(scope: str, parts: tuple[str, ...], grant: Grant) -> str:
    """The scope that is needed and not granted, or ""."""
    if "{0}" in scope:
        kind = object_type(parts[0])
        if kind is None:
            return ""
        # The scope for tickets has no separate rights to read and to write.
        scope = scope.replace("{0}", kind.scope) if "." in kind.scope else kind.scope
    return scope if scope and scope not in grant.scopes else ""


def _correlation(body: Any) -> str:
    return str(body["correlationId"]) if isinstance(body, dict) and "correlationId" in body else str(uuid.uuid4())


def _lost(status: int, category: str, message: str) -> Reply:
    body = {"status": "error", "message": message, "correlationId": str(uuid.uuid4()), "category": category}
    return Reply(body, status)


def _unauthorized() -> Reply:
    message = (
        "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more "
        f"details at {_DOCS}/docs/methods/auth/oauth-overview"
    )
    body = {"status": "error", "message": message, "correlationId": str(uuid.uuid4())}
    return Reply({**body, "category": "INVALID_AUTHENTICATION"}, 401)


def _expired() -> Reply:
    # unverified: category and words of the refusal of an expired token.
    message = "The OAuth token used to make this call expired 0 second(s) ago."
    body = {"status": "error", "message": message, "correlationId": str(uuid.uuid4())}
    return Reply({**body, "category": "EXPIRED_AUTHENTICATION"}, 401)


def _forbidden(scope: str) -> Reply:
    body = {
        "status": "error",
        "message": "This app hasn't been granted all required scopes to make this call. Read more about required "
        f"scopes here: {_DOCS}/scopes.",
        "correlationId": str(uuid.uuid4()),
        "errors": [
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": [scope]},
            }
        ],
        "links": {"scopes": f"{_DOCS}/scopes"},
        "category": "MISSING_SCOPES",
    }
    return Reply(body, 403)


_WORDS = {
    "TEN_SECONDLY_ROLLING": "You have reached your ten_secondly_rolling limit.",
    "SECONDLY": "You have reached your secondly limit.",
    "DAILY": "You have reached your daily limit.",
}


def too_many(exceeded: Exceeded, headers: dict[str, str] | None = None) -> Reply:
    """The refusal of a call beyond a limit."""
    # unverified: the policy name of the daily limit, and that no refusal carries Retry-After.
    body = {
        "status": "error", "message": _WORDS[exceeded], "errorType": "RATE_LIMIT", "correlationId": str(uuid.uuid4()),
        "policyName": exceeded,
    }  # fmt: skip
    return Reply(body, 429, headers or {})
