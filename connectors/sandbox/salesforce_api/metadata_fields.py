"""CustomField: between the Metadata API's form and the org's field definitions."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from connectors.sandbox.org.schema import FieldDef, ObjectDef, OnDelete
from connectors.sandbox.salesforce_api import metadata_formulas, metadata_rules
from connectors.sandbox.salesforce_api.catalog import Catalog, MetadataError, Mode, find_object
from connectors.sandbox.salesforce_api.metadata_values import read_value_set, write_value_set
from connectors.sandbox.salesforce_api.xmltree import Node, branch, leaf, optional

COMPONENT = "CustomField"
#: Sharing model of objects whose records belong to a master.
CONTROLLED = "ControlledByParent"
_NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9]|_(?!_))*(?<!_)__c\Z")
_MAX_NAME = 40
_MAX_LABEL = 40


@dataclass(frozen=True)
class FieldKind:
    """How one Metadata API field type is written and what the org makes of it.

    Attributes:
        type: the describe type.
        needs: properties that must be given. `refuses`: properties that must not be.
        length: the fixed length, where the type has one.
    """

    type: str
    needs: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()
    length: int = 0


_NUMERIC = ("precision", "scale")
_NO_SIZE = ("length", "precision", "scale")
KINDS = {
    "Text": FieldKind("string", ("length",), _NUMERIC),
    "TextArea": FieldKind("textarea", (), _NO_SIZE, 255),
    "LongTextArea": FieldKind("textarea", ("length", "visibleLines"), (*_NUMERIC, "required", "unique", "externalId")),
    "Html": FieldKind("textarea", ("length", "visibleLines"), (*_NUMERIC, "required", "unique", "externalId")),
    "Picklist": FieldKind("picklist", (), _NO_SIZE, 255),
    "MultiselectPicklist": FieldKind("multipicklist", ("visibleLines",), _NO_SIZE, 4099),
    "Date": FieldKind("date", (), _NO_SIZE),
    "DateTime": FieldKind("datetime", (), _NO_SIZE),
    "Number": FieldKind("double", _NUMERIC, ("length",)),
    "Currency": FieldKind("currency", _NUMERIC, ("length",)),
    "Percent": FieldKind("percent", _NUMERIC, ("length",)),
    "Checkbox": FieldKind("boolean", ("defaultValue",), (*_NO_SIZE, "required", "unique", "externalId")),
    "Lookup": FieldKind("reference", ("referenceTo",), _NO_SIZE, 18),
    "MasterDetail": FieldKind(
        "reference", ("referenceTo", "relationshipName"), (*_NO_SIZE, "required", "unique", "deleteConstraint"), 18
    ),
    "Email": FieldKind("email", (), _NO_SIZE, 80),
    "Phone": FieldKind("phone", (), _NO_SIZE, 40),
    "Url": FieldKind("url", (), _NO_SIZE, 255),
}  # fmt: skip
_BY_DESCRIBE = {kind.type: name for name, kind in reversed(KINDS.items())} | {
    "string": "Text", "int": "Number", "combobox": "Picklist", "id": "Text",
}  # fmt: skip
_DELETE_CONSTRAINTS: dict[str, OnDelete] = {"SetNull": "clear", "Cascade": "cascade", "Restrict": "restrict"}
#: Kept and given back, without effect here.
_REMARKS = (
    "description", "relationshipLabel", "securityClassification",
    "relationshipOrder", "trackFeedHistory", "trackHistory", "trackTrending", "visibleLines", "writeRequiresMasterRead",
)  # fmt: skip


def names(catalog: Catalog) -> list[str]:
    return [
        f"{definition.name}.{field.name}"
        for definition in catalog.objects().values()
        for field in definition.fields.values()
        if field.custom
    ]


def read(catalog: Catalog, full_name: str) -> Node | None:
    """The component, or None if there is no such field."""
    object_name, _, field_name = full_name.partition(".")
    definition = find_object(catalog, object_name)
    field = definition.find(field_name) if definition else None
    if definition is None or field is None:
        return None
    return to_node(catalog, definition, field)


def save(catalog: Catalog, node: Node, mode: Mode) -> bool:
    """Create or change the field; True if it was created. Raises MetadataError."""
    full_name = node.get("fullName")
    object_name, _, field_name = full_name.partition(".")
    definition = find_object(catalog, object_name)
    if not field_name:
        message = f"The full name must be Object.Field: {full_name}"
        raise MetadataError("FIELD_INTEGRITY_EXCEPTION", message, ("fullName",))
    if definition is None:
        raise MetadataError(
            "INVALID_CROSS_REFERENCE_KEY", f"In field: entity - no CustomObject named {object_name} found"
        )
    existing = definition.find(field_name)
    _check_mode(mode, existing, definition, full_name, node)
    field = _checked(catalog, definition, existing, node, field_name)
    catalog.save_field(definition.name, field)
    remarks = {name: node.get(name) for name in _REMARKS if node.has(name)}
    catalog.save_remarks(COMPONENT, f"{definition.name}.{field.name}", remarks)
    return existing is None


def delete(catalog: Catalog, full_name: str) -> None:
    object_name, _, field_name = full_name.partition(".")
    definition = find_object(catalog, object_name)
    field = definition.find(field_name) if definition else None
    if definition is None or field is None or not field.custom:
        raise MetadataError("INVALID_CROSS_REFERENCE_KEY", f"no CustomField named {full_name} found")
    dependants = [other.name for other in definition.fields.values() if other.controller == field.name]
    if dependants:
        raise MetadataError("DEPENDENCY_EXISTS", f"This custom field is referenced elsewhere: {', '.join(dependants)}")
    metadata_rules.check_unused(catalog, f"{definition.name}.{field.name}")
    catalog.delete_field(definition.name, field.name)
    catalog.save_remarks(COMPONENT, f"{definition.name}.{field.name}", {})


def _check_mode(mode: Mode, existing: FieldDef | None, definition: ObjectDef, full_name: str, node: Node) -> None:
    if mode == "create" and existing is not None:
        raise MetadataError(
            "DUPLICATE_DEVELOPER_NAME",
            f"There is already a field named {node.get('label') or existing.label} on {definition.label}.",
            ("fullName",),
        )
    if mode == "update" and existing is None:
        raise MetadataError("INVALID_CROSS_REFERENCE_KEY", f"no CustomField named {full_name} found")
    if existing is not None and not existing.custom:
        raise MetadataError("FIELD_INTEGRITY_EXCEPTION", f"{full_name} is a standard field and cannot be changed here")


def _checked(
    catalog: Catalog, definition: ObjectDef, existing: FieldDef | None, node: Node, field_name: str
) -> FieldDef:
    kind_name = node.get("type") or (_BY_DESCRIBE[existing.type] if existing else "")
    if not kind_name:
        raise MetadataError("FIELD_INTEGRITY_EXCEPTION", "You must specify a type for a CustomField", ("type",))
    kind = KINDS.get(kind_name)
    if kind is None:
        message = f"The sandbox does not store fields of type {kind_name}"
        raise MetadataError("FUNCTIONALITY_NOT_ENABLED", message, ("type",))
    _check_name(field_name)
    label = node.get("label")
    if not label or len(label) > _MAX_LABEL:
        reason = f"is longer than {_MAX_LABEL} characters" if label else "is missing"
        raise MetadataError("FIELD_INTEGRITY_EXCEPTION", f"The label of {field_name} {reason}", ("label",))
    if node.has("formula"):
        return metadata_formulas.renamed(
            metadata_formulas.read_formula(catalog, definition, existing, node, field_name), existing
        )
    if existing is not None and existing.formula:
        raise MetadataError("FIELD_INTEGRITY_EXCEPTION", f"{field_name} is a formula field", ("formula",))
    _check_properties(kind_name, kind, node)
    if existing is not None and (existing.type != kind.type or existing.html != (kind_name == "Html")):
        _check_conversion(existing, kind, field_name)
    base = existing or FieldDef(name=field_name, label=label, type=kind.type, custom=True)
    field = replace(
        base, label=label, type=kind.type, length=_length(kind_name, kind, node),
        precision=node.number("precision") or 0, scale=node.number("scale") or 0,
        required=node.flag("required"), unique=node.flag("unique"), external_id=node.flag("externalId"),
        case_sensitive=node.flag("caseSensitive"),
        help=node.get("inlineHelpText"), html=kind_name == "Html", default=_default(kind, node),
    )  # fmt: skip
    if kind.type == "reference":
        field = _with_target(catalog, definition, field, node)
    if kind_name == "MasterDetail":
        field = _of_master(catalog, definition, existing, field, node)
    if kind.type in ("picklist", "multipicklist"):
        field = read_value_set(catalog, definition, field, existing, node)
    return field


def _check_name(field_name: str) -> None:
    stem = field_name.removesuffix("__c")
    if not _NAME.match(field_name) or len(stem) > _MAX_NAME:
        raise MetadataError(
            "FIELD_INTEGRITY_EXCEPTION",
            f"The name {field_name} must end in __c, begin with a letter, use only letters, digits and single"
            f" underscores, and have at most {_MAX_NAME} characters before the suffix",
            ("fullName",),
        )


def _check_properties(kind_name: str, kind: FieldKind, node: Node) -> None:
    for name in kind.needs:
        if not node.has(name):
            raise MetadataError(
                "FIELD_INTEGRITY_EXCEPTION",
                f"Must specify '{name}' for a CustomField of type {kind_name}",
                (name,),
            )
    for name in kind.refuses:
        # An explicit false is what generators write for a property they do not use.
        if node.has(name) and node.get(name) not in ("false", "0"):
            raise MetadataError(
                "FIELD_INTEGRITY_EXCEPTION",
                f"Can not specify '{name}' for a CustomField of type {kind_name}",
                (name,),
            )


_LENGTHS = {"Text": (1, 255), "LongTextArea": (256, 131_072), "Html": (256, 131_072)}
_MAX_DIGITS = 18


def _length(kind_name: str, kind: FieldKind, node: Node) -> int:
    bounds = _LENGTHS.get(kind_name)
    if bounds:
        length = node.number("length") or 0
        if not bounds[0] <= length <= bounds[1]:
            raise MetadataError(
                "FIELD_INTEGRITY_EXCEPTION",
                f"The length of a {kind_name} field must be from {bounds[0]} to {bounds[1]}: {length}",
                ("length",),
            )
        return length
    if "precision" in kind.needs:
        precision, scale = node.number("precision") or 0, node.number("scale") or 0
        if not 0 < precision <= _MAX_DIGITS or not 0 <= scale < max(precision, 1):
            raise MetadataError(
                "FIELD_INTEGRITY_EXCEPTION",
                f"Precision must be from 1 to {_MAX_DIGITS} and greater than scale: {precision}, {scale}",
                ("precision", "scale"),
            )
    return kind.length


def _check_conversion(existing: FieldDef, kind: FieldKind, field_name: str) -> None:
    # The service converts some types into others with loss of data; the sandbox only lengthens text.
    if {existing.type, kind.type} != {"string", "textarea"}:
        raise MetadataError(
            "FIELD_INTEGRITY_EXCEPTION",
            f"Cannot change the type of {field_name} from {existing.type} to {kind.type}", ("type",),
        )  # fmt: skip


def _default(kind: FieldKind, node: Node) -> object:
    text = node.get("defaultValue")
    if kind.type == "boolean":
        if text.lower() not in ("true", "false"):
            raise MetadataError(
                "FIELD_INTEGRITY_EXCEPTION",
                "The default value of a Checkbox must be true or false",
                ("defaultValue",),
            )
        return text.lower() == "true"
    if text:
        # Other defaults are formulas there, evaluated when a page is opened and when a record is created.
        raise MetadataError(
            "FUNCTIONALITY_NOT_ENABLED",
            "The sandbox does not evaluate default value formulas",
            ("defaultValue",),
        )
    return None


def _with_target(catalog: Catalog, definition: ObjectDef, field: FieldDef, node: Node) -> FieldDef:
    target = find_object(catalog, node.get("referenceTo"))
    if target is None:
        raise MetadataError(
            "INVALID_CROSS_REFERENCE_KEY",
            f"In field: referenceTo - no CustomObject named {node.get('referenceTo')} found",
            ("referenceTo",),
        )
    constraint = node.get("deleteConstraint") or "SetNull"
    if constraint not in _DELETE_CONSTRAINTS:
        raise MetadataError("FIELD_INTEGRITY_EXCEPTION", f"No such deleteConstraint: {constraint}")
    return replace(
        field, reference_to=(target.name,), relationship_name=f"{field.name.removesuffix('__c')}__r",
        child_relationship=node.get("relationshipName") or f"{definition.name.removesuffix('__c')}s",
        on_delete=_DELETE_CONSTRAINTS[constraint],
    )  # fmt: skip


def _of_master(
    catalog: Catalog, definition: ObjectDef, existing: FieldDef | None, field: FieldDef, node: Node
) -> FieldDef:
    """A master is required, takes its details along when it is deleted, and stays unless told otherwise."""
    if not definition.custom or catalog.remarks("CustomObject", definition.name).get("sharingModel") != CONTROLLED:
        raise MetadataError(
            "FIELD_INTEGRITY_EXCEPTION",
            f"{definition.name} cannot have a master: its sharing model is not {CONTROLLED}",
            ("type",),
        )
    if existing is not None and not existing.is_master:
        raise MetadataError("FIELD_INTEGRITY_EXCEPTION", f"{field.name} is a look-up field", ("type",))
    return replace(field, required=True, on_delete="cascade", updateable=node.flag("reparentableMasterDetail"))


def to_node(catalog: Catalog, definition: ObjectDef, field: FieldDef, name: str = "") -> Node:
    """The component as it is read back; `name` replaces the full name inside an object file."""
    full_name = f"{definition.name}.{field.name}"
    if not field.custom:
        return branch("records", leaf("fullName", name or full_name), _type_of(field), type=COMPONENT)
    kind_name = "Html" if field.html else _kind_of(field)
    children = {
        "externalId": leaf("externalId", field.external_id),
        "inlineHelpText": optional("inlineHelpText", field.help),
        "label": leaf("label", field.label),
        "required": leaf("required", field.required),
        "type": leaf("type", kind_name),
    } | {key: leaf(key, value) for key, value in catalog.remarks(COMPONENT, full_name).items()}
    if kind_name in _LENGTHS:
        children["length"] = leaf("length", field.length)
    if field.type in ("double", "currency", "percent"):
        children["precision"] = leaf("precision", field.precision)
        children["scale"] = leaf("scale", field.scale)
    if field.type == "boolean":
        children["defaultValue"] = leaf("defaultValue", bool(field.default))
    if field.unique:
        children["unique"] = leaf("unique", True)
        children["caseSensitive"] = leaf("caseSensitive", field.case_sensitive)
    if field.reference_to:
        children["referenceTo"] = leaf("referenceTo", field.reference_to[0])
        children["relationshipName"] = optional("relationshipName", field.child_relationship)
        constraints = {word: name for name, word in _DELETE_CONSTRAINTS.items()}
        if field.is_master:
            children["reparentableMasterDetail"] = leaf("reparentableMasterDetail", field.updateable)
        else:
            children["deleteConstraint"] = leaf("deleteConstraint", constraints[field.on_delete])
    if field.type in ("picklist", "multipicklist"):
        children["valueSet"] = write_value_set(definition, field)
    if field.formula:
        children = metadata_formulas.with_formula(field, children)
    elif "required" in KINDS[kind_name].refuses:
        del children["required"]
    ordered = [child for _, child in sorted(children.items())]
    return branch("records", leaf("fullName", name or full_name), *ordered, type=COMPONENT)


def _kind_of(field: FieldDef) -> str:
    if field.is_master:
        return "MasterDetail"
    if field.type == "textarea":
        return "TextArea" if field.length <= KINDS["TextArea"].length else "LongTextArea"
    return _BY_DESCRIBE[field.type]


def _type_of(field: FieldDef) -> Node | None:
    return leaf("type", _kind_of(field)) if field.type in ("picklist", "reference") else None
