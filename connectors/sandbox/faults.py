"""A fault plan for tests and drills: stall, fail, drop or garble chosen requests, and a log of all of them.

Rules are set over HTTP while the sandbox runs: `POST /__sandbox__/faults` adds rules, `GET` shows them with
their hits, `DELETE` clears them; `GET /__sandbox__/log` lists the last requests, oldest first.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTROL = "/__sandbox__"
LOG_LENGTH = 2000


class Rule(BaseModel):
    """Which requests fail, and how.

    Attributes:
        method: "" for any. `path` and `body` are regular expressions searched in the path with its query
            string and in the request body.
        nth: the first matching request that is hit, counted from 1 since the rule was set.
        times: how many matching requests in a row are hit from there on; 0 means all.
        when: "before" the request is applied, or "after" it was applied (and its answer is lost).
        action: "stall" for `seconds` and go on; answer "status" with `reply`; "drop" the connection;
            "corrupt" the answer by cutting it in half.
    """

    model_config = ConfigDict(extra="forbid")

    method: str = ""
    path: str = ""
    body: str = ""
    nth: int = Field(default=1, ge=1)
    times: int = Field(default=1, ge=0)
    when: Literal["before", "after"] = "before"
    action: Literal["stall", "status", "drop", "corrupt"]
    seconds: float = Field(default=0, ge=0)
    status: int = Field(default=503, ge=200, le=599)
    reply: Any = None
    headers: dict[str, str] = Field(default_factory=dict)

    @field_validator("path", "body")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from None
        return pattern


@dataclass
class ArmedRule:
    """A rule and how often it matched and struck."""

    rule: Rule
    matches: int = 0
    hits: int = 0

    def strikes(self, method: str, path: str, body: bytes) -> bool:
        """Whether this request is hit; counts it."""
        rule = self.rule
        if rule.method and rule.method.upper() != method:
            return False
        if not re.search(rule.path, path) or not re.search(rule.body, body.decode("utf-8", "replace")):
            return False
        self.matches += 1
        struck = self.matches >= rule.nth and (not rule.times or self.matches < rule.nth + rule.times)
        self.hits += struck
        return struck


@dataclass(frozen=True)
class LoggedRequest:
    """One request as the log shows it. `status` 0: the connection was dropped without an answer."""

    method: str
    path: str
    status: int
    seconds: float
    rows_sent: int
    rows_returned: int
    fault: str


@dataclass
class FaultPlan:
    """The rules in force and the log, shared by the middleware and the control endpoint."""

    rules: list[ArmedRule] = field(default_factory=list)
    log: deque[LoggedRequest] = field(default_factory=lambda: deque(maxlen=LOG_LENGTH))

    def match(self, method: str, path: str, body: bytes) -> Rule | None:
        """The first rule that strikes. Every rule counts the request: `nth` means the same for all."""
        struck = [armed.rule for armed in self.rules if armed.strikes(method, path, body)]
        return struck[0] if struck else None


@dataclass
class _Answer:
    """What the application sent, held back until it is known what becomes of it."""

    messages: list[Message] = field(default_factory=list)

    @property
    def status(self) -> int:
        return next((int(m["status"]) for m in self.messages if m["type"] == "http.response.start"), 0)

    @property
    def body(self) -> bytes:
        return b"".join(m.get("body", b"") for m in self.messages if m["type"] == "http.response.body")


@dataclass
class _Passing:
    """A request that no rule can hit: both bodies pass in pieces, and only JSON is kept, for the log."""

    inner_receive: Receive
    inner_send: Send
    status: int = 0
    body: bytearray = field(default_factory=bytearray)
    answer: bytearray = field(default_factory=bytearray)

    async def receive(self) -> Message:
        message = await self.inner_receive()
        _keep(self.body, message.get("body", b""))
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = int(message["status"])
        _keep(self.answer, message.get("body", b""))
        await self.inner_send(message)


def _keep(kept: bytearray, piece: bytes) -> None:
    if kept or piece.startswith((b"[", b"{")):
        kept += piece


class FaultMiddleware:
    """ASGI middleware in front of the whole sandbox. The control endpoint itself never fails or is logged."""

    def __init__(self, app: ASGIApp, plan: FaultPlan) -> None:
        self.app = app
        self.plan = plan

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(CONTROL):
            await self.app(scope, receive, send)
            return
        started = time.monotonic()
        try:
            status, body, answered, fault = await self._through(scope, receive, send)
        except ClientDisconnect:  # it left before its request was complete: nothing was applied
            status, body, answered, fault = 0, b"", b"", ""
        seconds = round(time.monotonic() - started, 4)
        self.plan.log.append(
            LoggedRequest(scope["method"], _shown_path(scope), status, seconds, _rows(body), _rows(answered), fault)
        )

    async def _through(self, scope: Scope, receive: Receive, send: Send) -> tuple[int, bytes, bytes, str]:
        """Serve the request; returns the status, what the log is to know of both bodies, and the fault."""
        if not self.plan.rules:
            passing = _Passing(receive, send)
            await self.app(scope, passing.receive, passing.send)
            return passing.status, bytes(passing.body), bytes(passing.answer), ""
        body = await _read(receive)
        rule = self.plan.match(scope["method"], _shown_path(scope), body)
        answer = _Answer()
        status = await self._serve(scope, body, rule, answer, receive, send)
        return status, body, answer.body, f"{rule.when} {rule.action}" if rule else ""

    async def _serve(
        self, scope: Scope, body: bytes, rule: Rule | None, answer: _Answer, receive: Receive, send: Send
    ) -> int:
        """Apply the request unless a rule forbids it, answer as the rule says; returns the status sent."""
        if rule and rule.action == "stall" and rule.when == "before":
            await asyncio.sleep(rule.seconds)
        if not (rule and rule.when == "before" and rule.action != "stall"):
            await self.app(scope, _replay(body, receive), _collect(answer))
        if rule is None or rule.action == "stall":
            if rule and rule.when == "after":
                await asyncio.sleep(rule.seconds)
            for message in answer.messages:
                await send(message)
            return answer.status
        if rule.action == "status":
            await _fixed_response(rule)(scope, receive, send)
            return rule.status
        if rule.action == "corrupt":
            await _send_garbled(answer, send)
            return answer.status or 200
        await _drop(scope, receive)
        return 0


async def _read(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)


def _replay(body: bytes, receive: Receive) -> Receive:
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return pending.pop() if pending else await receive()

    return replayed


def _collect(answer: _Answer) -> Send:
    async def collected(message: Message) -> None:
        answer.messages.append(message)

    return collected


def _fixed_response(rule: Rule) -> Response:
    text = rule.reply if isinstance(rule.reply, str) else json.dumps(rule.reply if rule.reply is not None else [])
    kind = "text/plain" if isinstance(rule.reply, str) else "application/json"
    return Response(text, status_code=rule.status, media_type=kind, headers=rule.headers)


async def _send_garbled(answer: _Answer, send: Send) -> None:
    """Half of the answer under its own content type: complete for HTTP, broken for any parser."""
    start = next((m for m in answer.messages if m["type"] == "http.response.start"), None)
    body = answer.body or b'{"totalSize": 1, "records": [{'
    half = body[: max(len(body) // 2, 1)]
    headers = [(k, v) for k, v in (start["headers"] if start else []) if k.lower() != b"content-length"]
    headers.append((b"content-length", str(len(half)).encode()))
    await send({"type": "http.response.start", "status": answer.status or 200, "headers": headers})
    await send({"type": "http.response.body", "body": half})


async def _drop(scope: Scope, receive: Receive) -> None:
    """Abort the connection, so that the client sees a reset and not one byte of an answer.

    `server.py` puts the transport into the scope's state; under another server there is none to abort.
    """
    transport = scope.get("state", {}).get("transport")
    if not isinstance(transport, asyncio.Transport):
        raise RuntimeError("this server gives no access to its connection: serve the sandbox with server.py")
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass


def _shown_path(scope: Scope) -> str:
    query = scope.get("query_string", b"").decode("latin-1")
    # Tokens may stand in the query string of the OAuth endpoints: never keep those.
    if not query or scope["path"].startswith("/services/oauth2"):
        return str(scope["path"])
    return f"{scope['path']}?{query}"


def _rows(body: bytes) -> int:
    """Records in a JSON body: the length of its list, or of its `records`; 0 for anything else."""
    if not body.startswith((b"[", b"{")):
        return 0
    try:
        content = json.loads(body)
    except ValueError:
        return 0
    rows = content.get("records") if isinstance(content, dict) else content
    return len(rows) if isinstance(rows, list) else 0


_RULES = TypeAdapter(list[Rule])


def routes(plan: FaultPlan) -> list[Route]:
    """The control endpoint."""

    async def add(request: Request) -> Response:
        body = await request.body()
        try:
            content = json.loads(body)
            rules = _RULES.validate_python(content if isinstance(content, list) else [content])
        except ValidationError as error:
            problems = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
            return JSONResponse({"problems": problems}, status_code=400)
        except ValueError as error:
            return JSONResponse({"problems": [f"not JSON: {error}"]}, status_code=400)
        plan.rules.extend(ArmedRule(rule) for rule in rules)
        return _shown(plan)

    async def show(request: Request) -> Response:
        return _shown(plan)

    async def clear(request: Request) -> Response:
        plan.rules.clear()
        return _shown(plan)

    async def log(request: Request) -> Response:
        return JSONResponse([asdict(entry) for entry in plan.log])

    async def clear_log(request: Request) -> Response:
        plan.log.clear()
        return JSONResponse([])

    return [
        Route(f"{CONTROL}/faults", add, methods=["POST"]),
        Route(f"{CONTROL}/faults", show, methods=["GET"]),
        Route(f"{CONTROL}/faults", clear, methods=["DELETE"]),
        Route(f"{CONTROL}/log", log, methods=["GET"]),
        Route(f"{CONTROL}/log", clear_log, methods=["DELETE"]),
    ]


def _shown(plan: FaultPlan) -> Response:
    shown = [{**a.rule.model_dump(), "matches": a.matches, "hits": a.hits} for a in plan.rules]
    return JSONResponse(shown)
