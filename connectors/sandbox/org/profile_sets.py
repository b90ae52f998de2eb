"""Permission sets that stand for profiles: how the permissions that a profile gives can be queried.

A real org keeps them as records from the start; here they are brought up to date when somebody asks. What a user may do
does not hang on them: `access` knows what the profiles give.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from connectors.sandbox.org.permission_sets import OBJECT_PERMISSIONS

if TYPE_CHECKING:
    from connectors.sandbox.org.org import Org


def bring(org: Org, given: dict[str, frozenset[str]], objects: Iterable[str]) -> None:
    """`given`: profile -> keys of OBJECT_PERMISSIONS that it gives on each of these objects."""
    with org.store.writing():
        owned = _rows(org, "SELECT Id, ProfileId FROM PermissionSet WHERE IsOwnedByProfile = true")
        sets = {row["ProfileId"]: row["Id"] for row in owned}
        for name, permissions in given.items():
            (profile,) = org.find_ids("Profile", "Name", name)
            if profile not in sets:
                sets[profile] = _make(org, profile, name, permissions, objects)
        _assign(org, sets)


def _make(org: Org, profile: str, name: str, permissions: frozenset[str], objects: Iterable[str]) -> str:
    row = {"Name": f"X{profile}", "Label": name, "IsOwnedByProfile": True, "IsCustom": False, "ProfileId": profile}
    (made,) = org.bulk_load("PermissionSet", [row])
    flags = {column: key in permissions for key, column in OBJECT_PERMISSIONS.items()}
    org.bulk_load("ObjectPermissions", [{"ParentId": made, "SobjectType": each, **flags} for each in sorted(objects)])
    return made


def _assign(org: Org, sets: dict[str, str]) -> None:
    """Give each user the set of the profile they have now, and no other such set."""
    users = _rows(org, "SELECT Id, ProfileId FROM User")
    wanted = {(row["Id"], sets[row["ProfileId"]]) for row in users if row["ProfileId"] in sets}
    query = "SELECT Id, AssigneeId, PermissionSetId FROM PermissionSetAssignment"
    held = {
        (row["AssigneeId"], row["PermissionSetId"]): row["Id"]
        for row in _rows(org, query)
        if row["PermissionSetId"] in sets.values()
    }
    org.access.sets.remove("PermissionSetAssignment", [held[pair] for pair in held.keys() - wanted])
    missing = sorted(wanted - held.keys())
    rows = [{"AssigneeId": user, "PermissionSetId": each} for user, each in missing]
    org.bulk_load("PermissionSetAssignment", rows)


def _rows(org: Org, soql: str) -> list[dict[str, str]]:
    return org.query(soql).records
