"""PermissionSet: what its holders may see, edit and do."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.sandbox.org.access import is_permissionable
from connectors.sandbox.org.permission_sets import (
    OBJECT_PERMISSIONS,
    USER_PERMISSIONS,
    FieldPermission,
    ObjectPermission,
    PermissionSet,
)
from connectors.sandbox.org.rules import PERMISSION
from connectors.sandbox.salesforce_api.catalog import Catalog, MetadataError, Mode, find_component, find_object
from connectors.sandbox.salesforce_api.xmltree import Node, branch, leaf, optional, parse, render

COMPONENT = "PermissionSet"
#: Kept and given back, without effect here: simple values, and whole elements.
_REMARKS = ("hasActivationRequired", "license")
_ELEMENTS = (
    "applicationVisibilities", "classAccesses", "customMetadataTypeAccesses", "customSettingAccesses",
    "externalCredentialPrincipalAccesses", "externalDataSourceAccesses", "flowAccesses", "pageAccesses",
    "recordTypeVisibilities", "tabSettings", "userPermissions",
)  # fmt: skip
#: A permission on an object needs these others.
_NEEDS = {
    "allowCreate": ("allowRead",), "allowEdit": ("allowRead",), "allowDelete": ("allowRead", "allowEdit"),
    "viewAllRecords": ("allowRead",),
    "modifyAllRecords": ("allowRead", "allowEdit", "allowDelete", "viewAllRecords"),
}  # fmt: skip
#: A permission on a detail that needs the same on its master.
_OF_MASTER = ("allowRead", "viewAllRecords")


def names(catalog: Catalog) -> list[str]:
    return list(catalog.permission_sets())


def _find(catalog: Catalog, name: str) -> PermissionSet | None:
    return next((held for key, held in catalog.permission_sets().items() if key.lower() == name.lower()), None)


def read(catalog: Catalog, full_name: str) -> Node | None:
    found = _find(catalog, full_name)
    if found is None:
        return None
    remarks = catalog.remarks(COMPONENT, found.name)
    children = [
        optional("description", found.description),
        *(optional(key, remarks.get(key, "")) for key in _REMARKS),
        leaf("label", found.label),
        *(_enabled("customPermissions", name) for name in found.custom_permissions),
        *(_field_node(permission) for permission in found.fields),
        *(_object_node(permission) for permission in found.objects),
        *(_enabled("userPermissions", name) for name in found.user_permissions),
        *(node for key in _ELEMENTS for node in _elements(remarks, key)),
    ]
    ordered = sorted((child for child in children if child is not None), key=lambda child: child.name)
    return branch("records", leaf("fullName", found.name), *ordered, type=COMPONENT)


def _enabled(kind: str, name: str) -> Node:
    return branch(kind, leaf("enabled", True), leaf("name", name))


def _field_node(permission: FieldPermission) -> Node:
    return branch(
        "fieldPermissions",
        leaf("editable", permission.editable),
        leaf("field", permission.field),
        leaf("readable", permission.readable),
    )


def _object_node(permission: ObjectPermission) -> Node:
    flags = {name: leaf(name, name in permission.granted) for name in OBJECT_PERMISSIONS}
    ordered = sorted({**flags, "object": leaf("object", permission.object)}.items())
    return branch("objectPermissions", *(child for _, child in ordered))


def _elements(remarks: Mapping[str, str], key: str) -> tuple[Node, ...]:
    text = remarks.get(key, "")
    return parse(f"<kept>{text}</kept>".encode()).children if text else ()


def save(catalog: Catalog, node: Node, mode: Mode) -> bool:
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
    fields = {p.field: p for p in (_permission(catalog, child) for child in node.all("fieldPermissions"))}
    objects = {p.object: p for p in (_object(catalog, child) for child in node.all("objectPermissions"))}
    _check_masters(catalog, objects)
    enabled = [child.get("name") for child in node.all("userPermissions") if child.flag("enabled")]
    catalog.save_permission_set(
        PermissionSet(
            name=existing.name if existing else name, label=node.get("label"),
            description=node.get("description"), fields=tuple(fields[field] for field in sorted(fields)),
            objects=tuple(objects[name] for name in sorted(objects)),
            user_permissions=tuple(name for name in USER_PERMISSIONS if name in enabled),
            custom_permissions=tuple(sorted(_custom(catalog, child) for child in node.all("customPermissions"))),
        )
    )  # fmt: skip
    catalog.save_remarks(COMPONENT, name, _kept(node))
    return existing is None


def _kept(node: Node) -> dict[str, str]:
    kept = {key: node.get(key) for key in _REMARKS if node.has(key)}
    for key in _ELEMENTS:
        nodes = [child for child in node.all(key) if child.get("name") not in USER_PERMISSIONS]
        if nodes:
            kept[key] = render(nodes)
    return kept


def _permission(catalog: Catalog, node: Node) -> FieldPermission:
    full_name = node.get("field")
    object_name, _, field_name = full_name.partition(".")
    definition = find_object(catalog, object_name)
    field = definition.find(field_name) if definition else None
    if definition is None or field is None:
        raise MetadataError("INVALID_CROSS_REFERENCE_KEY", f"In field: field - no CustomField named {full_name} found")
    if not is_permissionable(field):
        raise MetadataError("FIELD_INTEGRITY_EXCEPTION", f"You cannot deploy to a required field: {full_name}")
    editable = node.flag("editable")
    if editable and not node.flag("readable", default=True):
        raise MetadataError(
            "FIELD_INTEGRITY_EXCEPTION", f"Permission Edit {full_name} depends on permission(s): Read {full_name}"
        )
    return FieldPermission(
        f"{definition.name}.{field.name}", readable=node.flag("readable", editable), editable=editable
    )


def _object(catalog: Catalog, node: Node) -> ObjectPermission:
    definition = find_object(catalog, node.get("object"))
    if definition is None:
        raise MetadataError(
            "INVALID_CROSS_REFERENCE_KEY", f"In field: field - no CustomObject named {node.get('object')} found"
        )
    granted = frozenset(name for name in OBJECT_PERMISSIONS if node.flag(name))
    for name in granted:
        missing = [_word(other) for other in _NEEDS.get(name, ()) if other not in granted]
        if missing:
            needed = ", ".join(f"{word} {definition.name}" for word in missing)
            raise MetadataError(
                "FIELD_INTEGRITY_EXCEPTION",
                f"Permission {_word(name)} {definition.name} depends on permission(s): {needed}",
            )
    return ObjectPermission(definition.name, granted)


def _check_masters(catalog: Catalog, given: Mapping[str, ObjectPermission]) -> None:
    """Who may read a detail, or all of them, may do so with the master in the same set."""
    for permission in given.values():
        definition = find_object(catalog, permission.object)
        assert definition is not None
        masters = [name for field in definition.fields.values() if field.is_master for name in field.reference_to]
        for master in masters:
            held = given[master].granted if master in given else frozenset()
            for name in _OF_MASTER:
                if name in permission.granted and name not in held:
                    word = _word(name)
                    raise MetadataError(
                        "FIELD_INTEGRITY_EXCEPTION",
                        f"Permission {word} {definition.name} depends on permission(s): {word} {master}",
                    )


def _word(name: str) -> str:
    return {"viewAllRecords": "View All", "modifyAllRecords": "Modify All"}.get(name, name.removeprefix("allow"))


def _custom(catalog: Catalog, node: Node) -> str:
    found = find_component(catalog, PERMISSION, node.get("name"))
    if found is None:
        raise MetadataError(
            "INVALID_CROSS_REFERENCE_KEY", f"In field: name - no CustomPermission named {node.get('name')} found"
        )
    return found[0]


def delete(catalog: Catalog, full_name: str) -> None:
    found = _find(catalog, full_name)
    if found is None:
        raise MetadataError("INVALID_CROSS_REFERENCE_KEY", f"no PermissionSet named {full_name} found")
    catalog.delete_permission_set(found.name)
