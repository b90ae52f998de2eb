"""Serving an org or a portal over HTTP: its face, the fault plan and the pages, on one port of this machine."""

from __future__ import annotations

import asyncio
import json
import sys
from email.utils import format_datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connectors.sandbox import faults, portal_viewer, viewer
from connectors.sandbox.certificate import ensure_certificate
from connectors.sandbox.clock import Clock
from connectors.sandbox.fault_rules import FaultPlan
from connectors.sandbox.faults import FaultMiddleware
from connectors.sandbox.hubspot_api import app as hubspot
from connectors.sandbox.hubspot_api.gateway import too_many
from connectors.sandbox.kinds import Kind, open_crm
from connectors.sandbox.org.org import Org
from connectors.sandbox.portal.portal import Portal
from connectors.sandbox.salesforce_api.app import create_app
from connectors.sandbox.serving import HOST, ensure_writable, listen, run, server


def application(crm: Org | Portal) -> ASGIApp:
    """Everything the sandbox answers, with a fault plan of its own in front."""
    plan = FaultPlan()
    if isinstance(crm, Org):
        pages: list[BaseRoute] = [*viewer.routes(crm), Mount("/", create_app(crm))]
        end_session, limit_reply = crm.sessions.revoke, _used_up
    else:
        pages = [*portal_viewer.routes(crm), Mount("/", hubspot.create_app(crm))]
        end_session, limit_reply = crm.apps.end, _too_fast
    served = Starlette(routes=[*faults.routes(plan), *pages])
    return Dated(FaultMiddleware(served, plan, end_session, limit_reply), crm.clock)


def _used_up() -> Response:
    return JSONResponse([{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}], 403)


def _too_fast() -> Response:
    reply = too_many("TEN_SECONDLY_ROLLING")
    return JSONResponse(reply.body, reply.status)


class Dated:
    """Puts the CRM's time into every answer's Date, as a server does: its clock may stand still in a test."""

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


def serve(
    home: Path,
    port: int,
    *,
    kind: Kind | None = None,
    tls: bool = False,
    as_json: bool = True,
    die_with_parent: bool = True,
) -> int:
    """Serve the CRM in `home` until SIGTERM or SIGINT (or until the parent process is gone); returns 0.

    A new one is of this kind, a Salesforce org unless told otherwise. Prints where it is and how to log in once it
    answers: one JSON line, or the same as text. Started again with the same home it is the same CRM, with the same
    tokens and credentials. Raises `serving.CannotServe` if the port is taken or the folder cannot be written, or holds
    a CRM of another kind.
    """
    ensure_writable(home)
    listening = listen(port, "The sandbox")
    certificate = ensure_certificate(home) if tls else None
    with open_crm(home, kind) as crm:
        facts = connection_facts(crm, listening.getsockname()[1], certificate[0] if certificate else None)

        def announce() -> None:
            lines = [json.dumps(facts)] if as_json else [f"{key:14} {value}" for key, value in facts.items()]
            sys.stdout.write("\n".join(lines) + "\n")
            sys.stdout.flush()

        asyncio.run(run(server(application(crm), announce, certificate), [listening], die_with_parent))
    return 0


def connection_facts(crm: Org | Portal, port: int, certificate: Path | None) -> dict[str, str]:
    """Addresses and credentials, as `serve` prints them."""
    url = f"{'https' if certificate else 'http'}://{HOST}:{port}"
    facts = _org_facts(crm, url) if isinstance(crm, Org) else _portal_facts(crm, url)
    return facts | ({"certificate": str(certificate)} if certificate else {})


def _portal_facts(portal: Portal, url: str) -> dict[str, str]:
    client = portal.apps.client
    return {
        "url": url,
        "portal_id": str(portal.portal_id),
        "access_token": portal.apps.token,
        "client_id": client.client_id,
        "client_secret": client.secret,
        "authorize_url": f"{url}/oauth/authorize",
        "email": portal.admin.email,
        "password": portal.apps.password,
    }


def _org_facts(org: Org, url: str) -> dict[str, str]:
    credentials = org.credentials()
    return {
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
