"""Serving an org over HTTP: all faces, the fault plan and the pages, on one port of this machine."""

from __future__ import annotations

import asyncio
import json
import sys
from email.utils import format_datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connectors.sandbox import faults, viewer
from connectors.sandbox.certificate import ensure_certificate
from connectors.sandbox.clock import Clock
from connectors.sandbox.fault_rules import FaultPlan
from connectors.sandbox.faults import FaultMiddleware
from connectors.sandbox.org.org import Org
from connectors.sandbox.salesforce_api.app import create_app
from connectors.sandbox.serving import HOST, ensure_writable, listen, run, server


def application(org: Org) -> ASGIApp:
    """Everything the sandbox answers, with a fault plan of its own in front."""
    plan = FaultPlan()
    routes = [*faults.routes(plan), *viewer.routes(org), Mount("/", create_app(org))]
    return Dated(FaultMiddleware(Starlette(routes=routes), plan, org.sessions.revoke), org.clock)


class Dated:
    """Puts the org's time into every answer's Date, as a server does: its clock may stand still in a test."""

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = format_datetime(self._clock.now(), usegmt=True).encode()
                message = {**message, "headers": [*message.get("headers", []), (b"date", date)]}
            await send(message)

        await self._app(scope, receive, dated)


def serve(home: Path, port: int, *, tls: bool = False, as_json: bool = True, die_with_parent: bool = True) -> int:
    """Serve the org in `home` until SIGTERM or SIGINT (or until the parent process is gone); returns 0.

    Prints where it is and how to log in once it answers: one JSON line, or the same as text. Started again
    with the same home it is the same org, with the same tokens and credentials. Raises
    `serving.CannotServe` if the port is taken or the folder cannot be written.
    """
    ensure_writable(home)
    listening = listen(port, "The sandbox")
    certificate = ensure_certificate(home) if tls else None
    with Org.open(home) as org:
        facts = connection_facts(org, listening.getsockname()[1], certificate[0] if certificate else None)

        def announce() -> None:
            lines = [json.dumps(facts)] if as_json else [f"{key:14} {value}" for key, value in facts.items()]
            sys.stdout.write("\n".join(lines) + "\n")
            sys.stdout.flush()

        asyncio.run(run(server(application(org), announce, certificate), [listening], die_with_parent))
    return 0


def connection_facts(org: Org, port: int, certificate: Path | None) -> dict[str, str]:
    """Addresses and credentials, as `serve` prints them."""
    url = f"{'https' if certificate else 'http'}://{HOST}:{port}"
    credentials = org.credentials()
    facts = {
        "url": url,
        "instance_url": url,
        "soap_url": f"{url}/services/Soap/u",
        "metadata_url": f"{url}/services/Soap/m",
        "org_id": org.org_id,
        "access_token": credentials.access_token,
        "client_id": credentials.client_id,
        "client_secret": credentials.client_secret,
        "username": credentials.username,
        "password": credentials.password,
    }
    return facts | ({"certificate": str(certificate)} if certificate else {})
