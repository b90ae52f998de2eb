"""CustomObject: created and read with its fields; of a standard object only the custom fields can be changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from connectors.sandbox.org.rules import RULE, rules_of
from connectors.sandbox.org.schema import FieldDef, ObjectDef
from connectors.sandbox.salesforce_api import metadata_fields, metadata_record_types, metadata_rules
from connectors.sandbox.salesforce_api.catalog import Catalog, MetadataError, Mode, find_object
from connectors.sandbox.salesforce_api.xmltree import Node, branch, leaf, optional

COMPONENT = "CustomObject"
_NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9]|_(?!_))*(?<!_)__c\Z")
#: Kept and given back, without effect here.
_REMARKS = (
    "deploymentStatus", "description", "enableActivities", "enableBulkApi", "enableFeeds", "enableHistory",
    "enableReports", "enableSearch", "enableSharing", "enableStreamingApi", "sharingModel",
)  # fmt: skip
_UNSUPPORTED = ("webLinks", "listViews", "compactLayouts", "fieldSets")


def names(catalog: Catalog) -> list[str]:
    return [definition.name for definition in catalog.objects().values()]


def read(catalog: Catalog, full_name: str) -> Node | None:
    definition = find_object(catalog, full_name)
    if definition is None:
        return None
    fields = [
        _inside(metadata_fields.to_node(catalog, definition, field, name=field.name))
        for field in definition.fields.values()
        if field.custom
    ]
    rules = [
        replace(metadata_rules.to_node(rule, rule.name), name="validationRules", type="")
        for rule in rules_of(catalog.components(RULE)).values()
        if rule.object == definition.name
    ]
    types = [
        replace(metadata_record_types.to_node(record_type, record_type.name), name="recordTypes", type="")
        for record_type in metadata_record_types.record_types(catalog, definition.name)
    ]
    remarks = {key: leaf(key, value) for key, value in catalog.remarks(COMPONENT, definition.name).items()}
    children = remarks | {
        "label": leaf("label", definition.label),
        "pluralLabel": leaf("pluralLabel", definition.label_plural),
    }
    name_field = definition.fields.get("Name") if definition.custom else None
    if name_field is not None:
        children["nameField"] = _name_field(name_field)
    ordered = sorted([*children.values(), *fields, *rules, *types], key=lambda child: child.name)
    return branch("records", leaf("fullName", definition.name), *ordered, type=COMPONENT)


def _inside(field: Node) -> Node:
    """The field as a child of its object: named `fields`, without a type of its own."""
    return replace(field, name="fields", type="")


def _name_field(field: FieldDef) -> Node:
    return branch(
        "nameField",
        optional("displayFormat", field.auto_number),
        leaf("label", field.label),
        leaf("type", "AutoNumber" if field.auto_number else "Text"),
    )


def save(catalog: Catalog, node: Node, mode: Mode) -> bool:
    """Create the object, or change it; then save the fields, record types and rules that `node` contains."""
    name = node.get("fullName")
    existing = find_object(catalog, name)
    for child in node.children:
        if child.name in _UNSUPPORTED:
            raise MetadataError("FUNCTIONALITY_NOT_ENABLED", f"The sandbox does not store {child.name}", (child.name,))
    if mode == "create" and existing is not None:
        raise MetadataError("DUPLICATE_DEVELOPER_NAME", f"The object name {name} is already in use", ("fullName",))
    if mode == "update" and existing is None:
        raise MetadataError("INVALID_CROSS_REFERENCE_KEY", f"no CustomObject named {name} found")
    if existing is None:
        _check_master(node)
        catalog.create_object(_definition(name, node), owned=node.get("sharingModel") != metadata_fields.CONTROLLED)
        catalog.save_remarks(COMPONENT, name, {key: node.get(key) for key in _REMARKS if node.has(key)})
    for kind, save_part in _PARTS.items():
        for part in node.all(kind):
            full_name = leaf("fullName", f"{name}.{part.get('fullName')}")
            others = tuple(child for child in part.children if child.name != "fullName")
            save_part(catalog, replace(part, children=(full_name, *others)), "upsert")
    return existing is None


def _check_master(node: Node) -> None:
    """Records controlled by their parent have one from the start: the field comes with the object."""
    is_detail = any(field.get("type") == "MasterDetail" for field in node.all("fields"))
    if node.get("sharingModel") == metadata_fields.CONTROLLED and not is_detail:
        raise MetadataError(
            "FIELD_INTEGRITY_EXCEPTION",
            f"Cannot set sharingModel to {metadata_fields.CONTROLLED} on a CustomObject without a MasterDetail"
            " relationship field",
            ("sharingModel",),
        )


#: What an object contains, in the order in which one part may name another.
_PARTS: Mapping[str, Callable[[Catalog, Node, Mode], bool]] = {
    "fields": metadata_fields.save,
    "recordTypes": metadata_record_types.save,
    "validationRules": metadata_rules.save,
}


def _definition(name: str, node: Node) -> ObjectDef:
    if not _NAME.match(name) or len(name) > 43:
        message = f"{name} is not a valid name of a custom object"
        raise MetadataError("FIELD_INTEGRITY_EXCEPTION", message, ("fullName",))
    name_field = node.child("nameField")
    required = {
        "label": node.get("label"), "pluralLabel": node.get("pluralLabel"),
        "nameField": name_field.get("label") if name_field else "",
        "deploymentStatus": node.get("deploymentStatus"), "sharingModel": node.get("sharingModel"),
    }  # fmt: skip
    missing = [key for key, value in required.items() if not value]
    if missing or name_field is None:
        raise MetadataError(
            "FIELD_INTEGRITY_EXCEPTION", f"Must specify '{missing[0]}' for a CustomObject", (missing[0],)
        )
    return ObjectDef(
        name=name, label=required["label"], label_plural=required["pluralLabel"], key_prefix="", custom=True,
        fields={"Name": _name_definition(name_field)},
    )  # fmt: skip


def _name_definition(node: Node) -> FieldDef:
    label, kind = node.get("label"), node.get("type") or "Text"
    base = FieldDef(name="Name", label=label, type="string", length=80, name_field=True)
    if kind == "AutoNumber":
        return replace(
            base, auto_number=node.get("displayFormat") or "{0}", calculated=True, createable=False, updateable=False
        )
    if kind != "Text":
        raise MetadataError("FIELD_INTEGRITY_EXCEPTION", "A name field must be Text or AutoNumber", ("nameField",))
    return base


def delete(catalog: Catalog, full_name: str) -> None:
    """Its fields and records go too."""
    definition = find_object(catalog, full_name)
    if definition is None or not definition.custom:
        raise MetadataError("INVALID_CROSS_REFERENCE_KEY", f"no CustomObject named {full_name} found")
    catalog.delete_object(definition.name)
    catalog.save_remarks(COMPONENT, definition.name, {})
