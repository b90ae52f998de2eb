"""RecordType: a kind of records of an object, and the picklist values they may have."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.sandbox.org.record_types import RECORD_TYPE, RecordType, body_of
from connectors.sandbox.org.schema import PICKLIST_TYPES, ObjectDef
from connectors.sandbox.salesforce_api.catalog import Catalog, MetadataError, Mode, find_component
from connectors.sandbox.salesforce_api.metadata_components import of_object, saved
from connectors.sandbox.salesforce_api.xmltree import Node, branch, leaf, optional

_MAX_NAME = 80


def names(catalog: Catalog) -> list[str]:
    return list(catalog.components(RECORD_TYPE))


def record_types(catalog: Catalog, object_name: str) -> list[RecordType]:
    found = (RecordType(**body) for body in catalog.components(RECORD_TYPE).values())
    return [record_type for record_type in found if record_type.object == object_name]


def read(catalog: Catalog, full_name: str) -> Node | None:
    found = find_component(catalog, RECORD_TYPE, full_name)
    return to_node(RecordType(**found[1]), found[0]) if found else None


def to_node(record_type: RecordType, name: str) -> Node:
    lists = (
        branch(
            "picklistValues",
            leaf("picklist", picklist),
            *(branch("values", leaf("fullName", value), leaf("default", default)) for value, default in values.items()),
        )
        for picklist, values in record_type.picklists.items()
    )
    return branch(
        "records",
        leaf("fullName", name),
        leaf("active", record_type.active),
        optional("description", record_type.description),
        leaf("label", record_type.label),
        *lists,
        type=RECORD_TYPE,
    )


def save(catalog: Catalog, node: Node, mode: Mode) -> bool:
    """Create or change the record type; picklists that are not given again keep their values."""
    definition, name, existing = of_object(catalog, RECORD_TYPE, node, mode, longest=_MAX_NAME)
    if not node.get("label"):
        raise MetadataError("REQUIRED_FIELD_MISSING", "Required fields are missing: [label]", ("label",))
    before = RecordType(**existing[1]) if existing else RecordType(definition.name, name, "")
    given = dict(_picklist(definition, child) for child in node.all("picklistValues"))
    record_type = RecordType(
        definition.name, before.name, node.get("label"), node.flag("active", default=True),
        node.get("description"), {**before.picklists, **given},
    )  # fmt: skip
    catalog.save_component(RECORD_TYPE, record_type.full_name, body_of(record_type))
    return existing is None


def _picklist(definition: ObjectDef, node: Node) -> tuple[str, Mapping[str, bool]]:
    name = node.get("picklist")
    field = definition.find(name)
    if field is None or field.type not in PICKLIST_TYPES:
        raise MetadataError("INVALID_CROSS_REFERENCE_KEY", f"Picklist {name} not found on {definition.name}")
    known = {entry.value for entry in field.values}
    values = {child.get("fullName"): child.flag("default") for child in node.all("values")}
    unknown = [value for value in values if value not in known]
    if unknown:
        raise MetadataError(
            "INVALID_CROSS_REFERENCE_KEY", f"Picklist value: {unknown[0]} in picklist: {field.name} not found"
        )
    return field.name, values


def delete(catalog: Catalog, full_name: str) -> None:
    # unverified: an active record type cannot be deleted over the Metadata API.
    found = saved(catalog, RECORD_TYPE, full_name)
    if found[1]["active"]:
        raise MetadataError("FIELD_INTEGRITY_EXCEPTION", f"An active record type cannot be deleted: {found[0]}")
    catalog.delete_component(RECORD_TYPE, found[0])
