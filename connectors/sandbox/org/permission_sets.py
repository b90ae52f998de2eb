"""Permission sets: what they grant, and the records of the org in which that is kept, so that it can be queried."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from connectors.sandbox.org.schema import FieldDef, ObjectDef

if TYPE_CHECKING:
    from connectors.sandbox.org.org import Org

#: User permissions with a column `Permissions...` on PermissionSet; others are kept without one.
USER_PERMISSIONS = (
    "ApiEnabled", "ApiUserOnly", "AssignPermissionSets", "AuthorApex", "BulkApiHardDelete", "CustomizeApplication",
    "EditTask", "ManageUsers", "ModifyAllData", "ModifyMetadata", "PasswordNeverExpires", "RunReports",
    "SendCustomNotifications", "ViewAllData", "ViewAllUsers", "ViewSetup",
)  # fmt: skip
#: Permissions on an object: the Metadata API's name -> the column of ObjectPermissions.
OBJECT_PERMISSIONS = {
    "allowCreate": "PermissionsCreate", "allowDelete": "PermissionsDelete", "allowEdit": "PermissionsEdit",
    "allowRead": "PermissionsRead", "modifyAllRecords": "PermissionsModifyAllRecords",
    "viewAllRecords": "PermissionsViewAllRecords",
}  # fmt: skip


def _reference(name: str, target: str, relationship: str = "") -> FieldDef:
    return FieldDef(
        name=name, label=name.removesuffix("Id"), type="reference", length=18, required=True,
        reference_to=(target,), relationship_name=relationship or name.removesuffix("Id"), updateable=False,
        on_delete="cascade",
    )  # fmt: skip


def text_field(name: str, length: int, *, required: bool = False, unique: bool = False) -> FieldDef:
    return FieldDef(name=name, label=name, type="string", length=length, required=required, unique=unique)


def _flag(name: str, default: bool = False) -> FieldDef:
    return FieldDef(name=name, label=name, type="boolean", default=default)


def system_object(name: str, prefix: str, *fields: FieldDef) -> ObjectDef:
    return ObjectDef(
        name=name, label=name, label_plural=f"{name.removesuffix('s')}s", key_prefix=prefix, custom=False,
        fields={field.name: field for field in fields},
    )  # fmt: skip


#: The org's own objects behind permissions; key prefixes as in the real service.
OBJECTS = (
    system_object(
        "PermissionSet", "0PS",
        replace(text_field("Name", 80, required=True, unique=True), name_field=True),
        text_field("Label", 80, required=True), text_field("Description", 255), _flag("IsCustom", True),
        *(_flag(f"Permissions{name}") for name in USER_PERMISSIONS),
    ),
    system_object(
        "PermissionSetAssignment", "0Pa",
        _reference("PermissionSetId", "PermissionSet"), _reference("AssigneeId", "User"), _flag("IsActive", True),
    ),
    system_object(
        "FieldPermissions", "01k", _reference("ParentId", "PermissionSet"),
        text_field("SobjectType", 80, required=True), text_field("Field", 160, required=True),
        _flag("PermissionsRead"), _flag("PermissionsEdit"),
    ),
    system_object(
        "ObjectPermissions", "110", _reference("ParentId", "PermissionSet"),
        text_field("SobjectType", 80, required=True), *map(_flag, sorted(OBJECT_PERMISSIONS.values())),
    ),
    system_object(
        "CustomPermission", "0CP",
        replace(text_field("DeveloperName", 80, required=True, unique=True), name_field=True),
        text_field("MasterLabel", 80, required=True), text_field("Description", 255), text_field("NamespacePrefix", 15),
    ),
    system_object(
        "SetupEntityAccess", "0J0", _reference("ParentId", "PermissionSet"),
        _reference("SetupEntityId", "CustomPermission"), text_field("SetupEntityType", 80, required=True),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class FieldPermission:
    """`field` is the full name, Object.Field."""

    field: str
    readable: bool
    editable: bool


@dataclass(frozen=True)
class ObjectPermission:
    """`granted`: keys of OBJECT_PERMISSIONS."""

    object: str
    granted: frozenset[str]


@dataclass(frozen=True)
class PermissionSet:
    """A named set of permissions on fields and objects, of user permissions and of custom permissions."""

    name: str
    label: str
    description: str = ""
    fields: tuple[FieldPermission, ...] = ()
    objects: tuple[ObjectPermission, ...] = ()
    user_permissions: tuple[str, ...] = ()
    custom_permissions: tuple[str, ...] = ()


class PermissionSets:
    """The permission sets of one org."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def all(self) -> Mapping[str, PermissionSet]:
        fields, objects, custom = self._fields(), self._objects(), self._custom()
        flags = ", ".join(f"Permissions{name}" for name in USER_PERMISSIONS)
        columns = f"Id, Name, Label, Description, {flags}"
        own = "IsOwnedByProfile = false ORDER BY Name"
        rows = self._org.query(f"SELECT {columns} FROM PermissionSet WHERE {own}")
        return {
            row["Name"]: PermissionSet(
                row["Name"], row["Label"], row["Description"] or "", tuple(fields.get(row["Id"], ())),
                tuple(objects.get(row["Id"], ())),
                tuple(name for name in USER_PERMISSIONS if row[f"Permissions{name}"]),
                tuple(custom.get(row["Id"], ())),
            )
            for row in rows.records
        }  # fmt: skip

    def _fields(self) -> dict[str, list[FieldPermission]]:
        found: dict[str, list[FieldPermission]] = {}
        for row in self._org.query(
            "SELECT ParentId, Field, PermissionsRead, PermissionsEdit FROM FieldPermissions ORDER BY Field"
        ).records:
            permission = FieldPermission(row["Field"], bool(row["PermissionsRead"]), bool(row["PermissionsEdit"]))
            found.setdefault(row["ParentId"], []).append(permission)
        return found

    def _objects(self) -> dict[str, list[ObjectPermission]]:
        found: dict[str, list[ObjectPermission]] = {}
        columns = ", ".join(OBJECT_PERMISSIONS.values())
        for row in self._org.query(
            f"SELECT ParentId, SobjectType, {columns} FROM ObjectPermissions ORDER BY SobjectType"
        ).records:
            granted = frozenset(name for name, column in OBJECT_PERMISSIONS.items() if row[column])
            found.setdefault(row["ParentId"], []).append(ObjectPermission(row["SobjectType"], granted))
        return found

    def _custom(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for row in self._org.query(
            "SELECT ParentId, SetupEntity.DeveloperName FROM SetupEntityAccess ORDER BY SetupEntity.DeveloperName"
        ).records:
            found.setdefault(row["ParentId"], []).append(row["SetupEntity"]["DeveloperName"])
        return found

    def save(self, permission_set: PermissionSet) -> None:
        """Create the set, or replace all that it says. Assignments stay."""
        values: dict[str, Any] = {
            "Name": permission_set.name,
            "Label": permission_set.label,
            "Description": permission_set.description or None,
            **{f"Permissions{name}": name in permission_set.user_permissions for name in USER_PERMISSIONS},
        }
        with self._org.store.writing():
            set_id = self._id_of(permission_set.name)
            if set_id:
                self._org.update("PermissionSet", [{"Id": set_id, **values}], all_or_none=True)
            else:
                set_id = self._org.insert("PermissionSet", [values], all_or_none=True)[0].id or ""
            for object_name, rows in self._grants(permission_set).items():
                self._replace(object_name, set_id, rows)

    def _grants(self, permission_set: PermissionSet) -> dict[str, list[dict[str, Any]]]:
        custom = {str(row["DeveloperName"]): row["Id"] for row in self._permission_rows()}
        return {
            "FieldPermissions": [
                {
                    "SobjectType": permission.field.partition(".")[0], "Field": permission.field,
                    "PermissionsRead": permission.readable, "PermissionsEdit": permission.editable,
                }
                for permission in permission_set.fields
            ],
            "ObjectPermissions": [
                {
                    "SobjectType": permission.object,
                    **{column: name in permission.granted for name, column in OBJECT_PERMISSIONS.items()},
                }
                for permission in permission_set.objects
            ],
            "SetupEntityAccess": [
                {"SetupEntityId": custom[name], "SetupEntityType": "CustomPermission"}
                for name in permission_set.custom_permissions
            ],
        }  # fmt: skip

    def _replace(self, object_name: str, set_id: str, rows: Sequence[Mapping[str, Any]]) -> None:
        old = self._org.query(f"SELECT Id FROM {object_name} WHERE ParentId = '{set_id}'")
        self.remove(object_name, (row["Id"] for row in old.records))
        if rows:
            self._org.insert(object_name, [{"ParentId": set_id, **row} for row in rows], all_or_none=True)

    def delete(self, name: str) -> None:
        set_id = self._id_of(name)
        if set_id:
            self._org.delete("PermissionSet", [set_id], all_or_none=True)

    def _id_of(self, name: str) -> str:
        found = self._org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{name}'").records
        return str(found[0]["Id"]) if found else ""

    def remove(self, object_name: str, record_ids: Iterable[str]) -> None:
        ids = list(record_ids)
        if ids:
            self._org.delete(object_name, ids, all_or_none=True)

    # --- custom permissions ------------------------------------------------------------------------

    def _permission_rows(self) -> list[dict[str, Any]]:
        return self._org.query("SELECT Id, DeveloperName FROM CustomPermission").records

    def save_custom_permission(self, name: str, label: str, description: str) -> None:
        """Creates the record of a custom permission, or makes it follow."""
        row = {"MasterLabel": label, "Description": description or None}
        known = self._org.find_ids("CustomPermission", "DeveloperName", name)
        if known:
            self._org.update("CustomPermission", [{"Id": known[0], **row}], all_or_none=True)
        else:
            self._org.insert("CustomPermission", [{"DeveloperName": name, **row}], all_or_none=True)

    def delete_custom_permission(self, name: str) -> None:
        self.remove("CustomPermission", self._org.find_ids("CustomPermission", "DeveloperName", name))
