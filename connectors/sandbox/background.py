"""Serving a CRM from a thread of this process: for tests and for short work against a CRM that is not there."""

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
from connectors.sandbox.portal.portal import Portal
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


@dataclass(frozen=True)
class ServedPortal:
    """A served portal.

    Attributes:
        facts: addresses and credentials, as `serve` prints them.
        session: carries the token of the administrator's private app and trusts the certificate.
    """

    portal: Portal
    facts: dict[str, str]
    session: requests.Session

    @property
    def url(self) -> str:
        return self.facts["url"]

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.session.request(method, self.url + path, timeout=_TIMEOUT, **options)


@contextmanager
def serving(org: Org, *, tls: bool = False) -> Iterator[Served]:
    """Serve the org on a free port until the block ends."""
    with _running(org, tls=tls) as (facts, session):
        yield Served(org, facts, session)


@contextmanager
def serving_portal(portal: Portal, *, tls: bool = False) -> Iterator[ServedPortal]:
    """Serve the portal on a free port until the block ends."""
    with _running(portal, tls=tls) as (facts, session):
        yield ServedPortal(portal, facts, session)


@contextmanager
def _running(crm: Org | Portal, *, tls: bool) -> Iterator[tuple[dict[str, str], requests.Session]]:
    listening = listen(0, "The sandbox")
    certificate = ensure_certificate(crm.home) if tls else None
    started = threading.Event()
    running = server(application(crm), started.set, certificate)
    thread = threading.Thread(target=lambda: asyncio.run(running.serve(sockets=[listening])), daemon=True)
    thread.start()
    started.wait()
    facts = connection_facts(crm, listening.getsockname()[1], certificate[0] if certificate else None)
    try:
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {facts['access_token']}"
            session.verify = facts.get("certificate", True)
            yield facts, session
    finally:
        running.should_exit = True
        thread.join()
