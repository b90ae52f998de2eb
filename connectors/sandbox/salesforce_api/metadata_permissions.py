"""PermissionSet: which fields its holders may see and edit."""

from __future__ import annotations

from typing import Literal

from connectors.sandbox.org.access import FieldPermission, PermissionSet
from connectors.sandbox.salesforce_api.catalog import Catalog, MetadataError, find_object
from connectors.sandbox.salesforce_api.xmltree import Node, branch, leaf, optional

COMPONENT = "PermissionSet"
#: Kept and given back, without effect here.
_REMARKS = ("hasActivationRequired", "license")


def names(catalog: Catalog) -> list[str]:
    return list(catalog.permission_sets())


def _find(catalog: Catalog, name: str) -> PermissionSet | None:
    return next((held for key, held in catalog.permission_sets().items() if key.lower() == name.lower()), None)


def read(catalog: Catalog, full_name: str) -> Node | None:
    found = _find(catalog, full_name)
    if found is None:
        return None
    remarks = catalog.remarks(COMPONENT, found.name)
    fields = (
        branch(
            "fieldPermissions",
            leaf("editable", permission.editable),
            leaf("field", permission.field),
            leaf("readable", permission.readable),
        )
        for permission in found.fields
    )
    return branch(
        "records",
        leaf("fullName", found.name),
        optional("description", found.description),
        *fields,
        optional("hasActivationRequired", remarks.get("hasActivationRequired", "")),
        leaf("label", found.label),
        optional("license", remarks.get("license", "")),
        type=COMPONENT,
    )


def save(catalog: Catalog, node: Node, mode: Literal["create", "update", "upsert"]) -> bool:
    """Replaces the whole set: since API 40 a permission that is not given again is gone."""
    name = node.get("fullName")
    existing = _find(catalog, name)
    if mode == "create" and existing is not None:
        raise MetadataError(
            "DUPLICATE_DEVELOPER_NAME", f"The permission set name {name} is already in use", ("fullName",)
        )
    if mode == "update" and existing is None:
        raise MetadataError("INVALID_CROSS_REFERENCE_KEY", f"no PermissionSet named {name} found")
    if not node.get("label"):
        raise MetadataError("REQUIRED_FIELD_MISSING", "Required fields are missing: [label]", ("label",))
    given = {p.field: p for p in (_permission(catalog, child) for child in node.all("fieldPermissions"))}
    catalog.save_permission_set(
        PermissionSet(
            name=existing.name if existing else name, label=node.get("label"),
            description=node.get("description"), fields=tuple(given[field] for field in sorted(given)),
        )
    )  # fmt: skip
    catalog.save_remarks(COMPONENT, name, {key: node.get(key) for key in _REMARKS if node.has(key)})
    return existing is None


def _permission(catalog: Catalog, node: Node) -> FieldPermission:
    full_name = node.get("field")
    object_name, _, field_name = full_name.partition(".")
    definition = find_object(catalog, object_name)
    field = definition.find(field_name) if definition else None
    if definition is None or field is None:
        raise MetadataError("INVALID_CROSS_REFERENCE_KEY", f"In field: field - no CustomField named {full_name} found")
    if field.required or field.calculated:
        raise MetadataError("FIELD_INTEGRITY_EXCEPTION", f"You cannot deploy to a required field: {full_name}")
    editable = node.flag("editable")
    if editable and not node.flag("readable", default=True):
        raise MetadataError(
            "FIELD_INTEGRITY_EXCEPTION", f"Permission Edit {full_name} depends on permission(s): Read {full_name}"
        )
    return FieldPermission(
        f"{definition.name}.{field.name}", readable=node.flag("readable", editable), editable=editable
    )


def delete(catalog: Catalog, full_name: str) -> None:
    found = _find(catalog, full_name)
    if found is None:
        raise MetadataError("INVALID_CROSS_REFERENCE_KEY", f"no PermissionSet named {full_name} found")
    catalog.delete_permission_set(found.name)
