"""What a user may see and change: by profile, by permission sets, and by who owns a record.

Custom fields that come in over the Metadata API are visible to nobody, the administrator included, until a
permission set with a field permission is assigned; required fields are visible to everybody. The org enforces this
unless its setting `field_security` is false.

Of the profiles, "System Administrator" may do everything and "Standard User" may read and write every object; any
other profile gives nothing by itself: its users have the objects and fields that their permission sets grant. Objects
of the set-up (users, permission sets, record types ...) can be read by all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connectors.sandbox.org import profile_sets
from connectors.sandbox.org.derived import Stored
from connectors.sandbox.org.permission_sets import OBJECT_PERMISSIONS, USER_PERMISSIONS, PermissionSets
from connectors.sandbox.org.schema import FieldDef, ObjectDef
from connectors.sandbox.org.standard_fields import SYSTEM_FIELDS

if TYPE_CHECKING:
    from connectors.sandbox.org.org import Org

ENFORCED = "field_security"
_GUARDED = "guarded_fields"
ADMINISTRATOR, STANDARD_USER = "System Administrator", "Standard User"
# unverified: which user permissions the standard profiles other than System Administrator bring.
_BY_PROFILE: Mapping[str, frozenset[str]] = {
    ADMINISTRATOR: frozenset(USER_PERMISSIONS) - {"ApiUserOnly", "PasswordNeverExpires", "BulkApiHardDelete"},
    STANDARD_USER: frozenset({"ApiEnabled", "EditTask", "RunReports"}),
    "Salesforce API Only System Integrations": frozenset({"ApiEnabled", "ApiUserOnly"}),
}
#: Standard objects that hold a company's business; the other standard ones are set-up.
_BUSINESS = frozenset(
    {
        "Account", "Contact", "Contract", "Lead", "Opportunity", "OpportunityLineItem", "Product2", "Pricebook2",
        "PricebookEntry", "Order", "OrderItem", "Case", "Task", "Event",
    }
)  # fmt: skip
_ALL = frozenset(OBJECT_PERMISSIONS)
_FREE = frozenset({"Name", "OwnerId", "RecordTypeId"}) | SYSTEM_FIELDS


def is_business(definition: ObjectDef) -> bool:
    """Whether the object needs a permission, unlike the objects of the set-up."""
    return definition.custom or definition.name in _BUSINESS


def is_permissionable(field: FieldDef) -> bool:
    """Whether access to the field can be granted and withheld: required and system fields are everybody's."""
    return not (field.required or field.name_field or field.name in _FREE or field.on_delete == "cascade")


@dataclass(frozen=True)
class Grants:
    """What profile and permission sets give a user.

    Attributes:
        is_open: every object may be read and written, as by a profile that sets no limits here.
        user: user permissions, e.g. "ModifyAllData".
        objects: object -> keys of OBJECT_PERMISSIONS.
    """

    is_open: bool
    user: frozenset[str]
    objects: Mapping[str, frozenset[str]]

    def on(self, definition: ObjectDef) -> frozenset[str]:
        """Permissions on the object, as keys of OBJECT_PERMISSIONS."""
        if "ModifyAllData" in self.user:
            return _ALL
        if not is_business(definition):
            return _ALL if self.is_open or "ManageUsers" in self.user else frozenset({"allowRead"})
        if self.is_open:
            return _ALL - {"modifyAllRecords", "viewAllRecords"}
        given = self.objects.get(definition.name, frozenset())
        return given | {"allowRead"} if "ViewAllData" in self.user else given


class Access:
    """Permissions of one org. Field names are given and returned as Object.Field."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self.sets = PermissionSets(org)

    # --- what a user may do -----------------------------------------------------------------------

    def grants(self, user_id: str) -> Grants:
        found = self._org.query(f"SELECT Profile.Name FROM User WHERE Id = '{user_id}'").records
        profile = (found[0]["Profile"] or {}).get("Name") if found else ADMINISTRATOR
        if profile == ADMINISTRATOR:
            return Grants(True, frozenset({"ModifyAllData", "ViewAllData", "ModifyMetadata"}), {})
        held = f"(SELECT PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = '{user_id}')"
        flags = ("ModifyAllData", "ViewAllData", "ModifyMetadata", "ManageUsers")
        columns = ", ".join(f"Permissions{name}" for name in flags)
        sets = self._org.query(f"SELECT {columns} FROM PermissionSet WHERE Id IN {held}").records
        user = frozenset(name for name in flags for row in sets if row[f"Permissions{name}"])
        objects: dict[str, frozenset[str]] = {}
        columns = ", ".join(OBJECT_PERMISSIONS.values())
        own = f"ParentId IN {held} AND Parent.IsOwnedByProfile = false"
        rows = self._org.query(f"SELECT SobjectType, {columns} FROM ObjectPermissions WHERE {own}")
        for row in rows.records:
            given = frozenset(name for name, column in OBJECT_PERMISSIONS.items() if row[column])
            objects[row["SobjectType"]] = objects.get(row["SobjectType"], frozenset()) | given
        return Grants(profile == STANDARD_USER, user, objects)

    def user_permissions(self, user_id: str) -> frozenset[str]:
        """Those of USER_PERMISSIONS that profile and permission sets give."""
        found = self._org.query(f"SELECT Profile.Name FROM User WHERE Id = '{user_id}'").records
        profile = (found[0]["Profile"] or {}).get("Name") if found else ADMINISTRATOR
        columns = ", ".join(f"Permissions{name}" for name in USER_PERMISSIONS)
        rows = self._org.query(
            f"SELECT {columns} FROM PermissionSet WHERE Id IN "
            f"(SELECT PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = '{user_id}')"
        ).records
        granted = {name for name in USER_PERMISSIONS for row in rows if row[f"Permissions{name}"]}
        return _BY_PROFILE.get(str(profile), frozenset()) | granted

    def may_change_metadata(self, user_id: str) -> bool:
        return bool(self.grants(user_id).user & {"ModifyAllData", "ModifyMetadata"})

    def show_profiles(self) -> None:
        """Bring the permission sets that stand for profiles up to date, for whoever queries them."""
        given = {ADMINISTRATOR: _ALL, STANDARD_USER: _ALL - {"modifyAllRecords", "viewAllRecords"}}
        profile_sets.bring(self._org, given, _BUSINESS & self._org.objects().keys())

    def shared_read_only(self) -> frozenset[str]:
        """Objects whose records everybody sees and only their owner, and who may modify all, changes."""
        defaults = self._org.setting("org_wide_defaults") or {}
        return frozenset(name for name, access in defaults.items() if access == "Read")

    def who_changes(self, definition: ObjectDef, user_id: str, grants: Grants) -> Callable[[Stored], bool]:
        """Tells of a record whether ownership lets the user change it; a detail goes by its master."""
        ruling = self._ruling(definition)
        if ruling is not None:
            master = self._org.object(ruling.reference_to[0])
            may = self.who_changes(master, user_id, grants)
            if "allowEdit" not in grants.on(master):
                return lambda record: False
            if may is _everybody:
                return may
            return lambda record: all(map(may, self._org.store.fetch(master, [str(record[ruling.name])]).values()))
        if definition.name not in self.shared_read_only() or "modifyAllRecords" in grants.on(definition):
            return _everybody
        return lambda record: record.get("OwnerId", user_id) == user_id

    def _ruling(self, definition: ObjectDef) -> FieldDef | None:
        """The master whose records one must be able to edit to change their details; with some, reading is enough."""
        for field in definition.fields.values():
            remarks = self.remarks("CustomField", f"{definition.name}.{field.name}") if field.is_master else {}
            if field.is_master and remarks.get("writeRequiresMasterRead") != "true":
                return field
        return None

    def custom_permissions(self, user_id: str) -> frozenset[str]:
        """Names, in lower case, of the custom permissions the user holds through permission sets."""
        rows = self._org.query(
            "SELECT SetupEntity.DeveloperName FROM SetupEntityAccess WHERE ParentId IN "
            f"(SELECT PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = '{user_id}')"
        )
        return frozenset(str(row["SetupEntity"]["DeveloperName"]).lower() for row in rows.records)

    # --- what a user sees -------------------------------------------------------------------------

    @property
    def is_enforced(self) -> bool:
        return self._org.setting(ENFORCED) is not False

    def hidden(self, user_id: str, known: Grants | None = None) -> frozenset[str]:
        """Fields the user cannot see, and `Object.*` for objects; no fields while field security is not enforced.

        `known`: the user's grants, if the caller has them.
        """
        grants = known or self.grants(user_id)
        objects = frozenset(
            f"{name}.*" for name, definition in self._org.objects().items() if "allowRead" not in grants.on(definition)
        )
        return objects | self._without(user_id, "PermissionsRead", grants)

    def uneditable(self, user_id: str, known: Grants | None = None) -> frozenset[str]:
        """Fields the user cannot change, hidden ones included."""
        return self._without(user_id, "PermissionsEdit", known or self.grants(user_id))

    def _without(self, user_id: str, permission: str, grants: Grants) -> frozenset[str]:
        guarded = self._guarded()
        if not grants.is_open:
            guarded |= {
                f"{definition.name}.{field.name}"
                for definition in self._org.objects().values()
                if is_business(definition)
                for field in definition.fields.values()
                if is_permissionable(field)
            }
        if not guarded or not self.is_enforced:
            return frozenset()
        granted = self._org.query(
            f"SELECT Field FROM FieldPermissions WHERE {permission} = true AND ParentId IN "
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
        rows = self._org.query(f"SELECT Id FROM FieldPermissions WHERE Field = '{full_name}'")
        self.sets.remove("FieldPermissions", (row["Id"] for row in rows.records))

    def _guarded(self) -> set[str]:
        stored = self._org.setting(_GUARDED)
        return {str(name) for name in stored} if isinstance(stored, list) else set()

    # --- remarks ----------------------------------------------------------------------------------

    def remarks(self, component_type: str, full_name: str) -> Mapping[str, str]:
        """What `save_remarks` kept for a component, or nothing."""
        stored = self._org.setting(_remark_key(component_type, full_name))
        return {str(key): str(value) for key, value in stored.items()} if isinstance(stored, dict) else {}

    def save_remarks(self, component_type: str, full_name: str, remarks: Mapping[str, str]) -> None:
        self._org.set_setting(_remark_key(component_type, full_name), dict(remarks))


def _everybody(record: Stored) -> bool:
    return True


def _remark_key(component_type: str, full_name: str) -> str:
    return f"remarks:{component_type}:{full_name.lower()}"
