"""A fault plan for tests and drills: stall, fail, drop or garble chosen requests, and a log of all of them.

Rules are set over HTTP while the sandbox runs: `POST /__sandbox__/faults` adds rules, `GET` shows them with
their hits, `DELETE` clears them; `GET /__sandbox__/log` lists the last requests, oldest first.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from pydantic import TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connectors.sandbox.fault_rules import ArmedRule, FaultPlan, LoggedRequest, Rule
from connectors.sandbox.org.row_locks import REQUEST_STORM, LockStorm

CONTROL = "/__sandbox__"
_SESSION_ID = re.compile(rb"<(?:\w+:)?sessionId>\s*([^<\s]+)")
#: Where requests and replies of the faces have their records.
_LISTS = ("records", "inputs", "results")
#: Actions after which the application's answer is sent as it is.
_ANSWERED = ("stall", "expire", "duplicate", "lock")


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

    def __init__(
        self, app: ASGIApp, plan: FaultPlan, end_session: Callable[[str], None], limit_reply: Callable[[], Response]
    ) -> None:
        self.app = app
        self.plan = plan
        self.end_session = end_session
        self.limit_reply = limit_reply

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
        armed = self.plan.match(scope["method"], _shown_path(scope), body)
        rule = armed.rule if armed else None
        if armed and armed.rule.action == "lock":
            # Threads that work for this request inherit it; the next request has a context of its own.
            REQUEST_STORM.set(LockStorm(armed.dice, frozenset(armed.rule.rows), armed.rule.share))
        answer = _Answer()
        status = await self._serve(scope, body, rule, answer, receive, send)
        return status, body, answer.body, f"{rule.when} {rule.action}" if rule else ""

    async def _serve(
        self, scope: Scope, body: bytes, rule: Rule | None, answer: _Answer, receive: Receive, send: Send
    ) -> int:
        """Apply the request unless a rule forbids it, answer as the rule says; returns the status sent."""
        if rule and rule.when == "before":
            await self._disturb(rule, scope, body)
        if rule is None or rule.when == "after" or rule.action in _ANSWERED:
            if rule and rule.action == "duplicate":
                await self.app(scope, _replay(body, receive), _collect(_Answer()))
            await self.app(scope, _replay(body, receive), _collect(answer))
        if rule is None or rule.action in _ANSWERED:
            if rule and rule.when == "after":
                await self._disturb(rule, scope, body)
            for message in answer.messages:
                await send(message)
            return answer.status
        if rule.action == "limit":
            reply = self.limit_reply()
            await reply(scope, receive, send)
            return reply.status_code
        if rule.action == "status":
            await _fixed_response(rule)(scope, receive, send)
            return rule.status
        if rule.action == "corrupt":
            await _send_garbled(answer, send)
            return answer.status or 200
        await _drop(scope, receive)
        return 0

    async def _disturb(self, rule: Rule, scope: Scope, body: bytes) -> None:
        """What happens beside the request: time passes, or its session ends."""
        if rule.action == "stall":
            await asyncio.sleep(rule.seconds)
        if rule.action == "expire":
            await run_in_threadpool(self.end_session, _token(scope, body))


def _token(scope: Scope, body: bytes) -> str:
    """The session of a REST or a SOAP request, or ""."""
    header = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
    in_body = _SESSION_ID.search(body)
    return (header.rpartition(b" ")[2] or (in_body[1] if in_body else b"")).decode("latin-1")


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
    if not query or scope["path"].startswith(("/services/oauth2", "/oauth")):
        return str(scope["path"])
    return f"{scope['path']}?{query}"


def _rows(body: bytes) -> int:
    """Records in a JSON body: the length of its list, or of the one under its name there; 0 for anything else."""
    if not body.startswith((b"[", b"{")):
        return 0
    try:
        content = json.loads(body)
    except ValueError:
        return 0
    listed = [content] if isinstance(content, list) else [content.get(name) for name in _LISTS]
    return next((len(rows) for rows in listed if isinstance(rows, list)), 0)


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
