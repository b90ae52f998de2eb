"""An org that answers from a script, with replies as Salesforce's documentation shows them: independent of the
sandbox, so that the sandbox cannot hide an error of the connector."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from connectors.patience import Patience
from connectors.salesforce import Client, Credentials, Salesforce


@dataclass(frozen=True)
class Reply:
    """`body`: text or bytes as they are, anything else as JSON. `dropped`: the connection ends without a reply."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    dropped: bool = False


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def matches(self, pattern: str) -> bool:
        """Whether the pattern is found in the path, or in path and body if it spans lines ("(?s)")."""
        text = self.body.decode(errors="replace")
        return re.search(pattern, f"{self.path}\n{text}", re.MULTILINE) is not None


class CannedOrg:
    """Answers each (method, pattern) with its replies in turn, the last one for ever."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.url = ""
        self.refused_tokens: set[str] = set()
        self._script: dict[tuple[str, str], deque[Reply]] = {}

    def on(
        self,
        method: str,
        pattern: str,
        body: Any = None,
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
        dropped: bool = False,
    ) -> None:
        """One more reply for this method and pattern (see `Request.matches`)."""
        replies = self._script.setdefault((method, pattern), deque())
        replies.append(Reply(body, status, headers or {}, dropped))

    def forget(self, part: str) -> None:
        """Take back the replies to addresses with this part."""
        self._script = {key: replies for key, replies in self._script.items() if part not in key[1]}

    def reply_to(self, request: Request) -> Reply:
        self.requests.append(request)
        if request.headers.get("Authorization", "").removeprefix("Bearer ") in self.refused_tokens:
            return Reply([{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}], 401)
        for (method, pattern), replies in self._script.items():
            if method == request.method and request.matches(pattern):
                return replies.popleft() if len(replies) > 1 else replies[0]
        return Reply([{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}], 404)

    def seen(self, method: str, pattern: str) -> list[Request]:
        return [each for each in self.requests if each.method == method and each.matches(pattern)]

    def open(self, **credentials: str) -> Salesforce:
        given = credentials or {"instance_url": self.url, "access_token": "00D!first"}
        patience = Patience(first_pause=0.01)
        return Salesforce(Client(Credentials(**given), patience=patience))


def _listener(org: CannedOrg) -> type[BaseHTTPRequestHandler]:
    class Listener(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            reply = org.reply_to(Request(self.command, self.path, dict(self.headers), body))
            if reply.dropped:
                self.close_connection = True
                return
            content = reply.body if isinstance(reply.body, str | bytes) else json.dumps(reply.body)
            data = content.encode() if isinstance(content, str) else content
            self.send_response(reply.status)
            headers = {"Content-Type": "application/json;charset=UTF-8", "Content-Length": str(len(data))}
            for name, value in {**headers, **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = answer

        def log_message(self, format: str, *args: Any) -> None:
            """Keeps the test output clean."""

    return Listener


@pytest.fixture
def canned() -> Iterator[CannedOrg]:
    org = CannedOrg()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _listener(org))
    org.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=lambda: server.serve_forever(poll_interval=0.01))
    thread.start()
    yield org
    server.shutdown()
    thread.join()
    server.server_close()
