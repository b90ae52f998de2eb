"""What the Metadata API reads and changes: the org's schema, its permission sets, and remarks on components.

`Live` is the org itself. A `Draft` holds changes in memory on top of another catalog: a deployment is tried
there first (see `draft.py`), so that a check-only deployment, or one that is rolled back, leaves no trace in the org.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal, Protocol

from connectors.sandbox.org.components import Body
from connectors.sandbox.org.org import Org, SchemaError
from connectors.sandbox.org.permission_sets import PermissionSet
from connectors.sandbox.org.schema import FieldDef, GlobalValueSet, ObjectDef

Remarks = Mapping[str, str]


#: How a component is saved.
Mode = Literal["create", "update", "upsert"]


class MetadataError(Exception):
    """One component cannot be saved. `code` is one of the Metadata API's status codes."""

    def __init__(self, code: str, message: str, fields: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fields = fields


class Catalog(Protocol):
    """Objects, value sets and permission sets by name. Names are matched without regard to case."""

    def objects(self) -> Mapping[str, ObjectDef]: ...

    def create_object(self, definition: ObjectDef, *, owned: bool = True) -> None: ...

    def delete_object(self, name: str) -> None: ...

    def save_field(self, object_name: str, field: FieldDef) -> None: ...

    def delete_field(self, object_name: str, field_name: str) -> None: ...

    def value_sets(self) -> Mapping[str, GlobalValueSet]: ...

    def save_value_set(self, value_set: GlobalValueSet) -> None: ...

    def delete_value_set(self, name: str) -> None: ...

    def permission_sets(self) -> Mapping[str, PermissionSet]: ...

    def save_permission_set(self, permission_set: PermissionSet) -> None: ...

    def delete_permission_set(self, name: str) -> None: ...

    def components(self, kind: str) -> Mapping[str, Body]:
        """Components of the other kinds by full name."""

    def save_component(self, kind: str, full_name: str, body: Body) -> None: ...

    def delete_component(self, kind: str, full_name: str) -> None: ...

    def remarks(self, component_type: str, full_name: str) -> Remarks:
        """Properties that have no effect in the sandbox but must come back as they were sent."""

    def save_remarks(self, component_type: str, full_name: str, remarks: Remarks) -> None: ...


def find_object(catalog: Catalog, name: str) -> ObjectDef | None:
    return next((obj for key, obj in catalog.objects().items() if key.lower() == name.lower()), None)


def find_component(catalog: Catalog, kind: str, full_name: str) -> tuple[str, Body] | None:
    """The component with the spelling of its name, or None."""
    wanted = full_name.lower()
    return next((found for found in catalog.components(kind).items() if found[0].lower() == wanted), None)


def find_value_set(catalog: Catalog, name: str) -> GlobalValueSet | None:
    # Since API 57 the service names new sets with the suffix __gvs; both spellings mean the same set here.
    wanted = name.lower().removesuffix("__gvs")
    return next((found for key, found in catalog.value_sets().items() if key.lower() == wanted), None)


class Live:
    """The org as a catalog. What the org refuses is raised as MetadataError with the org's code."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._access = org.access

    def objects(self) -> Mapping[str, ObjectDef]:
        return self._org.objects()

    def create_object(self, definition: ObjectDef, *, owned: bool = True) -> None:
        try:
            self._org.create_object(definition, owned=owned)
        except SchemaError as refusal:
            raise _refused(refusal) from None

    def delete_object(self, name: str) -> None:
        fields = [field.name for field in self._org.object(name).fields.values() if field.custom]
        try:
            self._org.delete_object(name)
        except SchemaError as refusal:
            raise _refused(refusal) from None
        for field in fields:
            self._access.forget(name, field)
        for each in self.permission_sets().values():
            if any(granted.object == name for granted in each.objects):
                left = tuple(granted for granted in each.objects if granted.object != name)
                self.save_permission_set(replace(each, objects=left))

    def save_field(self, object_name: str, field: FieldDef) -> None:
        try:
            created = self._org.save_field(object_name, field)
        except SchemaError as refusal:
            raise _refused(refusal) from None
        if created:
            self._access.hide(object_name, field.name)

    def delete_field(self, object_name: str, field_name: str) -> None:
        try:
            self._org.delete_field(object_name, field_name)
        except SchemaError as refusal:
            raise _refused(refusal) from None
        self._access.forget(object_name, field_name)

    def value_sets(self) -> Mapping[str, GlobalValueSet]:
        return self._org.value_sets()

    def save_value_set(self, value_set: GlobalValueSet) -> None:
        try:
            self._org.save_value_set(value_set)
        except SchemaError as refusal:
            raise _refused(refusal) from None

    def delete_value_set(self, name: str) -> None:
        try:
            self._org.delete_value_set(name)
        except SchemaError as refusal:
            raise _refused(refusal) from None

    def permission_sets(self) -> Mapping[str, PermissionSet]:
        return self._access.sets.all()

    def save_permission_set(self, permission_set: PermissionSet) -> None:
        self._access.sets.save(permission_set)

    def delete_permission_set(self, name: str) -> None:
        self._access.sets.delete(name)

    def components(self, kind: str) -> Mapping[str, Body]:
        return self._org.components.all(kind)

    def save_component(self, kind: str, full_name: str, body: Body) -> None:
        self._org.save_component(kind, full_name, body)

    def delete_component(self, kind: str, full_name: str) -> None:
        self._org.delete_component(kind, full_name)

    def remarks(self, component_type: str, full_name: str) -> Remarks:
        return self._access.remarks(component_type, full_name)

    def save_remarks(self, component_type: str, full_name: str, remarks: Remarks) -> None:
        self._access.save_remarks(component_type, full_name, remarks)


def _refused(refusal: SchemaError) -> MetadataError:
    return MetadataError(refusal.code, refusal.message)
