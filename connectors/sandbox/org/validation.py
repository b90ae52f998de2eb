"""Turning a client's row into values to store, with the CRM's own errors: names, rights, types, required fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.org import values
from connectors.sandbox.org.definitions import Definitions
from connectors.sandbox.org.derived import Draft, Stored
from connectors.sandbox.org.permission_sets import OBJECT_PERMISSIONS
from connectors.sandbox.org.schema import FieldDef, ObjectDef
from connectors.sandbox.org.standard_fields import AUDIT_FIELDS, SYSTEM_FIELDS
from connectors.sandbox.org.values import Refused

#: A nested object under a relationship name points at its record by an external id.
Pointer = tuple[FieldDef, str, str, Any]


@dataclass(frozen=True)
class Rights:
    """What a write may set.

    Attributes:
        loading: audit fields and read-only ones that are not calculated may be set too.
        hidden: fields (Object.Field) that do not exist for this user.
        uneditable: fields (Object.Field) that this user may see but not change.
        allowed: what the user may do with the object, as keys of `permission_sets.OBJECT_PERMISSIONS`.
        may_change: whether the user may change and delete a record, as far as that is for its owner to say.
    """

    loading: bool = False
    hidden: frozenset[str] = frozenset()
    uneditable: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset(OBJECT_PERMISSIONS)
    may_change: Callable[[Stored], bool] = lambda record: True

    def check_create(self, definition: ObjectDef) -> None:
        """Raises `Refused` if the user may not create records of the object."""
        if "allowCreate" not in self.allowed:
            # unverified: creating without the permission for the object is CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY.
            raise Refused("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type cannot be inserted: {definition.label}")

    def check_add(self, record: Stored) -> None:
        """Raises `Refused` if the user may not add this detail to its master."""
        if not self.may_change(record):
            message = "insufficient access rights on cross-reference id"
            raise Refused("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", message)

    def check_change(self, record: Stored, permission: str = "allowEdit") -> None:
        """Raises `Refused` if the user may not change this record (or delete it, by "allowDelete")."""
        if permission not in self.allowed or not self.may_change(record):
            raise Refused("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")


class Plan:
    """How rows of one object are read, prepared once per version of the schema."""

    def __init__(self, definition: ObjectDef, definitions: Definitions) -> None:
        prefixes = definitions.prefixes()
        self.definition = definition
        self.fields = {name.lower(): found for name, found in definition.fields.items()}
        self.convert = {name: values.converter(item, prefixes) for name, item in definition.fields.items()}
        self.relationships = {
            item.relationship_name.lower(): item for item in definition.fields.values() if item.relationship_name
        }
        self.references = [
            item for item in definition.fields.values() if item.reference_to and item.name not in SYSTEM_FIELDS
        ]
        self.master = next((item.name for item in definition.fields.values() if item.is_master), "")
        self.unique = [item for item in definition.fields.values() if item.unique]
        self.required = [item.name for item in definition.fields.values() if item.required and item.type != "boolean"]
        # Only custom fields are enforced on records that were saved before the field became required.
        self.always_required = [name for name in self.required if definition.fields[name].custom]
        self.numbered = [item for item in definition.fields.values() if item.auto_number]
        self.dependent = [item for item in definition.fields.values() if item.controller]
        self.defaults = {
            item.name: default
            for item in definition.fields.values()
            if item.name not in SYSTEM_FIELDS and (default := _default(item)) is not None
        }

    def read(
        self, row: Mapping[str, Any], rights: Rights, *, creating: bool, skip: str = ""
    ) -> tuple[Stored, list[Pointer]]:
        """Stored values of the fields the row names, and its references by external id. Raises `Refused`."""
        stored: Stored = {}
        pointers: list[Pointer] = []
        forbidden: list[str] = []
        for key, value in row.items():
            found = self.definition.fields.get(key) or self.fields.get(key.lower())
            if found is None or f"{self.definition.name}.{found.name}" in rights.hidden:
                self._pointer(key, value, pointers)
            elif found.name in ("Id", skip):
                continue
            elif not self._may_set(found, rights, creating=creating):
                forbidden.append(found.name)
            else:
                stored[found.name] = self.convert[found.name](value)
        if forbidden:
            raise Refused(
                "INVALID_FIELD_FOR_INSERT_UPDATE",
                f"Unable to create/update fields: {', '.join(forbidden)}. Please check the security settings of "
                "this field and verify that it is read/write for your profile or permission set.",
                *forbidden,
            )
        return stored, pointers

    def _pointer(self, key: str, value: Any, pointers: list[Pointer]) -> None:
        if key == "attributes":
            return
        lookup = self.relationships.get(key.lower())
        by = {k: v for k, v in value.items() if k != "attributes"} if isinstance(value, dict) else {}
        if lookup is None or len(by) != 1:
            raise Refused("INVALID_FIELD", f"No such column '{key}' on sobject of type {self.definition.name}")
        ((external, wanted),) = by.items()
        kind = (value.get("attributes") or {}).get("type") or lookup.reference_to[0]
        pointers.append((lookup, kind, external, wanted))

    def _may_set(self, found: FieldDef, rights: Rights, *, creating: bool) -> bool:
        if f"{self.definition.name}.{found.name}" in rights.uneditable:
            return False
        if found.createable if creating else found.updateable:
            return True
        return rights.loading and not found.calculated and (
            found.name not in SYSTEM_FIELDS or found.name in AUDIT_FIELDS
        )  # fmt: skip

    def check_required(self, draft: Draft) -> None:
        """Raises `Refused` if a field that must have a value has none."""
        watched = self.required if not draft.old else self.always_required
        named = [name for name in self.required if name in draft.given and name not in watched]
        missing = [name for name in (*watched, *named) if draft.row.get(name) is None]
        if missing:
            raise Refused("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", *missing)

    def check_dependencies(self, draft: Draft) -> None:
        """Raises `Refused` for a dependent value that its controlling value does not allow."""
        for item in self.dependent:
            value = draft.row.get(item.name)
            controlling = self.fields[item.controller.lower()]
            chosen = draft.row.get(controlling.name)
            if controlling.type == "boolean":
                chosen = "true" if chosen else "false"
            allowed = {entry.value for entry in item.values if chosen in entry.valid_for}
            if value is not None and item.name in draft.given and value not in allowed:
                raise values.bad_picklist_value(item, value)


def _default(item: FieldDef) -> object:
    if item.type == "boolean":
        return int(bool(item.default))
    if item.default is not None:
        return item.default
    return next((entry.value for entry in item.values if entry.default and entry.active), None)
