"""The listener on this machine to which a CRM sends a person's browser back after a login."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl, urlsplit

from admin.cli.output import WRONG_INPUT, Stop
from connectors import registry
from connectors.access import Token

PATH = "/callback"
#: Seconds a person has for the login.
PATIENCE = 600.0
_PAGE = (
    "<!doctype html><meta charset=utf-8><title>Tierline</title><h1>Tierline</h1>"
    "<p>Go back to the terminal: it says how the login went. This page can be closed.</p>"
)


def return_address(port: int) -> str:
    """The callback address that has to be entered in the app."""
    return f"http://localhost:{port}{PATH}"


def log_in(
    kind: str, settings: Mapping[str, str], *, port: int, show: Callable[[str], None], patience: float = PATIENCE
) -> Token:
    """Have a person log in: `show` is given the address to open, then this waits for their return.

    Raises `Stop` when the port is taken or nobody comes back, and what the login itself raises.
    """
    with _listening(port) as server:
        login = registry.begin_browser_login(kind, settings, return_address(port))
        show(login.address)
        deadline = time.monotonic() + patience
        while server.answer is None:
            server.timeout = deadline - time.monotonic()
            if server.timeout <= 0:
                raise Stop(f"Nobody came back from the login within {patience / 60:.0f} minutes.", "Begin again.")
            server.handle_request()
    return login.finish(server.answer)


class _Listener(HTTPServer):
    answer: Mapping[str, str] | None = None

    def handle_timeout(self) -> None:
        """The loop outside looks at the clock."""


class _Request(BaseHTTPRequestHandler):
    server: _Listener
    timeout = 5  # seconds: a connection that says nothing must not hold up the browser

    def do_GET(self) -> None:
        """Takes the first answer; what browsers ask besides (an icon) is not found."""
        parts = urlsplit(self.path)
        answer = dict(parse_qsl(parts.query))
        found = parts.path == PATH and bool(answer.keys() & {"code", "error"})
        if found:
            self.server.answer = answer
        body = _PAGE.encode() if found else b""
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged: the address holds the code."""


@contextmanager
def _listening(port: int) -> Iterator[_Listener]:
    try:
        server = _Listener(("127.0.0.1", port), _Request)
    except (OSError, OverflowError) as error:
        raise Stop(
            f"Port {port} of this machine cannot be used for the way back from the login: "
            f"{error.strerror if isinstance(error, OSError) else error}.",
            f"Choose another with --port, and enter its callback address in the app, e.g. {return_address(port + 1)}",
            code=WRONG_INPUT,
        ) from None
    try:
        yield server
    finally:
        server.server_close()
