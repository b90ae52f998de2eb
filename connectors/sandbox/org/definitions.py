"""The org's schema as stored: objects, fields and global value sets, and the rules for changing them.

Another process may change the schema of the same home; a version number in the file tells this one to read it
again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from connectors.sandbox.org import currencies
from connectors.sandbox.org.outcomes import SchemaError
from connectors.sandbox.org.records import Store
from connectors.sandbox.org.schema import (
    FIELD_TYPES,
    NUMBER_TYPES,
    PICKLIST_TYPES,
    TEXT_TYPES,
    FieldDef,
    GlobalValueSet,
    ObjectDef,
    object_from_json,
    to_json,
    value_set_from_json,
)
from connectors.sandbox.org.standard_fields import owner, text, with_system_fields

_NAME = re.compile(r"[A-Za-z]\w{0,79}\Z", re.ASCII)
_INTEGRITY = "FIELD_INTEGRITY_EXCEPTION"


def _from_json(kind: str, body: str) -> ObjectDef | GlobalValueSet:
    raw = json.loads(body)
    return object_from_json(raw) if kind == "object" else value_set_from_json(raw)


class Definitions:
    """Objects and value sets by API name; look-ups ignore case."""

    def __init__(self, store: Store, standard: Mapping[str, ObjectDef]) -> None:
        self._store = store
        self.version = -1
        self.objects: dict[str, ObjectDef] = {}
        self.value_sets: dict[str, GlobalValueSet] = {}
        self._by_lower: dict[str, ObjectDef] = {}
        #: What was read last, by its text: with each change all else stays as it was.
        self._read: dict[tuple[str, str], ObjectDef | GlobalValueSet] = {}
        self.refresh()
        self.add(standard.values())

    def add(self, standard: Iterable[ObjectDef]) -> None:
        """Standard objects, and fields of theirs, as far as the file does not have them yet."""
        with self._store.writing():
            for definition in standard:
                stored = self.objects.get(definition.name)
                if stored is None:
                    self._store.create_table(definition)
                    self._save(definition)
                    continue
                added = {name: item for name, item in definition.fields.items() if name not in stored.fields}
                for field in added.values():
                    self._add_column(stored, field)
                if added:
                    self._save(replace(stored, fields={**stored.fields, **added}))

    def refresh(self) -> None:
        """Reads the schema again if it changed since it was last read."""
        row = self._store.reader().execute("SELECT value FROM counters WHERE name = 'schema'").fetchone()
        version = int(row[0]) if row else 0
        if version == self.version:
            return
        rows = self._store.reader().execute(
            "SELECT kind, body FROM definitions WHERE kind IN ('object', 'value set') ORDER BY position"
        )
        read = {(kind, body): self._read.get((kind, body)) or _from_json(kind, body) for kind, body in rows}
        self.objects = {each.name: each for each in read.values() if isinstance(each, ObjectDef)}
        self.value_sets = {each.name: each for each in read.values() if isinstance(each, GlobalValueSet)}
        self._by_lower = {name.lower(): definition for name, definition in self.objects.items()}
        self._read, self.version = read, version

    def find(self, name: str) -> ObjectDef | None:
        return self._by_lower.get(name.lower())

    def get(self, name: str) -> ObjectDef:
        found = self.find(name)
        if found is None:
            raise SchemaError("INVALID_TYPE", f"sObject type '{name}' is not supported.")
        return found

    def prefixes(self) -> dict[str, str]:
        return {name: definition.key_prefix for name, definition in self.objects.items()}

    def by_prefix(self, prefix: str) -> ObjectDef | None:
        return next((found for found in self.objects.values() if found.key_prefix == prefix), None)

    def children(self, parent: str) -> list[tuple[ObjectDef, FieldDef]]:
        """Objects and their fields that refer to this one."""
        return [
            (definition, field)
            for definition in self.objects.values()
            for field in definition.fields.values()
            if parent in field.reference_to
        ]

    def _save(self, definition: ObjectDef | GlobalValueSet) -> None:
        kind = "object" if isinstance(definition, ObjectDef) else "value set"
        with self._store.writing() as connection:
            connection.execute(
                "INSERT INTO definitions (kind, name, position, body) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (kind, name) DO UPDATE SET body = excluded.body",
                (kind, definition.name, self._store.take_numbers("position"), json.dumps(to_json(definition))),
            )
            self._store.take_numbers("schema")
            self.refresh()

    def create_object(self, definition: ObjectDef, *, owned: bool = True) -> None:
        """`owned`: its records have owners; those of a detail object belong to their master's."""
        if not _NAME.match(definition.name) or not definition.name.endswith("__c"):
            raise SchemaError(_INTEGRITY, f"A custom object's name ends with __c: {definition.name}")
        with self._store.writing():
            if self.find(definition.name):
                raise SchemaError("DUPLICATE_DEVELOPER_NAME", f"There is already an object named {definition.name}")
            fields = {"Name": text("Name", "Name", 80, name_field=True), **definition.fields}
            if owned and not any(field.on_delete == "cascade" for field in fields.values()):
                fields.setdefault("OwnerId", owner("Group", "User"))
            prefix = definition.key_prefix or self._free_prefix()
            whole = with_system_fields(replace(definition, key_prefix=prefix, custom=True, fields=fields))
            if codes := currencies.held(self):
                currency = currencies.field_of(whole, codes)
                whole = replace(whole, fields={**whole.fields, currency.name: currency})
            for field in whole.fields.values():
                self._check_field(whole, field)
            self._store.create_table(whole)
            self._save(whole)

    def _free_prefix(self) -> str:
        taken = set(self.prefixes().values())
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        return next(f"a{a}{b}" for a in digits for b in digits if f"a{a}{b}" not in taken)

    def delete_object(self, name: str) -> None:
        """Drops a custom object with its fields and records. Raises SchemaError while another object refers to it."""
        with self._store.writing() as connection:
            definition = self.get(name)
            if not definition.custom:
                raise SchemaError("INVALID_CROSS_REFERENCE_KEY", f"no custom object named {name} found")
            for other, field in self.children(definition.name):
                if other.name != definition.name:
                    raise SchemaError("DEPENDENCY_EXISTS", f"{other.name}.{field.name} refers to {definition.name}")
            self._store.drop_table(definition)
            connection.execute("DELETE FROM definitions WHERE kind = 'object' AND name = ?", (definition.name,))
            self._store.take_numbers("schema")
            self.refresh()

    def save_field(self, object_name: str, field: FieldDef) -> bool:
        with self._store.writing():
            definition = self.get(object_name)
            old = definition.find(field.name)
            if field.value_set:
                field = self._following(field)
            self._check_field(definition, field)
            if old is None:
                self._add_column(definition, field)
            else:
                self._change_column(definition, old, field)
            name = old.name if old else field.name
            self._save(replace(definition, fields={**definition.fields, name: replace(field, name=name)}))
        return old is None

    def _add_column(self, definition: ObjectDef, field: FieldDef) -> None:
        self._store.add_column(definition, field)
        if field.type == "boolean":
            # A new checkbox is never null: records that exist already get its default.
            self._store.fill(definition, field.name, int(bool(field.default)))

    def _change_column(self, definition: ObjectDef, old: FieldDef, new: FieldDef) -> None:
        same_storage = old.type == new.type or any(
            {old.type, new.type} <= family for family in (TEXT_TYPES, NUMBER_TYPES)
        )
        if not same_storage:
            raise SchemaError(_INTEGRITY, f"Cannot change the type of {new.name} from {old.type} to {new.type}")
        old_scale, new_scale = (0 if f.type == "int" else f.scale for f in (old, new))
        if old.type in NUMBER_TYPES and old_scale != new_scale:
            self._store.rescale(definition, old.name, old_scale, new_scale)
        self._store.index_field(definition, new)

    def _following(self, field: FieldDef) -> FieldDef:
        """The field with the entries of its value set, each keeping what it was valid for."""
        value_set = next((v for k, v in self.value_sets.items() if k.lower() == field.value_set.lower()), None)
        if value_set is None:
            raise SchemaError("INVALID_CROSS_REFERENCE_KEY", f"no GlobalValueSet named {field.value_set} found")
        valid_for = {entry.value: entry.valid_for for entry in field.values}
        values = tuple(
            replace(entry, valid_for=valid_for.get(entry.value, entry.valid_for)) for entry in value_set.entries
        )
        return replace(field, value_set=value_set.name, values=values, restricted=True)

    def _check_field(self, definition: ObjectDef, field: FieldDef) -> None:
        if not _NAME.match(field.name) or (field.custom and not field.name.endswith("__c")):
            raise SchemaError(_INTEGRITY, f"Invalid field name: {field.name}")
        if field.type not in FIELD_TYPES:
            raise SchemaError(_INTEGRITY, f"Unknown field type: {field.type}")
        if field.type in NUMBER_TYPES and (field.precision > 18 or field.scale > field.precision):
            raise SchemaError(_INTEGRITY, f"{field.name}: precision is at most 18 and scale at most precision")
        if field.controller:
            self._check_controller(definition, field)
        for target in field.reference_to:
            if self.find(target) is None and target != definition.name:
                raise SchemaError("INVALID_CROSS_REFERENCE_KEY", f"{field.name}: no object named {target}")

    @staticmethod
    def _check_controller(definition: ObjectDef, field: FieldDef) -> None:
        controller = definition.find(field.controller)
        if controller is None or controller.type not in PICKLIST_TYPES | {"boolean"}:
            raise SchemaError(
                "INVALID_CROSS_REFERENCE_KEY",
                f"{field.name}: controlling field {field.controller} is no picklist or checkbox of the object",
            )

    def delete_field(self, object_name: str, field_name: str) -> None:
        with self._store.writing():
            definition = self.get(object_name)
            field = definition.find(field_name)
            if field is None or not field.custom:
                raise SchemaError("INVALID_FIELD", f"{object_name} has no custom field {field_name}")
            dependent = next((f.name for f in definition.fields.values() if f.controller == field.name), "")
            if dependent:
                raise SchemaError("DEPENDENCY_EXISTS", f"{field.name} controls {dependent}")
            self._store.drop_column(definition, field)
            left = {name: item for name, item in definition.fields.items() if name != field.name}
            self._save(replace(definition, fields=left))

    def save_value_set(self, value_set: GlobalValueSet) -> bool:
        values = [entry.value for entry in value_set.entries]
        if not _NAME.match(value_set.name) or len(set(values)) < len(values) or len(values) > 1000:
            raise SchemaError(
                _INTEGRITY, f"{value_set.name}: a value set has a plain name and at most 1000 distinct values"
            )
        with self._store.writing():
            created = value_set.name not in self.value_sets
            self._save(value_set)
            for definition in list(self.objects.values()):
                for field in definition.fields.values():
                    if field.value_set == value_set.name:
                        self.save_field(definition.name, field)
        return created

    def delete_value_set(self, name: str) -> None:
        """Raises SchemaError while a field uses it, and for one that does not exist."""
        with self._store.writing() as connection:
            if name not in self.value_sets:
                raise SchemaError("INVALID_CROSS_REFERENCE_KEY", f"no GlobalValueSet named {name} found")
            for definition in self.objects.values():
                for field in definition.fields.values():
                    if field.value_set == name:
                        raise SchemaError("DEPENDENCY_EXISTS", f"{definition.name}.{field.name} uses {name}")
            connection.execute("DELETE FROM definitions WHERE kind = 'value set' AND name = ?", (name,))
            self._store.take_numbers("schema")
            self.refresh()
