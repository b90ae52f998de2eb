"""Value sets of the Metadata API: inline ones, GlobalValueSet, and the StandardValueSets as they are read.

A value that an update leaves out is deactivated, never deleted: a client that wants to add one value must
read, merge and write.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from connectors.sandbox.org.schema import FieldDef, GlobalValueSet, ObjectDef, PicklistEntry
from connectors.sandbox.salesforce_api.catalog import Catalog, MetadataError, Mode, find_object, find_value_set
from connectors.sandbox.salesforce_api.xmltree import Node, branch, leaf, optional

GLOBAL, STANDARD = "GlobalValueSet", "StandardValueSet"
MAX_VALUES = 1000
_MAX_VALUE_LENGTH = 255
#: Standard value sets whose values live in a field of a standard object.
_STANDARD_HOMES = {
    "AccountOwnership": ("Account", "Ownership"),
    "AccountRating": ("Account", "Rating"),
    "AccountType": ("Account", "Type"),
    "CaseOrigin": ("Case", "Origin"),
    "CasePriority": ("Case", "Priority"),
    "CaseReason": ("Case", "Reason"),
    "CaseStatus": ("Case", "Status"),
    "CaseType": ("Case", "Type"),
    "ContractStatus": ("Contract", "Status"),
    "Industry": ("Account", "Industry"),
    "LeadSource": ("Contact", "LeadSource"),
    "OpportunityStage": ("Opportunity", "StageName"),
    "OpportunityType": ("Opportunity", "Type"),
    "OrderStatus": ("Order", "Status"),
    "OrderType": ("Order", "Type"),
    "Product2Family": ("Product2", "Family"),
    "TaskPriority": ("Task", "Priority"),
    "TaskStatus": ("Task", "Status"),
}
_CHECKBOX_VALUES = {"checked": "true", "unchecked": "false"}


# --- the value set of one field ------------------------------------------------------------------


def read_value_set(
    catalog: Catalog, definition: ObjectDef, field: FieldDef, existing: FieldDef | None, node: Node
) -> FieldDef:
    """The field with the values, the controlling field and the restriction that `node` asks for."""
    value_set = node.child("valueSet")
    if value_set is None or not (value_set.has("valueSetName") or value_set.child("valueSetDefinition")):
        raise MetadataError(
            "FIELD_INTEGRITY_EXCEPTION",
            "You must specify either picklist, globalPicklist, or valueSet",
            ("valueSet",),
        )
    set_name = value_set.get("valueSetName")
    if existing is not None and bool(existing.value_set) != bool(set_name):
        raise MetadataError(
            "FIELD_INTEGRITY_EXCEPTION",
            f"Cannot change where the values of {field.name} come from",
            ("valueSet",),
        )
    if set_name:
        found = find_value_set(catalog, set_name)
        if found is None:
            raise MetadataError(
                "INVALID_CROSS_REFERENCE_KEY",
                f"In field: valueSetName - no GlobalValueSet named {set_name} found",
                ("valueSetName",),
            )
        field = replace(field, value_set=found.name, values=found.entries)
    else:
        inline = value_set.child("valueSetDefinition") or Node("valueSetDefinition")
        previous = existing.values if existing else ()
        entries = merge(entries_of(inline.all("value")), previous, inline.flag("sorted"))
        field = replace(field, value_set="", values=entries)
    # Not stated for global sets in the reference: a field on a global set is restricted unless told otherwise.
    field = replace(field, restricted=value_set.flag("restricted", default=bool(set_name)))
    return _with_dependency(definition, field, value_set)


def _with_dependency(definition: ObjectDef, field: FieldDef, value_set: Node) -> FieldDef:
    controller_name, settings = value_set.get("controllingField"), value_set.all("valueSettings")
    if not controller_name:
        if any(setting.all("controllingFieldValue") for setting in settings):
            raise MetadataError(
                "FIELD_INTEGRITY_EXCEPTION", "valueSettings need a controllingField", ("controllingField",)
            )
        return replace(field, controller="", values=tuple(replace(entry, valid_for=()) for entry in field.values))
    controller = definition.find(controller_name)
    if controller is None or controller.name == field.name:
        raise MetadataError(
            "INVALID_CROSS_REFERENCE_KEY",
            f"In field: controllingField - no CustomField named {definition.name}.{controller_name} found",
            ("controllingField",),
        )
    if controller.type not in ("picklist", "boolean"):
        raise MetadataError(
            "FIELD_INTEGRITY_EXCEPTION", f"{controller.name} cannot control a picklist", ("controllingField",)
        )
    valid_for = _pairs(controller, field, settings)
    entries = tuple(replace(entry, valid_for=tuple(valid_for.get(entry.value, ()))) for entry in field.values)
    return replace(field, controller=controller.name, values=entries)


def _pairs(controller: FieldDef, field: FieldDef, settings: Sequence[Node]) -> dict[str, list[str]]:
    allowed = {entry.value for entry in controller.values} or set(_CHECKBOX_VALUES.values())
    known = {entry.value for entry in field.values}
    valid_for: dict[str, list[str]] = {}
    for setting in settings:
        value = setting.get("valueName")
        parents = [_CHECKBOX_VALUES.get(node.text, node.text) for node in setting.all("controllingFieldValue")]
        unknown = [name for name in parents if name not in allowed] or ([value] if value not in known else [])
        if unknown:
            raise MetadataError(
                "INVALID_CROSS_REFERENCE_KEY",
                f"In field: valueSettings - no value named {unknown[0]} found",
                ("valueSettings",),
            )
        valid_for.setdefault(value, []).extend(parents)
    return valid_for


def write_value_set(definition: ObjectDef, field: FieldDef) -> Node:
    controller = definition.find(field.controller) if field.controller else None
    names = {value: key for key, value in _CHECKBOX_VALUES.items()} if _is_checkbox(controller) else {}
    settings = [
        branch(
            "valueSettings",
            *(leaf("controllingFieldValue", names.get(parent, parent)) for parent in entry.valid_for),
            leaf("valueName", entry.value),
        )
        for entry in field.values
        if entry.valid_for
    ]
    inline = branch("valueSetDefinition", leaf("sorted", False), *(_value("value", e) for e in field.values))
    return branch(
        "valueSet",
        optional("controllingField", field.controller),
        leaf("restricted", field.restricted),
        None if field.value_set else inline,
        optional("valueSetName", field.value_set),
        *settings,
    )


def _is_checkbox(field: FieldDef | None) -> bool:
    return field is not None and field.type == "boolean"


# --- entries ---------------------------------------------------------------------------------------


def entries_of(nodes: Iterable[Node]) -> tuple[PicklistEntry, ...]:
    """Entries as given. Raises MetadataError for an empty, too long or repeated value."""
    entries: dict[str, PicklistEntry] = {}
    for node in nodes:
        value = node.get("fullName")
        if not value or len(value) > _MAX_VALUE_LENGTH:
            raise MetadataError(
                "FIELD_INTEGRITY_EXCEPTION",
                f"A picklist value needs a name of 1 to {_MAX_VALUE_LENGTH} characters: {value[:40]!r}",
                ("fullName",),
            )
        if value.lower() in entries:
            raise MetadataError("DUPLICATE_VALUE", f"Duplicate picklist value: {value}", ("fullName",))
        entries[value.lower()] = PicklistEntry(
            value=value, label=node.get("label") or value, active=node.flag("isActive", default=True),
            default=node.flag("default"),
        )  # fmt: skip
    return tuple(entries.values())


def merge(
    given: Sequence[PicklistEntry], previous: Sequence[PicklistEntry], is_sorted: bool
) -> tuple[PicklistEntry, ...]:
    """The entries after a save: the given ones, then the earlier ones that were left out, deactivated."""
    names = {entry.value.lower() for entry in given}
    dropped = [replace(old, active=False, default=False) for old in previous if old.value.lower() not in names]
    if len(given) + len(dropped) > MAX_VALUES:
        raise MetadataError(
            "TOO_MANY_ENUM_VALUE", f"A value set holds at most {MAX_VALUES} values, inactive ones included"
        )
    ordered = sorted(given, key=lambda entry: entry.label.lower()) if is_sorted else list(given)
    return (*ordered, *dropped)


def _value(name: str, entry: PicklistEntry, type: str = "") -> Node:
    return branch(
        name,
        leaf("fullName", entry.value),
        leaf("default", entry.default),
        None if entry.active else leaf("isActive", False),
        leaf("label", entry.label),
        type=type,
    )


# --- global and standard value sets ------------------------------------------------------------------


def global_names(catalog: Catalog) -> list[str]:
    return [value_set.name for value_set in catalog.value_sets().values()]


def read_global(catalog: Catalog, full_name: str) -> Node | None:
    found = find_value_set(catalog, full_name)
    if found is None:
        return None
    remarks = catalog.remarks(GLOBAL, found.name)
    return branch(
        "records",
        leaf("fullName", found.name),
        *(_value("customValue", entry) for entry in found.entries),
        optional("description", remarks.get("description", "")),
        leaf("masterLabel", found.label),
        leaf("sorted", found.sorted),
        type=GLOBAL,
    )


def save_global(catalog: Catalog, node: Node, mode: Mode) -> bool:
    """Create or change the value set; True if it was created."""
    name = node.get("fullName").removesuffix("__gvs")
    existing = find_value_set(catalog, name)
    if mode == "create" and existing is not None:
        raise MetadataError(
            "DUPLICATE_DEVELOPER_NAME", f"The global value set name {name} is already in use", ("fullName",)
        )
    if mode == "update" and existing is None:
        raise MetadataError("INVALID_CROSS_REFERENCE_KEY", f"no GlobalValueSet named {name} found")
    if not name.isidentifier() or not name.isascii() or len(name) > 80 or "__" in name:
        raise MetadataError("FIELD_INTEGRITY_EXCEPTION", f"{name!r} is not a valid developer name", ("fullName",))
    values = entries_of(node.all("customValue"))
    if not node.get("masterLabel") or not values:
        missing = "customValue" if node.get("masterLabel") else "masterLabel"
        raise MetadataError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{missing}]", (missing,))
    is_sorted = node.flag("sorted")
    entries = merge(values, existing.entries if existing else (), is_sorted)
    saved = GlobalValueSet(
        name=existing.name if existing else name,
        label=node.get("masterLabel"),
        sorted=is_sorted,
        entries=entries,
    )
    catalog.save_value_set(saved)
    catalog.save_remarks(GLOBAL, saved.name, {"description": node.get("description")})
    return existing is None


def delete_global(catalog: Catalog, full_name: str) -> None:
    """Refused while a field uses the set."""
    existing = find_value_set(catalog, full_name)
    if existing is None:
        raise MetadataError("INVALID_CROSS_REFERENCE_KEY", f"no GlobalValueSet named {full_name} found")
    catalog.delete_value_set(existing.name)


def standard_names(catalog: Catalog) -> list[str]:
    return [name for name, home in _STANDARD_HOMES.items() if _standard_field(catalog, home) is not None]


def _standard_field(catalog: Catalog, home: tuple[str, str]) -> FieldDef | None:
    definition = find_object(catalog, home[0])
    field = definition.find(home[1]) if definition else None
    return field if field is not None and field.values else None


def read_standard(catalog: Catalog, full_name: str) -> Node | None:
    home = next((home for name, home in _STANDARD_HOMES.items() if name.lower() == full_name.lower()), None)
    field = _standard_field(catalog, home) if home else None
    if field is None:
        return None
    name = next(name for name, other in _STANDARD_HOMES.items() if other == home)
    values = (_value("standardValue", entry) for entry in field.values)
    return branch("records", leaf("fullName", name), leaf("sorted", False), *values, type=STANDARD)


def save_standard(catalog: Catalog, node: Node, mode: Mode) -> bool:
    raise MetadataError("FUNCTIONALITY_NOT_ENABLED", "The sandbox reads standard value sets but does not change them")


def delete_standard(catalog: Catalog, full_name: str) -> None:
    raise MetadataError("INVALID_TYPE_FOR_OPERATION", "StandardValueSet cannot be deleted")
