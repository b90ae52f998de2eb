"""Deployments: a zip of components that the org takes whole or not at all, or only tries."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from lxml import etree
from requests import Request

from connectors.errors import SchemaMismatch, Unavailable
from connectors.salesforce.client import API_VERSION, Client
from connectors.salesforce.metadata import NS, add, put

#: Seconds to wait for the org's verdict, and refusals named in one message.
PATIENCE = 300.0
SHOWN = 5

Members = Mapping[str, Sequence[str]]


def archive(files: Mapping[str, bytes], members: Members, gone: Members | None = None) -> bytes:
    """The zip of one package. `members`: names by type; `gone`: those to be deleted."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in files.items():
            zipped.writestr(name, content)
        zipped.writestr("package.xml", _manifest(members))
        if gone:
            zipped.writestr("destructiveChanges.xml", _manifest(gone))
    return buffer.getvalue()


def deploy(client: Client, zipped: bytes, *, check_only: bool) -> None:
    """Raises `SchemaMismatch` naming what the org refuses; returns when it has taken, or would take, everything."""
    options = {"checkOnly": check_only, "singlePackage": True, "rollbackOnError": True}
    body, kind = _form(json.dumps({"deployOptions": options}), zipped)
    started = _json(client.http("POST", "metadata/deployRequest", data=body, headers={"Content-Type": kind}).content)
    deadline = time.monotonic() + PATIENCE
    pause = 0.2
    while True:
        path = f"metadata/deployRequest/{started['id']}"
        result = _json(client.http("GET", path, params={"includeDetails": "true"}).content)["deployResult"]
        if result["done"]:
            break
        if time.monotonic() > deadline:
            raise _unfinished(check_only=check_only)
        time.sleep(pause)
        pause = min(2 * pause, 5.0)
    if not result["success"]:
        raise _refused(result)


def _unfinished(*, check_only: bool) -> Unavailable:
    what = "checking the changes" if check_only else "the deployment"
    left = "nothing was changed" if check_only else "it may still come to its end"
    return Unavailable(
        f"Salesforce did not finish {what} in {PATIENCE:.0f} s; {left}.",
        next_step="Look at Deployment Status in Setup, then apply again.",
    )


def _refused(result: Mapping[str, Any]) -> SchemaMismatch:
    failures = (result.get("details") or {}).get("componentFailures") or []
    told = [f"{failure.get('fullName')}: {' '.join(str(failure.get('problem')).split())}" for failure in failures]
    more = f" And {len(told) - SHOWN} more." if len(told) > SHOWN else ""
    why = "; ".join(told[:SHOWN]) or str(result.get("errorMessage") or result.get("status"))
    return SchemaMismatch(
        f"Salesforce would refuse the changes, so nothing was changed: {why}.{more}",
        next_step="Correct what is named in Setup or in the model, then plan and apply again.",
        code="CHECK_FAILED",
    )


def _manifest(members: Members) -> bytes:
    root = etree.Element(f"{{{NS}}}Package", nsmap={None: NS})
    for component_type, names in members.items():
        types = add(root, "types")
        for name in names:
            add(types, "members", name)
        put(types, "name", component_type)
    put(root, "version", API_VERSION)
    content: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return content


def _form(described: str, zipped: bytes) -> tuple[bytes, str]:
    """The two parts of a deploy request, and their content type."""
    prepared = Request(
        "POST",
        "http://localhost/",
        files={
            "entity_content": (None, described, "application/json"),
            "file": ("deploy.zip", zipped, "application/zip"),
        },
    ).prepare()
    assert isinstance(prepared.body, bytes)
    return prepared.body, str(prepared.headers["Content-Type"])


def _json(content: bytes) -> dict[str, Any]:
    try:
        read: dict[str, Any] = json.loads(content)
    except ValueError:
        raise Unavailable(
            "Salesforce's answer to the deployment cannot be read.", next_step="Apply again.", code="BAD_REPLY"
        ) from None
    return read
