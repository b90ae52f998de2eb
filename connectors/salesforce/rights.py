"""What a user of the org may change: by profile and permission sets, and by sharing, record by record.

`PermissionSetAssignment` holds the sets that a user was given, by hand or with a group, and the set that stands for the
user's profile, so one query of it covers them all. Field permissions say nothing about records, and `UserRecordAccess`
nothing about fields.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from connectors.errors import AuthRevoked, Fatal, MissingScope
from connectors.rights import Rights
from connectors.salesforce import permissions, soql
from connectors.salesforce.client import Client
from connectors.salesforce.ids import long_id

#: Records that one query of UserRecordAccess takes.
MOST_RECORDS = 200
GRANT = f"the permission set {permissions.DATA_OWNER.label}"


def rights(client: Client, user_id: str, source: str, record_ids: Sequence[str], fields: Collection[str]) -> Rights:
    """See `TellsRights.rights`. Raises `MissingScope` when we may not look at the permissions of others."""
    user = f"Id = {soql.literal(user_id)}"
    active = client.query(soql.select(["Id"], "User", user, "IsActive = true"))["records"]
    if not active:
        return Rights(False, False, frozenset(), frozenset(), GRANT)
    # unverified: what a permission set group gives is listed in PermissionSetAssignment as one set, muting included.
    held = soql.select(["PermissionSetId"], "PermissionSetAssignment", f"AssigneeId = {soql.literal(user_id)}")
    mine = ("PermissionsEdit = true", f"SobjectType = {soql.literal(source)}", f"ParentId IN ({held})")
    try:
        named = soql.one_of(sorted(f"{source}.{name}" for name in fields))
        granted = client.query(soql.select(["Field"], "FieldPermissions", f"Field IN {named}", *mine))["records"]
        on_kind = client.query(soql.select(["Id"], "ObjectPermissions", *mine, limit=1))["records"]
    except AuthRevoked:
        raise
    except Fatal as error:
        raise MissingScope(
            "The integration user may not see what other users are allowed to change, so nobody can change anything "
            f"through Tierline: {error.message}",
            next_step="Give the integration user 'View Setup and Configuration'.",
            code=error.code,
        ) from error
    allowed = {str(row["Field"]).partition(".")[2].lower() for row in granted}
    records: set[str] = set()
    for start in range(0, len(record_ids), MOST_RECORDS):
        some = [long_id(each) for each in record_ids[start : start + MOST_RECORDS]]
        where = (f"UserId = {soql.literal(user_id)}", f"RecordId IN {soql.one_of(some)}")
        rows = client.query(soql.select(["RecordId", "HasEditAccess"], "UserRecordAccess", *where))["records"]
        records |= {long_id(row["RecordId"]) for row in rows if row["HasEditAccess"]}
    return Rights(
        is_active=True,
        on_kind=bool(on_kind),
        fields=frozenset(name for name in fields if name.lower() in allowed),
        records=frozenset(each for each in record_ids if long_id(each) in records),
        grant=GRANT,
    )
