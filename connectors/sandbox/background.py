"""Serving an org from a thread of this process: for tests and for short work against a CRM that is not there."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests

from connectors.sandbox.certificate import ensure_certificate
from connectors.sandbox.org.org import Org
from connectors.sandbox.server import application, connection_facts
from connectors.sandbox.serving import listen, server

VERSION = "v63.0"
_TIMEOUT = 30


@dataclass(frozen=True)
class Served:
    """A served org.

    Attributes:
        facts: addresses and credentials, as `serve` prints them.
        session: carries the administrator's token and trusts the certificate.
    """

    org: Org
    facts: dict[str, str]
    session: requests.Session

    @property
    def url(self) -> str:
        return self.facts["url"]

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        """A request to a path below `/services/data/VERSION/`, or to an absolute one."""
        where = path if path.startswith("/") else f"/services/data/{VERSION}/{path}"
        return self.session.request(method, self.url + where, timeout=_TIMEOUT, **options)


@contextmanager
def serving(org: Org, *, tls: bool = False) -> Iterator[Served]:
    """Serve the org on a free port until the block ends."""
    listening = listen(0, "The sandbox")
    certificate = ensure_certificate(org.home) if tls else None
    started = threading.Event()
    running = server(application(org), started.set, certificate)
    thread = threading.Thread(target=lambda: asyncio.run(running.serve(sockets=[listening])), daemon=True)
    thread.start()
    started.wait()
    facts = connection_facts(org, listening.getsockname()[1], certificate[0] if certificate else None)
    try:
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {facts['access_token']}"
            session.verify = facts.get("certificate", True)
            yield Served(org, facts, session)
    finally:
        running.should_exit = True
        thread.join()
