"""The card and the pages around it: a Lightning web component, its labels, a record page and list views.

They come as files of a project in source format and are deployed together. The component's description ends with a mark
of all of them, so that a plan sees without reading every file whether the org has this version.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Literal
from urllib.parse import quote_plus

from lxml import etree

from connectors.base import SchemaPlan, SchemaStep
from connectors.salesforce import deploying, soql
from connectors.salesforce.client import Client
from connectors.salesforce.metadata import NS, Element, MetadataApi, put, text_of

Sign = Literal["+", "~", "="]
#: Source format: path below the source folder -> content.
Files = Mapping[str, bytes]
#: In this order they go; nothing that is still named can.
TYPES = ("FlexiPage", "ListView", "LightningComponentBundle", "CustomLabel")
_LABELS = "labels/CustomLabels.labels-meta.xml"
_WORDS = {"FlexiPage": "record page", "ListView": "list view", "LightningComponentBundle": "Lightning web component"}
_MARK = re.compile(r"\[([0-9a-f]{12})\]$")


def marked(files: Files, meta: str) -> dict[str, bytes]:
    """The files with a mark of all of them at the end of the description in the file `meta`."""
    whole = hashlib.sha256(b"".join(name.encode() + files[name] for name in sorted(files))).hexdigest()[:12]
    root = etree.fromstring(files[meta])
    put(root, "description", f"{text_of(root, 'description')} [{whole}]")
    content: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"
    return {**files, meta: content}


def members(files: Files) -> dict[str, list[str]]:
    """Names by type of what is in the files."""
    found: dict[str, list[str]] = {kind: [] for kind in TYPES}
    for path, content in sorted(files.items()):
        folder, _, rest = path.partition("/")
        if folder == "lwc" and rest.split("/")[0] not in found["LightningComponentBundle"]:
            found["LightningComponentBundle"].append(rest.split("/")[0])
        elif folder == "flexipages":
            found["FlexiPage"].append(rest.removesuffix(".flexipage-meta.xml"))
        elif path == _LABELS:
            labels = etree.fromstring(content).iterfind(f"{{{NS}}}labels")
            found["CustomLabel"] += [text_of(label, "fullName") for label in labels]
        elif "/listViews/" in path:
            owner, name = rest.split("/")[0], rest.split("/")[-1].removesuffix(".listView-meta.xml")
            found["ListView"].append(f"{owner}.{name}")
    return {kind: names for kind, names in found.items() if names}


def steps(metadata: MetadataApi, client: Client, files: Files) -> list[SchemaStep]:
    """What deploying them would do, a step per component; all labels are one."""
    wanted = members(files)
    there = {kind: metadata.names(kind) for kind in wanted}
    known = _mark_in(client, wanted["LightningComponentBundle"][0])
    same = known == _mark_of(files)
    found = []
    for kind in reversed(TYPES):
        names = wanted.get(kind, [])
        if kind == "CustomLabel" and names:
            lacking = [name for name in names if name not in there[kind]]
            sign: Sign = "+" if len(lacking) == len(names) else "=" if same and not lacking else "~"
            creates = tuple(f"CustomLabel {name}" for name in lacking)
            found.append(
                SchemaStep(sign, f"{len(names)} custom labels", _told(sign, "words of the card"), creates=creates)
            )
            continue
        for name in names:
            sign = "+" if name not in there[kind] else "=" if same else "~"
            creates = (f"{kind} {name}",) if sign == "+" else ()
            found.append(SchemaStep(sign, f"{kind} {name}", _told(sign, _WORDS[kind]), creates=creates))
    return found


def _told(sign: Sign, what: str) -> str:
    return {"+": what, "~": f"{what}, brought to this version", "=": "unchanged"}[sign]


def _mark_of(files: Files) -> str:
    meta = next(content for path, content in files.items() if path.endswith(".js-meta.xml"))
    found = _MARK.search(text_of(etree.fromstring(meta), "description"))
    return found[1] if found else ""


def _mark_in(client: Client, bundle: str) -> str:
    """The mark of the version that the org has; "" where it has none of ours."""
    # unverified: the Tooling API tells the description of a LightningComponentBundle.
    query = soql.select(["Description"], "LightningComponentBundle", f"DeveloperName = {soql.literal(bundle)}")
    rows = client.get(f"tooling/query/?q={quote_plus(query)}")["records"]
    found = _MARK.search(rows[0]["Description"] or "") if rows else None
    return found[1] if found else ""


def deploy(client: Client, files: Files, *, check_only: bool = False) -> None:
    """Raises `SchemaMismatch` naming what the org refuses; then it has taken nothing."""
    deploying.deploy(client, deploying.archive(packaged(files), members(files)), check_only=check_only)


def packaged(files: Files) -> dict[str, bytes]:
    """As a package has them: list views inside the file of their object, names without "-meta.xml"."""
    found: dict[str, bytes] = {}
    owners: dict[str, Element] = {}
    for path, content in files.items():
        if "/listViews/" in path:
            owner = path.split("/")[1]
            root = owners.setdefault(owner, etree.Element(f"{{{NS}}}CustomObject", nsmap={None: NS}))
            view = etree.SubElement(root, f"{{{NS}}}listViews")
            view.extend(etree.fromstring(content))
        else:
            found[path if path.startswith("lwc/") else path.removesuffix("-meta.xml")] = content
    for owner, root in owners.items():
        found[f"objects/{owner}.object"] = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return found


def removal(metadata: MetadataApi, created: list[str]) -> list[SchemaStep]:
    """A step per component of these that is still there; they hold no data."""
    found = []
    for kind in TYPES:
        names = sorted(name for each, _, name in (one.partition(" ") for one in created) if each == kind)
        there = metadata.names(kind) if names else set()
        found += [SchemaStep("-", f"{kind} {name}", "deleted; holds no data") for name in names if name in there]
    return found


def remove(client: Client, plan: SchemaPlan) -> None:
    """Delete what the plan says of these, together."""
    gone: dict[str, list[str]] = {}
    for step in plan.changes:
        kind, _, name = step.target.partition(" ")
        if kind in TYPES:
            gone.setdefault(kind, []).append(name)
    if gone:
        deploying.deploy(client, deploying.archive({}, {}, gone), check_only=False)
