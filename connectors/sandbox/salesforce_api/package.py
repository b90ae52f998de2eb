"""The zip of a deployment: its manifest, and the components in its files, in the order they can be saved."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from connectors.sandbox.salesforce_api import metadata_bundles
from connectors.sandbox.salesforce_api.catalog import MetadataError
from connectors.sandbox.salesforce_api.metadata_types import TYPES
from connectors.sandbox.salesforce_api.xmltree import Node, XmlError, leaf, parse

MAX_FILES = 10_000
MAX_BYTES = 400_000_000
_MANIFEST = "package.xml"
_DESTRUCTIVE = ("destructiveChanges.xml", "destructiveChangesPre.xml", "destructiveChangesPost.xml")
#: A component can only name what comes before it.
_ORDER = (
    "GlobalValueSet", "StandardValueSet", "CustomPermission", "CustomObject", "CustomField", "RecordType",
    "ValidationRule", "PermissionSet", "CustomNotificationType", "ListView", "CustomLabels", "CustomLabel",
    "LightningComponentBundle", "FlexiPage",
)  # fmt: skip
#: Element of an object file -> the component type it stands for.
_PARTS = {
    "fields": "CustomField", "recordTypes": "RecordType", "validationRules": "ValidationRule", "listViews": "ListView",
}  # fmt: skip
#: Folder of the components that are folders themselves.
_BUNDLES = "lwc/"


class BadPackage(Exception):
    """The zip cannot be deployed at all."""


@dataclass(frozen=True)
class Component:
    """One component of a package, or one to be deleted (then `node` is empty)."""

    type: str
    full_name: str
    file_name: str
    node: Node


@dataclass(frozen=True)
class Problem:
    """Something about the package itself, before any component is saved."""

    type: str
    full_name: str
    file_name: str
    text: str
    is_warning: bool = False


@dataclass(frozen=True)
class Package:
    """What a zip asks for."""

    components: tuple[Component, ...]
    deletions: tuple[Component, ...]
    problems: tuple[Problem, ...]


def read_package(content: bytes, *, allow_missing: bool) -> Package:
    """Raises BadPackage if the zip, or its manifest, cannot be read."""
    files = _files(content)
    if _MANIFEST not in files:
        raise BadPackage("No package.xml found")
    wanted = _members(files[_MANIFEST], _MANIFEST)
    found: list[Component] = []
    problems: list[Problem] = []
    bundles, files_of_one = _bundles(files)
    for name, data in files_of_one.items():
        if name == _MANIFEST or name in _DESTRUCTIVE:
            continue
        components, trouble = _components(name, data)
        chosen = [component for component in components if _is_wanted(component, wanted)]
        if components and not chosen:
            trouble = [Problem("", components[0].full_name, name, "Not in package.xml", is_warning=True)]
        found.extend(chosen)
        problems.extend(trouble)
    for name, trouble_or_component in bundles.items():
        if isinstance(trouble_or_component, Problem):
            problems.append(trouble_or_component)
        elif _is_wanted(trouble_or_component, wanted):
            found.append(trouble_or_component)
        else:
            problems.append(Problem("", name, f"{_BUNDLES}{name}", "Not in package.xml", is_warning=True))
    if not allow_missing:
        problems.extend(_missing(wanted, found))
    deletions = [
        Component(type_name, member, name, Node("metadata"))
        for name in _DESTRUCTIVE if name in files
        for type_name, members in _members(files[name], name).items()
        for member in members
    ]  # fmt: skip
    return Package(tuple(sorted(found, key=_rank)), tuple(deletions), tuple(problems))


def _rank(component: Component) -> int:
    return _ORDER.index(component.type)


def _files(content: bytes) -> dict[str, bytes]:
    """File contents by path below the folder of the manifest (a package may lie in a folder of its own)."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) > MAX_FILES or sum(entry.file_size for entry in entries) > MAX_BYTES:
                raise BadPackage(f"More than {MAX_FILES} files or {MAX_BYTES} bytes uncompressed")
            files = {entry.filename: archive.read(entry) for entry in entries}
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError) as error:
        raise BadPackage(f"The zip file cannot be read: {error}") from None
    root = next((name.removesuffix(_MANIFEST) for name in files if name.split("/")[-1] == _MANIFEST), "")
    return {name.removeprefix(root): data for name, data in files.items() if name.startswith(root)}


def _members(data: bytes, name: str) -> dict[str, list[str]]:
    try:
        manifest = parse(data)
    except XmlError as error:
        raise BadPackage(f"{name}: {error}") from None
    return {
        block.get("name"): [member.text.strip() for member in block.all("members")] for block in manifest.all("types")
    }


def _components(name: str, data: bytes) -> tuple[list[Component], list[Problem]]:
    directory, _, file = name.partition("/")
    kind = next((kind for kind in TYPES.values() if kind.directory == directory and not kind.is_child), None)
    stem, _, suffix = file.removesuffix("-meta.xml").rpartition(".")
    if kind is None or suffix != kind.suffix or "/" in file:
        return [], [Problem("", file, name, f"The sandbox does not deploy files of {directory or name}")]
    try:
        node = parse(data)
    except XmlError as error:
        return [], [Problem(kind.name, stem, name, f"Error parsing file: {error}")]
    whole = Component(kind.name, stem, name, _named(node, stem))
    if kind.name == "CustomLabels":
        labels = [Component("CustomLabel", each.get("fullName"), name, each) for each in node.all("labels")]
        return [replace(whole, node=_named(Node("metadata"), stem)), *labels], []
    if kind.name != "CustomObject":
        return [whole], []
    parts = [
        Component(_PARTS[part.name], part_name, name, _named(part, part_name))
        for part in node.children
        if part.name in _PARTS and (part_name := f"{stem}.{part.get('fullName')}")
    ]
    # A master comes with its detail: without it the object could not be controlled by its parent.
    rest = tuple(
        child for child in whole.node.children if child.name not in _PARTS or child.get("type") == "MasterDetail"
    )
    return [replace(whole, node=replace(whole.node, children=rest)), *parts], []


def _bundles(files: Mapping[str, bytes]) -> tuple[dict[str, Component | Problem], dict[str, bytes]]:
    """Components whose files stand together in a folder, by name; and the other files."""
    folders: dict[str, dict[str, bytes]] = {}
    for path, data in files.items():
        name, _, inside = path.removeprefix(_BUNDLES).partition("/")
        if path.startswith(_BUNDLES) and inside:
            folders.setdefault(name, {})[inside] = data
    found: dict[str, Component | Problem] = {}
    for name, own in folders.items():
        path = f"{_BUNDLES}{name}"
        try:
            node = metadata_bundles.described(own, name)
        except (MetadataError, XmlError) as error:
            found[name] = Problem(metadata_bundles.BUNDLE, name, path, str(error))
        else:
            found[name] = Component(metadata_bundles.BUNDLE, name, path, node)
    return found, {path: data for path, data in files.items() if not path.startswith(_BUNDLES)}


def _named(node: Node, full_name: str) -> Node:
    others = tuple(child for child in node.children if child.name != "fullName")
    return replace(node, children=(leaf("fullName", full_name), *others))


def _is_wanted(component: Component, wanted: Mapping[str, Iterable[str]]) -> bool:
    members = set(wanted.get(component.type, ()))
    is_part = component.type in _PARTS.values()
    if component.type in ("CustomLabel", "CustomLabels") and (wanted.get("CustomLabels") or "*" in members):
        return True
    if component.full_name in members or ("*" in members and not is_part):
        return True
    owner = component.full_name.partition(".")[0]
    objects = set(wanted.get("CustomObject", ()))
    return is_part and (owner in objects or "*" in objects)


def _missing(wanted: Mapping[str, Iterable[str]], found: Iterable[Component]) -> list[Problem]:
    present = {(component.type, component.full_name) for component in found}
    return [
        Problem(
            type_name, member, _MANIFEST,
            f"An object '{member}' of type {type_name} was named in package.xml,"
            " but was not found in zipped directory",
        )
        for type_name, members in wanted.items()
        for member in members
        if member != "*" and (type_name, member) not in present
    ]  # fmt: skip
