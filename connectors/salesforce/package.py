"""The same components as a plan would install, as files of a Salesforce project in source format.

For companies that deploy through their own pipeline (`sf project deploy start`) instead of letting a program change
their org. One source: the field specifications of the model, and the builders that the schema plan uses.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from connectors.base import FieldSpec, RuleSpec
from connectors.salesforce import detail, notification_type
from connectors.salesforce.client import API_VERSION
from connectors.salesforce.definitions import definition
from connectors.salesforce.kinds import DETAIL, DETAIL_PARENT, only_source
from connectors.salesforce.metadata import NS, Element, add, component, drop, in_order, put, text_of
from connectors.salesforce.obligations import bypass_permission, full_name, rule_element
from connectors.salesforce.permissions import ROLES, permission_set
from connectors.salesforce.schema import new_value_set

ROOT = "force-app/main/default"
#: Describe types of standard fields that rules choose by; an org may be asked, a package may not.
_STANDARD_TYPES = {"Type": "picklist", "Account.Type": "picklist", "StageName": "picklist"}


@dataclass(frozen=True)
class ListView:
    """A list of one's own accounts. `filters`: (field, operation, value)."""

    name: str
    label: str
    columns: tuple[str, ...]
    filters: tuple[tuple[str, str, str], ...]


def files(specs: Sequence[FieldSpec], rules: Sequence[RuleSpec], pages: Mapping[str, bytes]) -> dict[str, bytes]:
    """Path -> content of every file of the project. `pages`: those of the card, by path below the source folder."""
    named = {f"{only_source(spec.kind).name}.{spec.name}": spec for spec in detail.with_key(specs)}
    found = {path: _xml(kind, element) for path, kind, element in _components(named, rules)} | dict(pages)
    project = {
        "packageDirectories": [{"path": "force-app", "default": True}],
        "name": "tierline",
        "namespace": "",
        "sourceApiVersion": API_VERSION,
    }
    return {
        **{f"{ROOT}/{path}": content for path, content in found.items()},
        "manifest/package.xml": _manifest(found),
        "sfdx-project.json": (json.dumps(project, indent=2) + "\n").encode(),
    }


#: Folder of a project -> type of the components in it; below `objects`, the folder inside an object's.
_TYPES = {
    "customPermissions": "CustomPermission",
    "fields": "CustomField",
    "flexipages": "FlexiPage",
    "globalValueSets": "GlobalValueSet",
    "labels": "CustomLabels",
    "listViews": "ListView",
    "lwc": "LightningComponentBundle",
    "notificationtypes": "CustomNotificationType",
    "permissionsets": "PermissionSet",
    "validationRules": "ValidationRule",
}


def _manifest(found: Iterable[str]) -> bytes:
    """Everything in the project by name, for `sf project deploy start --manifest`."""
    members: dict[str, set[str]] = {}
    for path in found:
        folder, *inner = path.split("/")
        name = inner[-1].partition(".")[0]
        if folder == "objects":
            owner, within = inner[0], inner[1] if len(inner) > 2 else ""
            kind = _TYPES.get(within, "CustomObject")
            members.setdefault(kind, set()).add(f"{owner}.{name}" if within else owner)
        else:
            members.setdefault(_TYPES[folder], set()).add(inner[0] if folder == "lwc" else name)
    root = etree.Element(f"{{{NS}}}Package", nsmap={None: NS})
    for kind in sorted(members):
        types = add(root, "types")
        for name in sorted(members[kind]):
            add(types, "members", name)
        put(types, "name", kind)
    put(root, "version", API_VERSION)
    content: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    return content


def list_views(lists: Sequence[ListView]) -> dict[str, bytes]:
    """Path below the source folder -> content of list views of accounts."""
    return {
        f"objects/Account/listViews/{view.name}.listView-meta.xml": _xml("ListView", _list_view(view)) for view in lists
    }


def _components(named: Mapping[str, FieldSpec], rules: Sequence[RuleSpec]) -> Iterator[tuple[str, str, Element]]:
    """Path, type and content of every component."""
    for spec in named.values():
        if spec.value_set:
            values = new_value_set(spec.value_set, spec.values)
            yield f"globalValueSets/{spec.value_set}.globalValueSet-meta.xml", "GlobalValueSet", _unnamed(values)
    if detail.wanted(named.values()):
        yield from _detail_object()
    for name, spec in named.items():
        yield _path(name, "fields", "field"), "CustomField", _renamed(definition(spec, name))
    if rules:
        bypass = bypass_permission()
        path = f"customPermissions/{text_of(bypass, 'fullName')}.customPermission-meta.xml"
        yield path, "CustomPermission", _unnamed(bypass)
    for rule in rules:
        element = rule_element(rule, {name: _STANDARD_TYPES.get(name, "string") for name in rule.only}, None)
        yield _path(full_name(rule), "validationRules", "validationRule"), "ValidationRule", _renamed(element)
    for role in ROLES:
        granted = permission_set(role, dict(named), None, bypass=bool(rules) and role.machine)
        yield f"permissionsets/{role.name}.permissionset-meta.xml", "PermissionSet", _unnamed(granted)
    yield (
        f"notificationtypes/{notification_type.TYPE}.notiftype-meta.xml",
        notification_type.KIND,
        _unnamed(notification_type.definition()),
    )


def _detail_object() -> Iterator[tuple[str, str, Element]]:
    """In source format an object's fields have files of their own."""
    element = _unnamed(detail.definition())
    drop(element, "fields")
    yield f"objects/{DETAIL}/{DETAIL}.object-meta.xml", "CustomObject", element
    yield _path(f"{DETAIL}.{DETAIL_PARENT}", "fields", "field"), "CustomField", detail.master()


def _path(name: str, folder: str, suffix: str) -> str:
    owner, _, own = name.partition(".")
    return f"objects/{owner}/{folder}/{own}.{suffix}-meta.xml"


def _renamed(element: Element) -> Element:
    """In source format a component of an object bears its own name, without the object's."""
    copied = copy.deepcopy(element)
    put(copied, "fullName", text_of(element, "fullName").partition(".")[2])
    return copied


def _unnamed(element: Element) -> Element:
    """A component with a file of its own is named by the file."""
    copied = copy.deepcopy(element)
    copied.remove(copied.find(f"{{{NS}}}fullName"))
    return copied


def _list_view(view: ListView) -> Element:
    element = component(view.name)
    for column in view.columns:
        add(element, "columns", column)
    put(element, "filterScope", "Mine")
    for field, operation, value in view.filters:
        entry = add(element, "filters")
        put(entry, "field", field)
        put(entry, "operation", operation)
        if value:
            put(entry, "value", value)
    put(element, "label", view.label)
    return element


def _xml(kind: str, element: Element) -> bytes:
    root = etree.Element(f"{{{NS}}}{kind}", nsmap={None: NS})
    root.extend(copy.deepcopy(child) for child in element)
    in_order(root)
    content: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    return content
