"""What a Salesforce org lets us do, and which flows, triggers, rules and users our writes will meet there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import requests

from connectors.errors import AuthRevoked, Fatal
from connectors.preflight import Met, Missing, Preflight
from connectors.salesforce import soql
from connectors.salesforce.client import Client
from connectors.salesforce.errors import half_reply
from connectors.salesforce.kinds import SOURCES, only_source
from connectors.salesforce.sending import host_of

Row = Mapping[str, Any]
_Found = TypeVar("_Found", Missing, Met)
_GRANT = "Grant it to the integration user by a permission set."
_SCHEMA = "tierline schema plan and apply"
_SEES_SETUP = "Give the integration user 'View Setup and Configuration' to see it."
#: Alternatives of a user permission, the first is the one to grant -> its name in Setup, and what it is for.
_USER: Mapping[tuple[str, ...], tuple[str, str]] = {
    ("ApiEnabled",): ("API Enabled", "every call"),
    ("ViewSetup",): ("View Setup and Configuration", f"{_SCHEMA}, and this list"),
    ("CustomizeApplication",): ("Customize Application", _SCHEMA),
    ("ModifyMetadata", "ModifyAllData"): ("Modify Metadata Through Metadata API Functions", _SCHEMA),
    ("AssignPermissionSets", "ManageUsers"): ("Assign Permission Sets", _SCHEMA),
}
_FLOW_MOMENTS = {"RecordBeforeSave": "before save", "RecordAfterSave": "after save"}
_FLOW_EVENTS = {"Create": "on create", "Update": "on update", "CreateAndUpdate": "on create and update"}
#: The standard profile of users with the license "Salesforce Integration".
_INTEGRATION_PROFILE = "Salesforce API Only System Integrations"


def look(client: Client, user_id: str, written: Collection[str], own: Collection[str]) -> Preflight:
    """See `LooksAhead.preflight`."""
    (org,) = client.query("SELECT OrganizationType, IsSandbox, InstanceName FROM Organization")["records"]
    unread: list[str] = []
    changed = [only_source(kind).name for kind in written]
    watched = [*changed, "Task"]

    def read(what: str, listed: Callable[[], Iterable[_Found]]) -> tuple[_Found, ...]:
        try:
            return tuple(listed())
        except AuthRevoked:
            raise
        except Fatal as error:
            unread.append(f"{what} cannot be listed: {error.message} {_SEES_SETUP}")
            return ()

    missing = (
        *read("Permissions on objects", lambda: _objects(client, changed)),
        *read("Permissions of the user", lambda: _permissions(client)),
    )
    met = (
        *read("Flows", lambda: _flows(client, watched)),
        *read("Apex triggers", lambda: _triggers(client, changed)),
        *read("Validation rules", lambda: _rules(client, watched, own)),
        *read("Integration users", lambda: _users(client, user_id)),
    )
    return Preflight(
        edition=str(org["OrganizationType"]),
        is_sandbox=bool(org["IsSandbox"]),
        instance=str(org["InstanceName"] or ""),
        missing=missing,
        met=met,
        unread=tuple(unread),
    )


def _objects(client: Client, changed: Sequence[str]) -> Iterator[Missing]:
    """What we may not do with records. An object that the user cannot see looks like one that the org does not have."""
    shown = {entry["name"]: entry for entry in client.get("sobjects/")["sobjects"]}
    kinds = {source.name: kind for kind, sources in SOURCES.items() for source in sources}
    hidden = [name for name in kinds if not shown.get(name, {}).get("queryable")]
    for name in _existing(client, hidden) if hidden else ():
        yield Missing(f"Read on {name}", f"reading {kinds[name].replace('_', ' ')} records", _GRANT)
    for name in changed:
        if not shown.get(name, {}).get("updateable"):
            yield Missing(f"Edit on {name}", "writing our values", _GRANT)
    if not shown.get("Task", {}).get("createable"):
        yield Missing("Edit Tasks", "giving tasks to the owners of data", _GRANT)


def _existing(client: Client, names: Sequence[str]) -> list[str]:
    """Those of these objects that the org has."""
    # unverified: EntityDefinition of the Tooling API also lists objects on which the asking user has no permission.
    condition = f"QualifiedApiName IN {soql.one_of(names)}"
    found = {row["QualifiedApiName"] for row in _tooling(client, ["QualifiedApiName"], "EntityDefinition", condition)}
    return [name for name in names if name in found]


def _permissions(client: Client) -> Iterator[Missing]:
    """User permissions that we lack; UserPermissionAccess tells them without any permission."""
    names = [f"Permissions{name}" for names in _USER for name in names]
    (row,) = client.query(soql.select(names, "UserPermissionAccess"))["records"]
    for names_of, (label, purpose) in _USER.items():
        if not any(row[f"Permissions{name}"] for name in names_of):
            yield Missing(label, purpose, _GRANT)


def _flows(client: Client, watched: Sequence[str]) -> Iterator[Met]:
    """Record-triggered flows. `IsActive` is about the newest version; an older one may be the active one."""
    fields = ["Label", "TriggerType", "RecordTriggerType", "TriggerObjectOrEventId"]
    # unverified: TriggerObjectOrEventId of a flow on a standard object is the object's API name.
    conditions = ["ActiveVersionId != null", f"TriggerObjectOrEventId IN {soql.one_of(watched)}"]
    for row in client.query(soql.select(fields, "FlowDefinitionView", *conditions))["records"]:
        moment = _FLOW_MOMENTS.get(row["TriggerType"] or "", "")
        event = _FLOW_EVENTS.get(row["RecordTriggerType"] or "", "")
        if moment and row["RecordTriggerType"] != "Delete":
            yield Met("flow", row["Label"], row["TriggerObjectOrEventId"], f"{moment}, {event}".rstrip(", "))


def _triggers(client: Client, changed: Sequence[str]) -> Iterator[Met]:
    """Active triggers on what we update, and on tasks that we create."""
    moments = {f"Usage{when}{what}": (when, what) for when in ("Before", "After") for what in ("Insert", "Update")}
    conditions = ["Status = 'Active'", f"TableEnumOrId IN {soql.one_of([*changed, 'Task'])}"]
    query = soql.select(["Name", "TableEnumOrId", *moments], "ApexTrigger", *conditions)
    for row in client.query(query)["records"]:
        ours = "Update" if row["TableEnumOrId"] in changed else "Insert"
        fires = [when.lower() for name, (when, what) in moments.items() if row[name] and what == ours]
        if fires:
            yield Met("trigger", row["Name"], row["TableEnumOrId"], f"{' and '.join(fires)} {ours.lower()}")


def _rules(client: Client, watched: Sequence[str], own: Collection[str]) -> Iterator[Met]:
    fields = ["ValidationName", "ErrorMessage", "EntityDefinition.QualifiedApiName"]
    conditions = ["Active = true", f"EntityDefinition.QualifiedApiName IN {soql.one_of(watched)}"]
    for row in _tooling(client, fields, "ValidationRule", *conditions):
        on = row["EntityDefinition"]["QualifiedApiName"]
        if f"ValidationRule {on}.{row['ValidationName']}" not in own:
            yield Met("validation rule", row["ValidationName"], on, row["ErrorMessage"])


def _users(client: Client, user_id: str) -> Iterator[Met]:
    """Other active users that can only use the API, by permission or by the profile made for them."""
    by_profile = soql.select(
        ["Id", "Name"], "User", "IsActive = true", f"Profile.Name = {soql.literal(_INTEGRATION_PROFILE)}"
    )
    by_permission = soql.select(
        ["AssigneeId", "Assignee.Name"],
        "PermissionSetAssignment",
        "PermissionSet.PermissionsApiUserOnly = true",
        "Assignee.IsActive = true",
    )
    found = {row["Id"]: row["Name"] for row in client.query(by_profile)["records"]}
    found |= {row["AssigneeId"]: row["Assignee"]["Name"] for row in client.query(by_permission)["records"]}
    for other, name in sorted(found.items(), key=lambda entry: str(entry[1])):
        if other != user_id:
            yield Met("integration user", name, detail="may use the API only")


def _tooling(client: Client, fields: Sequence[str], source: str, *conditions: str) -> list[Row]:
    reply = client.http("GET", "tooling/query/", params={"q": soql.select(fields, source, *conditions)})
    try:
        rows: list[Row] = reply.json()["records"]
    except (requests.exceptions.JSONDecodeError, KeyError, TypeError):
        raise half_reply(host_of(client.address)) from None
    return rows
