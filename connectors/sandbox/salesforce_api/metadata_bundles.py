"""LightningComponentBundle: its files stand together, and what they import is looked up when they are saved."""

from __future__ import annotations

import base64
import binascii
import posixpath
import re
from collections.abc import Iterator, Mapping

from connectors.sandbox.org.components import Body
from connectors.sandbox.salesforce_api.catalog import Catalog, MetadataError, Mode, find_component, find_object
from connectors.sandbox.salesforce_api.metadata_components import check_mode, saved
from connectors.sandbox.salesforce_api.metadata_pages import LABEL, PAGE, components_of
from connectors.sandbox.salesforce_api.xmltree import Node, XmlError, branch, leaf, optional, parse

BUNDLE = "LightningComponentBundle"
SUFFIX = ".js-meta.xml"
#: Where a component may be put. The service knows more of them.
TARGETS = frozenset({
    "lightning__AppPage", "lightning__HomePage", "lightning__RecordPage", "lightning__RecordAction",
    "lightning__UtilityBar", "lightning__FlowScreen", "lightning__Tab", "lightningCommunity__Page",
    "lightningCommunity__Default",
})  # fmt: skip
_NAME = re.compile(r"[a-z][A-Za-z0-9_]*\Z")
_IMPORT = re.compile(r"""^\s*(?:import|export)\b[^;"']*["']([^"']+)["']""", re.MULTILINE)
_CONFIG = re.compile(r'<targetConfig\s[^>]*targets="([^"]*)"')
_KINDS = (".html", ".js", ".css", ".svg", ".json")


def described(files: Mapping[str, bytes], full_name: str) -> Node:
    """The component of a bundle's files, by path inside its folder. Raises MetadataError and XmlError."""
    meta = f"{full_name}{SUFFIX}"
    if meta not in files:
        # unverified: what a deployment says of a bundle without its configuration file.
        raise MetadataError("UNKNOWN_EXCEPTION", f"LightningComponentBundle {full_name}: {meta} is missing")
    said = parse(files[meta])
    kept = tuple(child for child in said.children if child.name not in ("fullName", "targetConfigs"))
    resources = [
        branch(
            "lwcResource", leaf("filePath", f"lwc/{full_name}/{path}"),
            leaf("source", base64.b64encode(content).decode()),
        )
        for path, content in sorted(files.items())
    ]  # fmt: skip
    return Node("metadata", children=(leaf("fullName", full_name), *kept, branch("lwcResources", *resources)))


def names(catalog: Catalog) -> list[str]:
    return list(catalog.components(BUNDLE))


def read(catalog: Catalog, full_name: str) -> Node | None:
    found = find_component(catalog, BUNDLE, full_name)
    if found is None:
        return None
    name, body = found
    resources = [
        branch("lwcResource", leaf("filePath", path), leaf("source", source))
        for path, source in body["resources"].items()
    ]
    targets = branch("targets", *(leaf("target", each) for each in body["targets"]))
    return branch(
        "records", leaf("fullName", name), leaf("apiVersion", body["api_version"]),
        optional("description", body["description"]), leaf("isExposed", body["exposed"]),
        branch("lwcResources", *resources), optional("masterLabel", body["label"]), targets, type=BUNDLE,
    )  # fmt: skip


def save(catalog: Catalog, node: Node, mode: Mode) -> bool:
    """Create or replace the bundle; True if it was created. Raises MetadataError."""
    full_name = node.get("fullName")
    if not _NAME.match(full_name):
        raise _wrong(f"{full_name}: a component's folder begins with a lower-case letter and has no hyphen")
    existing = find_component(catalog, BUNDLE, full_name)
    check_mode(mode, BUNDLE, full_name, exists=existing is not None)
    body = _body(node)
    files = _files(body, full_name)
    _check_targets(body, files, full_name)
    if f"{full_name}.js" not in files:
        raise _wrong(f"{full_name}.js: the component has no module of its own name")
    for path, text in files.items():
        if path.endswith(".js"):
            _check_imports(catalog, files, path, text)
    catalog.save_component(BUNDLE, full_name, body)
    return existing is None


def _wrong(message: str) -> MetadataError:
    return MetadataError("FIELD_INTEGRITY_EXCEPTION", message)


def _body(node: Node) -> Body:
    targets = node.child("targets") or Node("targets")
    resources = (node.child("lwcResources") or Node("lwcResources")).all("lwcResource")
    return {
        "api_version": node.get("apiVersion"),
        "description": node.get("description"),
        "exposed": node.flag("isExposed"),
        "label": node.get("masterLabel"),
        "targets": [each.text.strip() for each in targets.all("target")],
        "resources": {each.get("filePath"): each.get("source") for each in resources},
    }


def _files(body: Body, full_name: str) -> dict[str, str]:
    """Text of the bundle's files by path inside its folder."""
    found = {}
    for path, source in body["resources"].items():
        inside = path.removeprefix(f"lwc/{full_name}/")
        try:
            found[inside] = base64.b64decode(source, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise _wrong(f"{inside}: the source is not text") from None
        if not inside.endswith((*_KINDS, SUFFIX)):
            raise _wrong(f"{inside}: files of this kind do not belong into a component")
    return found


def _check_targets(body: Body, files: Mapping[str, str], full_name: str) -> None:
    # unverified: the wording for a target that does not exist, and for a configuration of one not listed.
    for target in body["targets"]:
        if target not in TARGETS:
            raise _wrong(f"The '{target}' target isn't a valid target for the component {full_name}")
    for listed in _CONFIG.findall(files.get(f"{full_name}{SUFFIX}", "")):
        for target in listed.split(","):
            if target.strip() not in body["targets"]:
                raise _wrong(f"The targetConfig of {full_name} is for '{target.strip()}', which targets does not list")


def _check_imports(catalog: Catalog, files: Mapping[str, str], path: str, text: str) -> None:
    """What a module imports exists: labels, fields and objects of the org, files of its own bundle."""
    for source in _IMPORT.findall(text):
        if source.startswith("."):
            wanted = posixpath.normpath(posixpath.join(posixpath.dirname(path), source))
            if wanted not in files and f"{wanted}.js" not in files and f"{wanted}.html" not in files:
                raise _wrong(f"{path}: Unable to resolve {source} from the component's files")
        elif source.startswith("@salesforce/label/"):
            _check_label(catalog, source, path)
        elif source.startswith("@salesforce/schema/"):
            _check_schema(catalog, source.removeprefix("@salesforce/schema/"), path)


def _check_label(catalog: Catalog, source: str, path: str) -> None:
    name = source.removeprefix("@salesforce/label/")
    if not name.startswith("c.") or find_component(catalog, LABEL, name.removeprefix("c.")) is None:
        raise _wrong(f"Invalid reference {name} of type label in file {path}")


def _check_schema(catalog: Catalog, name: str, path: str) -> None:
    owner, _, field = name.partition(".")
    definition = find_object(catalog, owner)
    if definition is None or (field and definition.find(field.partition(".")[0]) is None):
        raise _wrong(f"Invalid reference {name} of type {'sobjectField' if field else 'sobject'} in file {path}")


def delete(catalog: Catalog, full_name: str) -> None:
    found = saved(catalog, BUNDLE, full_name)
    for page, body in catalog.components(PAGE).items():
        if f"c:{found[0]}" in components_of(body):
            raise MetadataError("DEPENDENCY_EXISTS", f"{found[0]} is referenced elsewhere: Lightning Page {page}")
    catalog.delete_component(BUNDLE, found[0])


def modules_with_label(catalog: Catalog, label: str) -> Iterator[str]:
    """Bundles that speak with a label."""
    for name, body in catalog.components(BUNDLE).items():
        try:
            files = _files(body, name)
        except (MetadataError, XmlError):
            continue
        if any(f"@salesforce/label/c.{label}" in _IMPORT.findall(text) for text in files.values()):
            yield name
