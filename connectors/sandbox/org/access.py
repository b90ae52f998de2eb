"""Who may see which field: permission sets, their assignments, and the fields that are hidden until granted.

A custom field that comes in over the Metadata API is visible to nobody, the administrator included, until a
permission set with a field permission is assigned; required fields are visible to everybody. The org enforces
this unless its setting `field_security` is false. Permission sets are records of the org, so that they can be
queried and assigned over REST like any other record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from connectors.sandbox.org.schema import FieldDef, ObjectDef

if TYPE_CHECKING:
    from connectors.sandbox.org.org import Org

ENFORCED = "field_security"
_GUARDED = "guarded_fields"


def _reference(name: str, target: str) -> FieldDef:
    return FieldDef(
        name=name, label=name.removesuffix("Id"), type="reference", length=18, required=True,
        reference_to=(target,), relationship_name=name.removesuffix("Id"), updateable=False, on_delete="cascade",
    )  # fmt: skip


def _text(name: str, length: int, *, required: bool = False, unique: bool = False) -> FieldDef:
    return FieldDef(name=name, label=name, type="string", length=length, required=required, unique=unique)


def _flag(name: str, default: bool = False) -> FieldDef:
    return FieldDef(name=name, label=name, type="boolean", default=default)


def _object(name: str, prefix: str, *fields: FieldDef) -> ObjectDef:
    return ObjectDef(
        name=name, label=name, label_plural=f"{name.removesuffix('s')}s", key_prefix=prefix, custom=False,
        fields={field.name: field for field in fields},
    )  # fmt: skip


#: Permissions on an object, in the order in which each needs those before it.
OBJECT_FLAGS = (
    "PermissionsRead", "PermissionsCreate", "PermissionsEdit", "PermissionsDelete", "PermissionsViewAllRecords",
    "PermissionsModifyAllRecords",
)  # fmt: skip


#: The org's own objects behind permissions; key prefixes as in the real service.
OBJECTS = (
    _object(
        "PermissionSet", "0PS",
        replace(_text("Name", 80, required=True, unique=True), name_field=True), _text("Label", 80, required=True),
        _text("Description", 255), _flag("IsCustom", True),
    ),
    _object(
        "PermissionSetAssignment", "0Pa",
        _reference("PermissionSetId", "PermissionSet"), _reference("AssigneeId", "User"), _flag("IsActive", True),
    ),
    _object(
        "FieldPermissions", "01k",
        replace(_reference("ParentId", "PermissionSet"), relationship_name="Parent"),
        _text("SobjectType", 80, required=True), _text("Field", 160, required=True),
        _flag("PermissionsRead"), _flag("PermissionsEdit"),
    ),
    _object(
        "CustomPermission", "0CP",
        replace(_text("DeveloperName", 80, required=True, unique=True), name_field=True),
        _text("MasterLabel", 80, required=True), _text("Description", 255), _text("NamespacePrefix", 15),
    ),
    _object(
        "SetupEntityAccess", "0J0",
        replace(_reference("ParentId", "PermissionSet"), relationship_name="Parent"),
        replace(_reference("SetupEntityId", "CustomPermission"), relationship_name="SetupEntity"),
        _text("SetupEntityType", 80, required=True),
    ),
    _object(
        "ObjectPermissions", "110",
        replace(_reference("ParentId", "PermissionSet"), relationship_name="Parent"),
        _text("SobjectType", 80, required=True), *(_flag(name) for name in OBJECT_FLAGS),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class FieldPermission:
    """`field` is the full name, Object.Field."""

    field: str
    readable: bool
    editable: bool


@dataclass(frozen=True)
class PermissionSet:
    """A named set of field permissions."""

    name: str
    label: str
    description: str = ""
    fields: tuple[FieldPermission, ...] = ()


class Access:
    """Permissions of one org. Field names are given and returned as Object.Field."""

    def __init__(self, org: Org) -> None:
        self._org = org

    # --- what a user sees -----------------------------------------------------------------------

    @property
    def is_enforced(self) -> bool:
        return self._org.setting(ENFORCED) is not False

    def hidden(self, user_id: str) -> frozenset[str]:
        """Fields the user cannot see; empty while field security is not enforced."""
        return self._without(user_id, "PermissionsRead")

    def uneditable(self, user_id: str) -> frozenset[str]:
        """Fields the user cannot change, hidden ones included."""
        return self._without(user_id, "PermissionsEdit")

    def custom_permissions(self, user_id: str) -> frozenset[str]:
        """Names, in lower case, of the custom permissions the user holds through permission sets."""
        rows = self._org.query(
            "SELECT DeveloperName FROM CustomPermission WHERE Id IN (SELECT SetupEntityId FROM SetupEntityAccess "  # noqa: S608
            "WHERE SetupEntityType = 'CustomPermission' AND ParentId IN "
            f"(SELECT PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = '{user_id}'))"
        )
        return frozenset(str(row["DeveloperName"]).lower() for row in rows.records)

    def _without(self, user_id: str, permission: str) -> frozenset[str]:
        guarded = self._guarded()
        if not guarded or not self.is_enforced:
            return frozenset()
        granted = self._org.query(
            f"SELECT Field FROM FieldPermissions WHERE {permission} = true AND ParentId IN "  # noqa: S608
            f"(SELECT PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = '{user_id}')"
        )
        allowed = {str(row["Field"]).lower() for row in granted.records}
        return frozenset(name for name in guarded if name.lower() not in allowed and not self._is_required(name))

    def _is_required(self, full_name: str) -> bool:
        object_name, _, field_name = full_name.partition(".")
        field = self._org.object(object_name).find(field_name)
        return field is None or field.required

    def hide(self, object_name: str, field_name: str) -> None:
        """From now on the field needs a permission."""
        self._org.set_setting(_GUARDED, sorted({*self._guarded(), f"{object_name}.{field_name}"}))

    def forget(self, object_name: str, field_name: str) -> None:
        """The field is gone; so are its permissions."""
        full_name = f"{object_name}.{field_name}"
        self._org.set_setting(_GUARDED, sorted(self._guarded() - {full_name}))
        rows = self._org.query(f"SELECT Id FROM FieldPermissions WHERE Field = '{full_name}'")  # noqa: S608
        self._delete("FieldPermissions", (row["Id"] for row in rows.records))

    def _guarded(self) -> set[str]:
        stored = self._org.setting(_GUARDED)
        return {str(name) for name in stored} if isinstance(stored, list) else set()

    # --- permission sets --------------------------------------------------------------------------

    def permission_sets(self) -> Mapping[str, PermissionSet]:
        fields: dict[str, list[FieldPermission]] = {}
        for row in self._org.query(
            "SELECT ParentId, Field, PermissionsRead, PermissionsEdit FROM FieldPermissions ORDER BY Field"
        ).records:
            permission = FieldPermission(row["Field"], bool(row["PermissionsRead"]), bool(row["PermissionsEdit"]))
            fields.setdefault(row["ParentId"], []).append(permission)
        sets = self._org.query("SELECT Id, Name, Label, Description FROM PermissionSet ORDER BY Name").records
        return {
            row["Name"]: PermissionSet(
                row["Name"], row["Label"], row["Description"] or "", tuple(fields.get(row["Id"], ()))
            )
            for row in sets
        }

    def save(self, permission_set: PermissionSet) -> None:
        """Create the set, or replace its label, description and field permissions. Assignments stay."""
        values = {
            "Name": permission_set.name,
            "Label": permission_set.label,
            "Description": permission_set.description or None,
        }
        set_id = self._id_of(permission_set.name)
        if set_id:
            self._org.update("PermissionSet", [{"Id": set_id, **values}], all_or_none=True)
        else:
            set_id = self._org.insert("PermissionSet", [values], all_or_none=True)[0].id or ""
        old = self._org.query(f"SELECT Id FROM FieldPermissions WHERE ParentId = '{set_id}'")  # noqa: S608
        self._delete("FieldPermissions", (row["Id"] for row in old.records))
        rows = [
            {
                "ParentId": set_id, "SobjectType": permission.field.partition(".")[0],
                "Field": permission.field, "PermissionsRead": permission.readable,
                "PermissionsEdit": permission.editable,
            }
            for permission in permission_set.fields
        ]  # fmt: skip
        if rows:
            self._org.insert("FieldPermissions", rows, all_or_none=True)

    def delete(self, name: str) -> None:
        set_id = self._id_of(name)
        if set_id:
            self._org.delete("PermissionSet", [set_id], all_or_none=True)

    def _id_of(self, name: str) -> str:
        found = self._org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{name}'").records  # noqa: S608
        return str(found[0]["Id"]) if found else ""

    def _delete(self, object_name: str, record_ids: Iterable[str]) -> None:
        ids = list(record_ids)
        if ids:
            self._org.delete(object_name, ids, all_or_none=True)

    # --- remarks ----------------------------------------------------------------------------------

    def remarks(self, component_type: str, full_name: str) -> Mapping[str, str]:
        """What `save_remarks` kept for a component, or nothing."""
        stored = self._org.setting(_remark_key(component_type, full_name))
        return {str(key): str(value) for key, value in stored.items()} if isinstance(stored, dict) else {}

    def save_remarks(self, component_type: str, full_name: str, remarks: Mapping[str, str]) -> None:
        self._org.set_setting(_remark_key(component_type, full_name), dict(remarks))


def _remark_key(component_type: str, full_name: str) -> str:
    return f"remarks:{component_type}:{full_name.lower()}"
