"""The Tooling API as far as fields need it: CustomField as a record, and queries about objects and fields."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.sandbox.org.org import Org, QueryError
from connectors.sandbox.salesforce_api.bearer import admitted
from connectors.sandbox.salesforce_api.tooling_query import query
from connectors.sandbox.salesforce_api.tooling_records import TYPE, CustomFields, ToolingError

_BASE = "/services/data/{version}/tooling"


def routes(org: Org) -> list[Route]:
    fields = CustomFields(org)

    async def create(request: Request, user_id: str) -> Response:
        body = await request.body()
        return await _answer(lambda: JSONResponse(fields.create(_content(body)), status_code=201))

    async def one(request: Request, user_id: str) -> Response:
        record_id, version = request.path_params["id"], request.path_params["version"]
        body = await request.body()

        def work() -> Response:
            if request.method == "GET":
                return JSONResponse(fields.read(record_id, version))
            if request.method == "PATCH":
                fields.update(record_id, _content(body))
            else:
                fields.delete(record_id)
            return Response(status_code=204)

        return await _answer(work)

    async def ask(request: Request, user_id: str) -> Response:
        soql, version = request.query_params.get("q", ""), request.path_params["version"]
        return await _answer(lambda: JSONResponse(query(org, fields, soql, version)))

    return [
        Route(f"{_BASE}/query{{slash:path}}", admitted(org, ask), methods=["GET"]),
        Route(f"{_BASE}/sobjects/{TYPE}", admitted(org, create), methods=["POST"]),
        Route(f"{_BASE}/sobjects/{TYPE}/", admitted(org, create), methods=["POST"]),
        Route(f"{_BASE}/sobjects/{TYPE}/{{id}}", admitted(org, one), methods=["GET", "PATCH", "DELETE"]),
    ]


async def _answer(work: Callable[[], Response]) -> Response:
    """Does the work in a thread; refusals come back in REST's form."""
    try:
        return await run_in_threadpool(work)
    except ToolingError as refusal:
        problem = {"message": refusal.message, "errorCode": refusal.code, "fields": list(refusal.fields)}
        return JSONResponse([problem], status_code=refusal.status)
    except QueryError as refusal:
        return JSONResponse([{"message": refusal.message, "errorCode": refusal.code}], status_code=400)


def _content(body: bytes) -> Mapping[str, Any]:
    try:
        content = json.loads(body)
    except ValueError as error:
        raise ToolingError("JSON_PARSER_ERROR", str(error)) from None
    if not isinstance(content, Mapping):
        raise ToolingError("JSON_PARSER_ERROR", "The body must be a JSON object")
    return content
