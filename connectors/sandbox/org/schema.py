"""What an object, a field and a picklist are in the sandbox, as frozen values.

The words are Salesforce's (the type names are those of `describe`), because that is the face with the finest
distinctions. Nothing here knows where definitions are stored.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

TEXT_TYPES = frozenset({"string", "textarea", "picklist", "multipicklist", "email", "phone", "url", "combobox"})
NUMBER_TYPES = frozenset({"int", "double", "currency", "percent"})
PICKLIST_TYPES = frozenset({"picklist", "multipicklist", "combobox"})
FIELD_TYPES = TEXT_TYPES | NUMBER_TYPES | {"id", "reference", "date", "datetime", "boolean"}

#: A `textarea` longer than this is a long text area: stored, but never filtered, grouped or sorted.
LONG_TEXT = 255

#: What deleting the parent does to a lookup: empties it, deletes the child as well, or refuses.
OnDelete = Literal["clear", "cascade", "restrict"]


@dataclass(frozen=True)
class PicklistEntry:
    """One value of a picklist. `valid_for` holds the controlling values under which it may be chosen."""

    value: str
    label: str
    active: bool = True
    default: bool = False
    valid_for: tuple[str, ...] = ()


@dataclass(frozen=True)
class FieldDef:
    """A field of an object.

    Attributes:
        type: a type name as `describe` gives it (`FIELD_TYPES`).
        scale: decimals kept for `double`, `currency` and `percent`; further ones are rounded away.
        restricted: values outside `values` are refused; otherwise a picklist takes any text.
        value_set: the global value set this picklist follows; `values` then mirrors its entries.
        controller: the picklist or checkbox of the same object that this picklist depends on.
        formula: of a formula field, which is worked out when it is read; `blank_as_zero`: with 0 for empty numbers.
        calculated: filled by the org itself; nobody, not even the loader, may set it.
    """

    name: str
    label: str
    type: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    required: bool = False
    default: object = None
    restricted: bool = False
    values: tuple[PicklistEntry, ...] = ()
    value_set: str = ""
    controller: str = ""
    reference_to: tuple[str, ...] = ()
    relationship_name: str = ""
    custom: bool = False
    external_id: bool = False
    unique: bool = False
    createable: bool = True
    updateable: bool = True
    filterable: bool = True
    help: str = ""
    html: bool = False
    case_sensitive: bool = False
    calculated: bool = False
    auto_number: str = ""
    child_relationship: str = ""
    on_delete: OnDelete = "clear"
    name_field: bool = False
    formula: str = ""
    blank_as_zero: bool = True

    @property
    def is_long_text(self) -> bool:
        return self.type == "textarea" and self.length > LONG_TEXT

    @property
    def is_master(self) -> bool:
        """Whether a custom look-up is a master-detail relationship."""
        return self.custom and self.type == "reference" and self.required and self.on_delete == "cascade"

    @property
    def is_polymorphic(self) -> bool:
        return len(self.reference_to) > 1

    @property
    def soap_type(self) -> str:
        """The type name the SOAP faces and error messages use, e.g. "dateTime" for a datetime."""
        return {
            "datetime": "dateTime",
            "id": "ID",
            "reference": "ID",
            "currency": "double",
            "percent": "double",
        }.get(self.type, self.type if self.type in {"int", "double", "date", "boolean"} else "string")


@dataclass(frozen=True)
class ObjectDef:
    """An object: fields by API name, in describe order. `key_prefix` starts every record id."""

    name: str
    label: str
    label_plural: str
    key_prefix: str
    custom: bool
    fields: Mapping[str, FieldDef] = field(default_factory=dict)
    createable: bool = True
    updateable: bool = True
    deletable: bool = True

    def find(self, name: str) -> FieldDef | None:
        """The field of that API name in any case, or None."""
        exact = self.fields.get(name)
        if exact is not None:
            return exact
        lowered = name.lower()
        return next((f for key, f in self.fields.items() if key.lower() == lowered), None)

    @property
    def name_field(self) -> str:
        """API name of the field people know a record by, or "" if the object has none."""
        marked = next((f.name for f in self.fields.values() if f.name_field), "")
        return marked or ("Name" if "Name" in self.fields else "")


@dataclass(frozen=True)
class GlobalValueSet:
    """A list of values that several picklists share."""

    name: str
    label: str
    sorted: bool
    entries: tuple[PicklistEntry, ...]


def entries(*values: str, default: str = "") -> tuple[PicklistEntry, ...]:
    """Active entries whose label is their value."""
    return tuple(PicklistEntry(value, value, default=value == default) for value in values)


def to_json(definition: ObjectDef | FieldDef | GlobalValueSet) -> dict[str, Any]:
    return dataclasses.asdict(definition)


def _entry_from_json(raw: Mapping[str, Any]) -> PicklistEntry:
    return PicklistEntry(**{**raw, "valid_for": tuple(raw["valid_for"])})


def field_from_json(raw: Mapping[str, Any]) -> FieldDef:
    known = {item.name for item in dataclasses.fields(FieldDef)}
    values = {key: value for key, value in raw.items() if key in known}
    values["values"] = tuple(_entry_from_json(entry) for entry in raw["values"])
    values["reference_to"] = tuple(raw["reference_to"])
    return FieldDef(**values)


def object_from_json(raw: Mapping[str, Any]) -> ObjectDef:
    return ObjectDef(**{**raw, "fields": {name: field_from_json(item) for name, item in raw["fields"].items()}})


def value_set_from_json(raw: Mapping[str, Any]) -> GlobalValueSet:
    return GlobalValueSet(**{**raw, "entries": tuple(_entry_from_json(entry) for entry in raw["entries"])})
