"""Check-only deployment: the org tries what we are about to install, keeps nothing of it, and says what it refuses.

The components of a plan are put into one package, so the org checks them together as they will stand together.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence

from lxml import etree

from connectors.salesforce import deploying
from connectors.salesforce.client import Client
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
Component = tuple[str, Element]


def check(client: Client, components: Sequence[Component]) -> None:
    """Raises `SchemaMismatch` naming what the org would refuse; returns when it would take everything."""
    if components:
        deploying.deploy(client, package(components), check_only=True)


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
    for element in files.values():
        in_order(element)
    rendered = {
        name: etree.tostring(element, encoding="UTF-8", xml_declaration=True) for name, element in files.items()
    }
    return deploying.archive(rendered, members)


def _root(component_type: str, element: Element) -> Element:
    root = etree.Element(f"{{{NS}}}{component_type}", nsmap={None: NS})
    root.extend(copy.deepcopy(child) for child in element if etree.QName(child).localname != "fullName")
    return root
