"""ValidationRule and CustomPermission: a rule's formula is checked when it is saved, as the service does."""

from __future__ import annotations

import re
from typing import Literal

from connectors.sandbox.org.formula_terms import FormulaError
from connectors.sandbox.org.formulas import Formula, compile_condition
from connectors.sandbox.org.rules import PERMISSION, RULE, ValidationRule, body_of, rules_of
from connectors.sandbox.org.schema import ObjectDef
from connectors.sandbox.salesforce_api.catalog import Catalog, MetadataError, find_component, find_object
from connectors.sandbox.salesforce_api.xmltree import Node, branch, leaf, optional

Mode = Literal["create", "update", "upsert"]
_NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9]|_(?!_))*(?<!_)\Z")
_MAX_NAME, _MAX_MESSAGE, _MAX_PERMISSION = 40, 255, 80


# --- validation rules ----------------------------------------------------------------------------------


def names(catalog: Catalog) -> list[str]:
    return list(catalog.components(RULE))


def read(catalog: Catalog, full_name: str) -> Node | None:
    found = find_component(catalog, RULE, full_name)
    return to_node(ValidationRule(**found[1]), found[0]) if found else None


def to_node(rule: ValidationRule, name: str) -> Node:
    return branch(
        "records",
        leaf("fullName", name),
        leaf("active", rule.active),
        optional("description", rule.description),
        leaf("errorConditionFormula", rule.formula),
        optional("errorDisplayField", rule.field),
        leaf("errorMessage", rule.message),
        type=RULE,
    )


def save(catalog: Catalog, node: Node, mode: Mode) -> bool:
    """Create or change the rule; True if it was created. Raises MetadataError."""
    full_name = node.get("fullName")
    object_name, _, name = full_name.partition(".")
    definition = find_object(catalog, object_name)
    if definition is None:
        raise MetadataError("INVALID_CROSS_REFERENCE_KEY", f"no CustomObject named {object_name} found")
    check_name(name, _MAX_NAME)
    existing = find_component(catalog, RULE, full_name)
    check_mode(mode, RULE, full_name, exists=existing is not None)
    rule = _rule(definition, existing[0].partition(".")[2] if existing else name, node)
    _compiled(catalog, rule)
    catalog.save_component(RULE, rule.full_name, body_of(rule))
    return existing is None


def _rule(definition: ObjectDef, name: str, node: Node) -> ValidationRule:
    for needed in ("active", "errorConditionFormula", "errorMessage"):
        if not node.get(needed):
            raise MetadataError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{needed}]", (needed,))
    message, field = node.get("errorMessage"), node.get("errorDisplayField")
    if len(message) > _MAX_MESSAGE:
        raise MetadataError(
            "STRING_TOO_LONG", f"Error Message: data value too large: {message[:40]}... (max length={_MAX_MESSAGE})",
            ("errorMessage",),
        )  # fmt: skip
    shown = definition.find(field) if field else None
    if field and shown is None:
        raise MetadataError(
            "FIELD_INTEGRITY_EXCEPTION", f"Invalid field name: {field} on {definition.name}", ("errorDisplayField",)
        )
    return ValidationRule(
        definition.name, name, node.flag("active"), node.get("errorConditionFormula"), message,
        shown.name if shown else "", node.get("description"),
    )  # fmt: skip


def _compiled(catalog: Catalog, rule: ValidationRule) -> Formula:
    definition = find_object(catalog, rule.object)
    assert definition is not None
    known = frozenset(name.lower() for name in catalog.components(PERMISSION))
    try:
        return compile_condition(rule.formula, definition, lambda name: find_object(catalog, name), known)
    except FormulaError as error:
        raise MetadataError("FIELD_INTEGRITY_EXCEPTION", str(error), ("errorConditionFormula",)) from None


def check_unused(catalog: Catalog, field_name: str) -> None:
    """Raises MetadataError if a rule looks at this field (Object.Field)."""
    for rule in rules_of(catalog.components(RULE)).values():
        if field_name in _compiled(catalog, rule).used:
            raise MetadataError(
                "DEPENDENCY_EXISTS", f"This custom field is referenced elsewhere: Validation Rule {rule.full_name}"
            )


def delete(catalog: Catalog, full_name: str) -> None:
    found = find_component(catalog, RULE, full_name)
    if found is None:
        raise MetadataError("INVALID_CROSS_REFERENCE_KEY", f"no ValidationRule named {full_name} found")
    catalog.delete_component(RULE, found[0])


# --- names and modes of components in general -------------------------------------------------------------


def check_name(name: str, longest: int) -> None:
    if not _NAME.match(name) or len(name) > longest:
        raise MetadataError(
            "FIELD_INTEGRITY_EXCEPTION",
            f"The name {name!r} must begin with a letter, use only letters, digits and single underscores, not end"
            f" with one, and have at most {longest} characters",
            ("fullName",),
        )


def check_mode(mode: Mode, kind: str, full_name: str, *, exists: bool) -> None:
    if mode == "create" and exists:
        raise MetadataError("DUPLICATE_DEVELOPER_NAME", f"The name {full_name} is already in use", ("fullName",))
    if mode == "update" and not exists:
        raise MetadataError("INVALID_CROSS_REFERENCE_KEY", f"no {kind} named {full_name} found")


# --- custom permissions -----------------------------------------------------------------------------------


def permission_names(catalog: Catalog) -> list[str]:
    return list(catalog.components(PERMISSION))


def read_permission(catalog: Catalog, full_name: str) -> Node | None:
    found = find_component(catalog, PERMISSION, full_name)
    if found is None:
        return None
    name, body = found
    return branch(
        "records",
        leaf("fullName", name),
        optional("description", str(body["description"])),
        leaf("isLicensed", False),
        leaf("label", str(body["label"])),
        type=PERMISSION,
    )


def save_permission(catalog: Catalog, node: Node, mode: Mode) -> bool:
    full_name = node.get("fullName")
    check_name(full_name, _MAX_PERMISSION)
    existing = find_component(catalog, PERMISSION, full_name)
    check_mode(mode, PERMISSION, full_name, exists=existing is not None)
    if not node.get("label"):
        raise MetadataError("REQUIRED_FIELD_MISSING", "Required fields are missing: [label]", ("label",))
    name = existing[0] if existing else full_name
    catalog.save_component(PERMISSION, name, {"label": node.get("label"), "description": node.get("description")})
    return existing is None


def delete_permission(catalog: Catalog, full_name: str) -> None:
    found = find_component(catalog, PERMISSION, full_name)
    if found is None:
        raise MetadataError("INVALID_CROSS_REFERENCE_KEY", f"no CustomPermission named {full_name} found")
    mention = re.compile(rf"\$Permission\.{found[0]}\b", re.IGNORECASE)
    users = [name for name, rule in rules_of(catalog.components(RULE)).items() if mention.search(rule.formula)]
    if users:
        raise MetadataError(
            "DEPENDENCY_EXISTS", f"This custom permission is referenced elsewhere: Validation Rule {users[0]}"
        )
    catalog.delete_component(PERMISSION, found[0])
