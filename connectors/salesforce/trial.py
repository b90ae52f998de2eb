"""Check-only deployment: the org tries what we are about to install, keeps nothing of it, and says what it refuses.

The components of a plan are put into one package, so the org checks them together as they will stand together.
"""

from __future__ import annotations

import copy
import io
import json
import time
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from lxml import etree  # type: ignore[import-untyped, unused-ignore]
from requests import Request

from connectors.errors import SchemaMismatch, Unavailable
from connectors.salesforce.client import API_VERSION, Client
from connectors.salesforce.metadata import NS, Element, add, in_order, put, text_of

#: Type -> folder and suffix of its file in a package.
_FILES: Mapping[str, tuple[str, str]] = {
    "GlobalValueSet": ("globalValueSets", "globalValueSet"),
    "CustomPermission": ("customPermissions", "customPermission"),
    "PermissionSet": ("permissionsets", "permissionset"),
}
#: Type -> tag inside the file of its object.
_PARTS: Mapping[str, str] = {
    "CustomField": "fields",
    "RecordType": "recordTypes",
    "ValidationRule": "validationRules",
}
#: Seconds to wait for the org's verdict, and refusals named in one message.
PATIENCE = 300.0
SHOWN = 5

Component = tuple[str, Element]


def check(client: Client, components: Sequence[Component]) -> None:
    """Raises `SchemaMismatch` naming what the org would refuse; returns when it would take everything."""
    if not components:
        return
    options = {"checkOnly": True, "singlePackage": True, "rollbackOnError": True}
    body, kind = _form(json.dumps({"deployOptions": options}), package(components))
    started = _json(client.http("POST", "metadata/deployRequest", data=body, headers={"Content-Type": kind}).content)
    deadline = time.monotonic() + PATIENCE
    pause = 0.2
    while True:
        path = f"metadata/deployRequest/{started['id']}"
        result = _json(client.http("GET", path, params={"includeDetails": "true"}).content)["deployResult"]
        if result["done"]:
            break
        if time.monotonic() > deadline:
            raise Unavailable(
                f"Salesforce did not finish checking the changes in {PATIENCE:.0f} s; nothing was changed.",
                next_step="Look at Deployment Status in Setup, then apply again.",
            )
        time.sleep(pause)
        pause = min(2 * pause, 5.0)
    if not result["success"]:
        raise _refused(result)


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


def package(components: Sequence[Component]) -> bytes:
    """The components as the zip of one package."""
    objects: dict[str, Element] = {}
    members: dict[str, list[str]] = {}
    files: dict[str, Element] = {}
    for component_type, element in components:
        name = text_of(element, "fullName")
        members.setdefault(component_type, []).append(name)
        if component_type in _FILES:
            folder, suffix = _FILES[component_type]
            files[f"{folder}/{name}.{suffix}"] = _root(component_type, element)
            continue
        owner, _, own = name.partition(".")
        if component_type == "CustomObject":
            # With its own properties; the parts that others name come behind them.
            objects[owner] = _root(component_type, element)
            continue
        part = add(
            objects.setdefault(owner, etree.Element(f"{{{NS}}}CustomObject", nsmap={None: NS})), _PARTS[component_type]
        )
        part.extend(copy.deepcopy(child) for child in element)
        put(part, "fullName", own)
    files |= {f"objects/{owner}.object": element for owner, element in objects.items()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, element in files.items():
            in_order(element)
            archive.writestr(name, etree.tostring(element, encoding="UTF-8", xml_declaration=True))
        archive.writestr("package.xml", _manifest(members))
    return buffer.getvalue()


def _root(component_type: str, element: Element) -> Element:
    root = etree.Element(f"{{{NS}}}{component_type}", nsmap={None: NS})
    root.extend(copy.deepcopy(child) for child in element if etree.QName(child).localname != "fullName")
    return root


def _manifest(members: Mapping[str, Sequence[str]]) -> bytes:
    root = etree.Element(f"{{{NS}}}Package", nsmap={None: NS})
    for component_type, names in members.items():
        types = add(root, "types")
        for name in names:
            add(types, "members", name)
        put(types, "name", component_type)
    put(root, "version", API_VERSION)
    content: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return content


def _form(described: str, archive: bytes) -> tuple[bytes, str]:
    """The two parts of a deploy request, and their content type."""
    prepared = Request(
        "POST",
        "http://localhost/",
        files={
            "entity_content": (None, described, "application/json"),
            "file": ("deploy.zip", archive, "application/zip"),
        },
    ).prepare()
    assert isinstance(prepared.body, bytes)
    return prepared.body, str(prepared.headers["Content-Type"])


def _json(content: bytes) -> dict[str, Any]:
    try:
        read: dict[str, Any] = json.loads(content)
    except ValueError:
        raise Unavailable(
            "Salesforce's answer to the deployment check cannot be read.", next_step="Apply again.", code="BAD_REPLY"
        ) from None
    return read
