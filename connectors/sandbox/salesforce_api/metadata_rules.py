"""ValidationRule: the formula of a rule is checked when it is saved, as the service does."""

from __future__ import annotations

from connectors.sandbox.org.formula_terms import FormulaError
from connectors.sandbox.org.formulas import Formula, compile_condition
from connectors.sandbox.org.rules import PERMISSION, RULE, ValidationRule, body_of, rules_of
from connectors.sandbox.org.schema import ObjectDef
from connectors.sandbox.salesforce_api.catalog import Catalog, MetadataError, Mode, find_component, find_object
from connectors.sandbox.salesforce_api.metadata_components import of_object, saved
from connectors.sandbox.salesforce_api.xmltree import Node, branch, leaf, optional

_MAX_NAME, _MAX_MESSAGE = 40, 255


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
    definition, name, existing = of_object(catalog, RULE, node, mode, longest=_MAX_NAME)
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
    catalog.delete_component(RULE, saved(catalog, RULE, full_name)[0])
