"""Servers that messages go to: one that answers as Slack, Teams or a program would, and a mail server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MailHandler


@dataclass
class Outside:
    """What came in, and what is answered: a status, a body, headers.

    Attributes:
        drip: seconds between the letters of an answer that has no end; 0 for an answer at once.
    """

    url: str = ""
    drip: float = 0.0
    answer: tuple[int, str, dict[str, str]] = (200, "ok", {})
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def web() -> Iterator[Outside]:
    """An HTTP server on this machine."""
    seen = Outside()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            seen.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}, content))
            if seen.drip:
                with suppress(OSError):
                    while True:
                        self.wfile.write(b"x")
                        time.sleep(seen.drip)
                return
            status, text, headers = seen.answer
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *args: Any) -> None:
            """Nothing: what came in is looked at by the tests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    seen.url = f"http://127.0.0.1:{server.server_port}/services/T0/B0/secretpart"
    try:
        yield seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Box(MailHandler):
    def __init__(self) -> None:
        super().__init__()
        self.mails: list[Message] = []

    def handle_message(self, message: Message) -> None:
        self.mails.append(message)


@contextmanager
def mailbox(port: int) -> Iterator[list[Message]]:
    """A mail server on this port; the mails it took."""
    box = _Box()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield box.mails
    finally:
        controller.stop()
