"""An account that answers from a script, with replies as HubSpot's documentation shows them: independent of the
sandbox, so that the sandbox cannot hide an error of the connector."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from connectors.access import TokenStore
from connectors.base import Budget
from connectors.hubspot import Client, Credentials, Hubspot
from connectors.patience import Patience

LIMITS = {
    "X-HubSpot-RateLimit-Max": "190",
    "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
    "X-HubSpot-RateLimit-Daily": "625000",
    "X-HubSpot-RateLimit-Daily-Remaining": "624000",
}


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """`body`: bytes as they are, anything else as JSON. `dropped`: the connection ends without a reply."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    dropped: bool = False


Answer = Reply | Callable[[Request], Reply]


class CannedAccount:
    """Answers each (method, pattern of the path) with its answers in turn, the last one for ever."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.url = ""
        self.refused_tokens: set[str] = set()
        self._script: dict[tuple[str, str], deque[Answer]] = {}

    def on(self, method: str, pattern: str, *answers: Any, status: int = 200, **options: Any) -> None:
        """More answers: replies, functions of the request, or bodies of replies with this status."""
        told = self._script.setdefault((method, pattern), deque())
        for answer in answers or (None,):
            told.append(answer if isinstance(answer, Reply) or callable(answer) else Reply(answer, status, **options))

    def forget(self, method: str) -> None:
        """Take back the answers to this method."""
        self._script = {key: answers for key, answers in self._script.items() if key[0] != method}

    def reply_to(self, request: Request) -> Reply:
        self.requests.append(request)
        if request.headers.get("Authorization", "").removeprefix("Bearer ") in self.refused_tokens:
            return Reply(
                {"status": "error", "category": "EXPIRED_AUTHENTICATION", "message": "The token expired."}, 401
            )
        for (method, pattern), answers in self._script.items():
            if method == request.method and re.search(pattern, request.path):
                answer = answers.popleft() if len(answers) > 1 else answers[0]
                return answer if isinstance(answer, Reply) else answer(request)
        return Reply({"status": "error", "message": "not found", "category": "OBJECT_NOT_FOUND"}, 404)

    def seen(self, method: str, pattern: str) -> list[Request]:
        return [each for each in self.requests if each.method == method and re.search(pattern, each.path)]

    def open(
        self,
        credentials: Mapping[str, str] | None = None,
        *,
        budget: Budget | None = None,
        tokens: TokenStore | None = None,
    ) -> Hubspot:
        given = credentials or {"access_token": "pat-first"}
        patience = Patience(first_pause=0.01)
        client = Client(Credentials(api_url=self.url, **given), patience=patience, budget=budget, tokens=tokens)
        return Hubspot(client)

    def has(self, name: str, *properties: dict[str, Any]) -> None:
        """An object with these properties, and those that every object has."""
        always = [
            {"name": "hs_object_id", "label": "Record ID", "type": "number", "fieldType": "number"},
            {"name": "hs_lastmodifieddate", "label": "Last modified", "type": "datetime", "fieldType": "date"},
        ]
        self.on("GET", rf"/crm/v3/properties/{name}\?", {"results": [*always, *properties]})


def _listener(account: CannedAccount) -> type[BaseHTTPRequestHandler]:
    class Listener(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            reply = account.reply_to(Request(self.command, self.path, dict(self.headers), body))
            if reply.dropped:
                self.close_connection = True
                return
            data = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            data = b"" if reply.status == 204 else data
            self.send_response(reply.status)
            headers = {"Content-Type": "application/json;charset=utf-8", "Content-Length": str(len(data))}
            for name, value in {**headers, **LIMITS, **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_DELETE = answer

        def log_message(self, format: str, *args: Any) -> None:
            """Keeps the test output clean."""

    return Listener


@pytest.fixture
def canned() -> Iterator[CannedAccount]:
    account = CannedAccount()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _listener(account))
    account.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=lambda: server.serve_forever(poll_interval=0.01))
    thread.start()
    yield account
    server.shutdown()
    thread.join()
    server.server_close()
