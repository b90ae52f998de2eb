"""Changes to a catalog that are held in memory: what a deployment would do, without doing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from connectors.sandbox.org.components import Body
from connectors.sandbox.org.permission_sets import PermissionSet
from connectors.sandbox.org.schema import FieldDef, GlobalValueSet, ObjectDef
from connectors.sandbox.salesforce_api.catalog import Catalog, MetadataError, Remarks


class Draft:
    """A catalog on top of another one; the one below is read but never changed."""

    def __init__(self, base: Catalog) -> None:
        self._base = base
        self._objects = dict(base.objects())
        self._value_sets = dict(base.value_sets())
        self._permission_sets = dict(base.permission_sets())
        self._components: dict[str, dict[str, Body]] = {}
        self._remarks: dict[tuple[str, str], Remarks] = {}

    def objects(self) -> Mapping[str, ObjectDef]:
        return self._objects

    def create_object(self, definition: ObjectDef, *, owned: bool = True) -> None:
        self._objects[definition.name] = definition

    def delete_object(self, name: str) -> None:
        del self._objects[name]

    def save_field(self, object_name: str, field: FieldDef) -> None:
        definition = self._objects[object_name]
        fields = {**definition.fields, field.name: field}
        self._objects[object_name] = replace(definition, fields=fields)

    def delete_field(self, object_name: str, field_name: str) -> None:
        definition = self._objects[object_name]
        fields = {name: field for name, field in definition.fields.items() if name != field_name}
        self._objects[object_name] = replace(definition, fields=fields)

    def value_sets(self) -> Mapping[str, GlobalValueSet]:
        return self._value_sets

    def save_value_set(self, value_set: GlobalValueSet) -> None:
        self._value_sets[value_set.name] = value_set
        for name, definition in self._objects.items():
            fields = {key: _following(field, value_set) for key, field in definition.fields.items()}
            self._objects[name] = replace(definition, fields=fields)

    def delete_value_set(self, name: str) -> None:
        for definition in self._objects.values():
            for field in definition.fields.values():
                if field.value_set == name:
                    raise MetadataError("DEPENDENCY_EXISTS", f"{definition.name}.{field.name} uses {name}")
        del self._value_sets[name]

    def permission_sets(self) -> Mapping[str, PermissionSet]:
        return self._permission_sets

    def save_permission_set(self, permission_set: PermissionSet) -> None:
        self._permission_sets[permission_set.name] = permission_set

    def delete_permission_set(self, name: str) -> None:
        self._permission_sets.pop(name, None)

    def components(self, kind: str) -> Mapping[str, Body]:
        return self._held(kind)

    def save_component(self, kind: str, full_name: str, body: Body) -> None:
        self._held(kind)[full_name] = body

    def delete_component(self, kind: str, full_name: str) -> None:
        self._held(kind).pop(full_name, None)

    def _held(self, kind: str) -> dict[str, Body]:
        if kind not in self._components:
            self._components[kind] = dict(self._base.components(kind))
        return self._components[kind]

    def remarks(self, component_type: str, full_name: str) -> Remarks:
        held = self._remarks.get((component_type, full_name))
        return self._base.remarks(component_type, full_name) if held is None else held

    def save_remarks(self, component_type: str, full_name: str, remarks: Remarks) -> None:
        self._remarks[component_type, full_name] = remarks


def _following(field: FieldDef, value_set: GlobalValueSet) -> FieldDef:
    if field.value_set != value_set.name:
        return field
    valid_for = {entry.value: entry.valid_for for entry in field.values}
    values = tuple(replace(entry, valid_for=valid_for.get(entry.value, ())) for entry in value_set.entries)
    return replace(field, values=values)
