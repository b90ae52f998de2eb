"""Formula fields: values that are worked out when they are read.

They are in no column, so they change without a write: neither SystemModstamp nor LastModifiedDate of their record
moves. Queries reach them through an SQL function of the store.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from connectors.sandbox.clock import Clock, instant_text
from connectors.sandbox.org.definitions import Definitions
from connectors.sandbox.org.derived import Context
from connectors.sandbox.org.formula_fields import Find
from connectors.sandbox.org.formula_terms import FormulaError, Scope, Value, kind_of
from connectors.sandbox.org.formulas import Formula, compile_formula
from connectors.sandbox.org.outcomes import SchemaError
from connectors.sandbox.org.records import Store
from connectors.sandbox.org.schema import NUMBER_TYPES, FieldDef, ObjectDef

#: Not in formula fields: a record that is only read has no earlier values and nobody who saves it.
_WRITING = re.compile(r"\b(ISNEW|ISCHANGED|PRIORVALUE)\s*\(|\$\w+\.", re.IGNORECASE)
_STRINGS = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'", re.DOTALL)


def compile_field(definition: ObjectDef, field: FieldDef, find: Find) -> Formula:
    """The formula of a formula field of that object, saved or not. Raises FormulaError."""
    misplaced = _WRITING.search(_STRINGS.sub("''", field.formula))
    if misplaced:
        raise FormulaError(f"{misplaced[0].rstrip('.(')} may not be used in this type of formula")
    # Known under its own name: a formula that leads back to itself is found out while it is compiled.
    own = replace(definition, fields={**definition.fields, field.name: field})

    def found(name: str) -> ObjectDef | None:
        return own if name.lower() == own.name.lower() else find(name)

    formula = compile_formula(
        field.formula, own, found, blank_as_zero=field.blank_as_zero, above=(f"{own.name}.{field.name}",)
    )
    if formula.kind not in (kind_of(field), "Null"):
        raise FormulaError(
            f"Formula result is data type ({formula.kind}), incompatible with expected data type ({kind_of(field)})."
        )
    return formula


def check_field(definition: ObjectDef, field: FieldDef, find: Find) -> None:
    """Raises SchemaError if the field has a formula that cannot be compiled."""
    if field.formula:
        try:
            compile_field(definition, field, find)
        except FormulaError as error:
            raise SchemaError("FIELD_INTEGRITY_EXCEPTION", str(error)) from None


class FormulaFields:
    """The formula fields of one org, compiled once per version of the schema."""

    def __init__(self, store: Store, definitions: Definitions, clock: Clock) -> None:
        self._store = store
        self._definitions = definitions
        self._clock = clock
        self._version = -1
        self._compiled: dict[str, tuple[FieldDef, Formula]] = {}
        store.calculate = self.stored_value

    def stored_value(self, full_name: str, record_id: str | None) -> Any:
        """The value of the field (Object.Field) in the form in which other fields are stored."""
        if record_id is None:
            return None
        definition = self._definitions.get(full_name.partition(".")[0])
        field, formula = self._of(definition, full_name)
        row = self._store.fetch(definition, [record_id]).get(record_id)
        if row is None:
            return None
        context = Context(self._store, self._definitions, self._clock.stamp())
        return _stored(field, formula.value(Scope(row, {}, context, "")))

    def _of(self, definition: ObjectDef, full_name: str) -> tuple[FieldDef, Formula]:
        if self._version != self._definitions.version:
            self._compiled, self._version = {}, self._definitions.version
        if full_name not in self._compiled:
            field = definition.fields[full_name.partition(".")[2]]
            self._compiled[full_name] = (field, compile_field(definition, field, self._definitions.find))
        return self._compiled[full_name]

    def check_unused(self, full_name: str) -> None:
        """Raises SchemaError if a formula field looks at this field (Object.Field)."""
        for definition in self._definitions.objects.values():
            for field in definition.fields.values():
                if field.formula and full_name in self._of(definition, f"{definition.name}.{field.name}")[1].used:
                    raise SchemaError(
                        "DEPENDENCY_EXISTS",
                        f"This custom field is referenced elsewhere: {definition.name}.{field.name}",
                    )


def _stored(field: FieldDef, value: Value) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, Decimal) and field.type in NUMBER_TYPES:
        return int(value.scaleb(0 if field.type == "int" else field.scale).to_integral_value(ROUND_HALF_UP))
    if isinstance(value, datetime):
        return instant_text(value)
    if field.type == "boolean":
        return int(bool(value))
    return None if value is None or value == "" else str(value)
