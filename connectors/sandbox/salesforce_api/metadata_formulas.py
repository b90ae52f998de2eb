"""CustomField with a formula: which types there are, how one is checked, and how it is read back."""

from __future__ import annotations

from dataclasses import replace

from connectors.sandbox.org.formula_columns import compile_field
from connectors.sandbox.org.formula_terms import FormulaError
from connectors.sandbox.org.schema import FieldDef, ObjectDef
from connectors.sandbox.salesforce_api.catalog import Catalog, MetadataError, find_object
from connectors.sandbox.salesforce_api.xmltree import Node, leaf

#: Metadata API type -> describe type.
TYPES = {
    "Checkbox": "boolean", "Currency": "currency", "Date": "date", "DateTime": "datetime", "Number": "double",
    "Percent": "percent", "Text": "string",
}  # fmt: skip
_LONGEST_TEXT, _DIGITS, _DECIMALS = 1300, 18, 2
_ZERO, _BLANK = "BlankAsZero", "BlankAsBlank"


def read_formula(
    catalog: Catalog, definition: ObjectDef, existing: FieldDef | None, node: Node, field_name: str
) -> FieldDef:
    """The formula field that `node` asks for. Raises MetadataError."""
    kind = TYPES.get(node.get("type"))
    if kind is None:
        message = f"A formula field cannot be of type {node.get('type')}"
        raise MetadataError("FIELD_INTEGRITY_EXCEPTION", message, ("type",))
    if existing is not None and (not existing.formula or existing.type != kind):
        message = f"Cannot change the type of {field_name} from {existing.type} to a formula of type {kind}"
        raise MetadataError("FIELD_INTEGRITY_EXCEPTION", message, ("type",))
    scale = node.number("scale")
    has_digits = kind in ("currency", "double", "percent")
    field = FieldDef(
        name=field_name, label=node.get("label"), type=kind, custom=True, calculated=True, createable=False,
        updateable=False, length=_LONGEST_TEXT if kind == "string" else 0,
        precision=(node.number("precision") or _DIGITS) if has_digits else 0,
        scale=(_DECIMALS if scale is None else scale) if has_digits else 0,
        help=node.get("inlineHelpText"), formula=node.get("formula"),
        blank_as_zero=node.get("formulaTreatBlanksAs", _ZERO) != _BLANK,
    )  # fmt: skip
    try:
        compile_field(definition, field, lambda name: find_object(catalog, name))
    except FormulaError as error:
        raise MetadataError("FIELD_INTEGRITY_EXCEPTION", str(error), ("formula",)) from None
    return field


def with_formula(field: FieldDef, children: dict[str, Node | None]) -> dict[str, Node | None]:
    """The elements of a field as it is read back, with those of its formula instead of those it cannot have."""
    absent = ("length", "required", "unique", "caseSensitive", "defaultValue")
    kept = {name: child for name, child in children.items() if name not in absent}
    blanks = _ZERO if field.blank_as_zero else _BLANK
    return kept | {
        "formula": leaf("formula", field.formula),
        "formulaTreatBlanksAs": leaf("formulaTreatBlanksAs", blanks),
    }


def renamed(field: FieldDef, existing: FieldDef | None) -> FieldDef:
    """The field under the spelling its name already has."""
    return replace(field, name=existing.name) if existing else field
