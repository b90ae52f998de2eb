"""Retrieving: components an org has, as the files of a deployment in a zip."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from connectors.sandbox.org import ids
from connectors.sandbox.org.org import Org
from connectors.sandbox.salesforce_api.catalog import Catalog
from connectors.sandbox.salesforce_api.metadata_bundles import BUNDLE
from connectors.sandbox.salesforce_api.metadata_types import TYPES, ComponentType
from connectors.sandbox.salesforce_api.soap import METADATA, SoapCall, SoapFault
from connectors.sandbox.salesforce_api.xmltree import Node, branch, leaf, render

#: Folder of the files inside the zip, unless the client asks for a single package.
_FOLDER = "unpackaged/"
Asked = Mapping[str, Sequence[str]]


class Retrievals:
    """Retrievals that were asked for. They are done at once and kept until the server ends."""

    def __init__(self, org: Org, catalog: Catalog) -> None:
        self._org = org
        self._catalog = catalog
        self._kept: dict[str, Node] = {}

    def start(self, call: SoapCall) -> Node:
        request = call.arguments.child("retrieveRequest") or call.arguments.child("request") or Node("request")
        package = request.child("unpackaged")
        if package is None:
            # unverified: the code for a request that names packages of their own, or nothing.
            raise SoapFault("INVALID_CROSS_REFERENCE_KEY", "The sandbox retrieves what `unpackaged` lists")
        asked = {block.get("name"): [each.text.strip() for each in block.all("members")]
                 for block in package.all("types")}  # fmt: skip
        version = package.get("version") or request.get("apiVersion")
        job = ids.make("09S", self._org.store.take_numbers("id:09S"))
        self._kept[job] = self._result(job, asked, version, "" if request.flag("singlePackage") else _FOLDER)
        return branch("result", leaf("done", False), leaf("id", job), leaf("state", "Queued"))

    def status(self, call: SoapCall) -> Node:
        found = self._kept.get(ids.normalize(call.arguments.get("asyncProcessId")) or "")
        if found is None:
            raise SoapFault("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        if call.arguments.flag("includeZip", default=True):
            return found
        return replace(found, children=tuple(child for child in found.children if child.name != "zipFile"))

    def _result(self, job: str, asked: Asked, version: str, folder: str) -> Node:
        files: dict[str, bytes] = {}
        found: list[tuple[str, str, str]] = []
        missing: list[str] = []
        for kind, name in self._wanted(asked, missing):
            made = list(_files(self._catalog, kind, name))
            if not made:
                missing.append(f"Entity of type '{kind.name}' named '{name}' cannot be found")
            files |= {folder + path: content for path, content in made}
            found += [(kind.name, name, folder + path) for path, _ in made[:1]]
        files[f"{folder}package.xml"] = _manifest(asked, version)
        zipped = io.BytesIO()
        with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, content in files.items():
                archive.writestr(path, content)
        problems = [
            branch("messages", leaf("fileName", f"{folder}package.xml"), leaf("problem", text)) for text in missing
        ]
        listed = [self._properties(*each) for each in found]
        return branch(
            "result", leaf("done", True), *listed, leaf("id", job), *problems, leaf("status", "Succeeded"),
            leaf("success", True), leaf("zipFile", base64.b64encode(zipped.getvalue()).decode()),
        )  # fmt: skip

    def _wanted(self, asked: Asked, missing: list[str]) -> Iterator[tuple[ComponentType, str]]:
        """Types and names; parts of an object come as parts of its file, so their object is retrieved."""
        chosen: dict[tuple[str, str], None] = {}
        for type_name, members in asked.items():
            kind = TYPES.get(type_name)
            if kind is None:
                missing.append(f"Unknown type name '{type_name}' specified in package.xml")
                continue
            for member in members:
                names = list(kind.names(self._catalog)) if member == "*" else [member]
                if kind.is_child:
                    parent = next(each for each in TYPES.values() if kind.name in each.children)
                    objects = [name.partition(".")[0] for name in names]
                    chosen |= {(parent.name, name if parent.name == "CustomObject" else parent.name): None
                               for name in objects}  # fmt: skip
                else:
                    chosen |= {(kind.name, name): None for name in names}
        for type_name, name in chosen:
            yield TYPES[type_name], name

    def _properties(self, type_name: str, full_name: str, path: str) -> Node:
        user, name = self._org.admin_user_id, self._org.name
        # The sandbox does not keep when a component was changed, or by whom.
        then = "2020-01-01T00:00:00.000Z"
        return branch(
            "fileProperties", leaf("createdById", user), leaf("createdByName", name), leaf("createdDate", then),
            leaf("fileName", path), leaf("fullName", full_name), leaf("id", ""), leaf("lastModifiedById", user),
            leaf("lastModifiedByName", name), leaf("lastModifiedDate", then), leaf("manageableState", "unmanaged"),
            leaf("type", type_name),
        )  # fmt: skip


def _files(catalog: Catalog, kind: ComponentType, full_name: str) -> Iterator[tuple[str, bytes]]:
    """The component's files by path; none if it is not there."""
    node = kind.read(catalog, full_name)
    if node is None:
        return
    if kind.name == BUNDLE:
        resources = node.child("lwcResources") or Node("lwcResources")
        for each in resources.all("lwcResource"):
            yield each.get("filePath"), base64.b64decode(each.get("source"))
        return
    yield f"{kind.directory}/{full_name}.{kind.suffix}", _document(kind.name, node.children)


def _document(name: str, children: Sequence[Node]) -> bytes:
    inside = render(child for child in children if child.name != "fullName")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{name} xmlns="{METADATA}">{inside}</{name}>\n'.encode()


def _manifest(asked: Asked, version: str) -> bytes:
    types = [
        branch("types", *(leaf("members", member) for member in members), leaf("name", name))
        for name, members in asked.items()
    ]
    return _document("Package", [*types, leaf("version", version)])
