"""The component types the sandbox knows: how each is listed, read, saved and deleted, and where its files lie."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from connectors.sandbox.salesforce_api import (
    metadata_bundles,
    metadata_custom_permissions,
    metadata_fields,
    metadata_lead_convert,
    metadata_notifications,
    metadata_objects,
    metadata_pages,
    metadata_permissions,
    metadata_record_types,
    metadata_rules,
    metadata_values,
)
from connectors.sandbox.salesforce_api.catalog import Catalog, MetadataError, Mode
from connectors.sandbox.salesforce_api.xmltree import Node, XmlError


@dataclass(frozen=True)
class ComponentType:
    """One metadata type.

    Attributes:
        directory: the folder of its files in a deployment; child types share their parent's.
        save: returns True if the component was created.
    """

    name: str
    directory: str
    suffix: str
    names: Callable[[Catalog], Sequence[str]]
    read: Callable[[Catalog, str], Node | None]
    save: Callable[[Catalog, Node, Mode], bool]
    delete: Callable[[Catalog, str], None]
    children: tuple[str, ...] = ()
    is_child: bool = False


TYPES = {
    kind.name: kind
    for kind in (
        ComponentType(
            "CustomObject", "objects", "object", metadata_objects.names, metadata_objects.read,
            metadata_objects.save, metadata_objects.delete,
            children=("CustomField", "RecordType", "ValidationRule", "ListView"),
        ),
        ComponentType(
            "CustomField", "objects", "object", metadata_fields.names, metadata_fields.read,
            metadata_fields.save, metadata_fields.delete, is_child=True,
        ),
        ComponentType(
            "RecordType", "objects", "object", metadata_record_types.names, metadata_record_types.read,
            metadata_record_types.save, metadata_record_types.delete, is_child=True,
        ),
        ComponentType(
            "ValidationRule", "objects", "object", metadata_rules.names, metadata_rules.read,
            metadata_rules.save, metadata_rules.delete, is_child=True,
        ),
        ComponentType(
            "ListView", "objects", "object", metadata_pages.list_names, metadata_pages.read_list,
            metadata_pages.save_list, metadata_pages.delete_list, is_child=True,
        ),
        ComponentType(
            "CustomLabels", "labels", "labels", metadata_pages.all_labels, metadata_pages.read_all,
            metadata_pages.save_all, metadata_pages.delete_all, children=("CustomLabel",),
        ),
        ComponentType(
            "CustomLabel", "labels", "labels", metadata_pages.label_names, metadata_pages.read_label,
            metadata_pages.save_label, metadata_pages.delete_label, is_child=True,
        ),
        ComponentType(
            "LightningComponentBundle", "lwc", "js", metadata_bundles.names, metadata_bundles.read,
            metadata_bundles.save, metadata_bundles.delete,
        ),
        ComponentType(
            "FlexiPage", "flexipages", "flexipage", metadata_pages.page_names, metadata_pages.read_page,
            metadata_pages.save_page, metadata_pages.delete_page,
        ),
        ComponentType(
            "CustomPermission", "customPermissions", "customPermission", metadata_custom_permissions.names,
            metadata_custom_permissions.read, metadata_custom_permissions.save, metadata_custom_permissions.delete,
        ),
        ComponentType(
            "GlobalValueSet", "globalValueSets", "globalValueSet", metadata_values.global_names,
            metadata_values.read_global, metadata_values.save_global, metadata_values.delete_global,
        ),
        ComponentType(
            "StandardValueSet", "standardValueSets", "standardValueSet", metadata_values.standard_names,
            metadata_values.read_standard, metadata_values.save_standard, metadata_values.delete_standard,
        ),
        ComponentType(
            "LeadConvertSettings", "LeadConvertSettings", "LeadConvertSetting", metadata_lead_convert.names,
            metadata_lead_convert.read, metadata_lead_convert.save, metadata_lead_convert.delete,
        ),
        ComponentType(
            "PermissionSet", "permissionsets", "permissionset", metadata_permissions.names,
            metadata_permissions.read, metadata_permissions.save, metadata_permissions.delete,
        ),
        ComponentType(
            "CustomNotificationType", "notificationtypes", "notiftype", metadata_notifications.names,
            metadata_notifications.read, metadata_notifications.save, metadata_notifications.delete,
        ),
    )
}  # fmt: skip


def component_type(name: str) -> ComponentType:
    """Raises MetadataError for a type the sandbox does not know."""
    found = TYPES.get(name)
    if found is None:
        raise MetadataError("INVALID_TYPE", f"Unknown type:{name}; the sandbox knows {', '.join(TYPES)}")
    return found


@dataclass(frozen=True)
class Outcome:
    """What became of one component."""

    type: str
    full_name: str
    created: bool = False
    error: MetadataError | None = None


def save(catalog: Catalog, type_name: str, node: Node, mode: Mode) -> Outcome:
    """Save one component; a refusal comes back as the outcome's error."""
    full_name = node.get("fullName")
    try:
        if not full_name:
            raise MetadataError("REQUIRED_FIELD_MISSING", "Required fields are missing: [fullName]", ("fullName",))
        return Outcome(type_name, full_name, component_type(type_name).save(catalog, node, mode))
    except MetadataError as refusal:
        return Outcome(type_name, full_name, error=refusal)
    except XmlError as problem:
        return Outcome(type_name, full_name, error=MetadataError("INVALID_TYPE_ON_FIELD_IN_RECORD", str(problem)))


def delete(catalog: Catalog, type_name: str, full_name: str) -> Outcome:
    try:
        component_type(type_name).delete(catalog, full_name)
    except MetadataError as refusal:
        return Outcome(type_name, full_name, error=refusal)
    return Outcome(type_name, full_name)
