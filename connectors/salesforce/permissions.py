"""Access to the fields we install: permission sets of our own, one of them assigned to the integration user.

A field created through the Metadata API is visible to nobody until someone grants it. The integration user edits all
of ours; sellers and data owners read all and edit what people choose. Who belongs to the latter two sets is for the
administrator to say: we create them and assign nobody.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

from connectors.base import FieldSpec, SchemaStep
from connectors.errors import Fatal
from connectors.salesforce import detail, soql
from connectors.salesforce.client import Client
from connectors.salesforce.metadata import Element, MetadataApi, add, children_of, component, put, text_of

#: Custom permission whose holders our validation rules let through.
BYPASS = "Tierline_Bypass"


@dataclass(frozen=True)
class Role:
    """One permission set. `machine`: it edits everything of ours, may bypass our rules and is ours to assign."""

    name: str
    label: str
    description: str
    machine: bool = False


INTEGRATION = Role(
    "Tierline_Integration",
    "Tierline Integration",
    "Lets the integration user read and write the fields that Tierline installs.",
    machine=True,
)
DATA_OWNER = Role(
    "Tierline_Data_Owner",
    "Tierline Data Owner",
    "Lets the people who own segmentation data see all of it and mend what people choose.",
)
ROLES = (
    INTEGRATION,
    Role("Tierline_Seller", "Tierline Seller", "Lets sellers see tier and reasons, and choose segment and profile."),
    DATA_OWNER,
)


@dataclass(frozen=True)
class Access:
    """What a permission set grants today."""

    element: Element | None
    editable: frozenset[str]
    readable: frozenset[str]
    assigned: bool
    bypasses: bool = False
    sees_details: bool = True

    def lacking(self, role: Role, fields: dict[str, FieldSpec]) -> list[str]:
        """Full names of fields the role should edit or read and does not."""
        return [
            name
            for name, spec in fields.items()
            if name not in (self.editable if role.machine or spec.people_edit else self.readable)
        ]


class PermissionSets:
    """Plans and grants access to fields, by their full names ("Account.Tier__c")."""

    def __init__(self, metadata: MetadataApi, client: Client, user_id: str) -> None:
        self._metadata = metadata
        self._client = client
        self._user_id = user_id

    def steps(self, fields: dict[str, FieldSpec], *, bypass: bool = False) -> list[SchemaStep]:
        existing = self._metadata.read("PermissionSet", [role.name for role in ROLES])
        return [self._step(role, existing.get(role.name), fields, bypass=bypass) for role in ROLES]

    def _step(self, role: Role, element: Element | None, fields: dict[str, FieldSpec], *, bypass: bool) -> SchemaStep:
        target = f'Permission set "{role.label}"'
        access = self._access(role, element)
        lacking = access.lacking(role, fields)
        details = detail.wanted(fields.values()) and not access.sees_details
        if element is None:
            creates = (f"PermissionSet {role.name}",)
            return SchemaStep("+", target, _new(role, fields), creates=creates)
        notes = [f"access to {_count(len(lacking))} more"] if lacking else []
        if details:
            notes.append(detail.told(edit=role.machine))
        if role.machine and bypass and not access.bypasses:
            notes.append("may bypass our validation rules")
        if role.machine and not access.assigned:
            notes.append("assigned to the integration user")
        return SchemaStep("~" if notes else "=", target, "; ".join(notes) or "unchanged")

    def grant(self, fields: dict[str, FieldSpec], *, bypass: bool = False) -> None:
        """Brings the sets to what the roles need and assigns ours. Grants that others added stay."""
        for element in self.elements(fields, bypass=bypass):
            self._metadata.upsert("PermissionSet", [element])
        if not self._is_assigned(INTEGRATION):
            self._assign(INTEGRATION)

    def elements(self, fields: dict[str, FieldSpec], *, bypass: bool = False) -> list[Element]:
        """The sets that have to change, as they should be."""
        existing = self._metadata.read("PermissionSet", [role.name for role in ROLES])
        found = []
        for role in ROLES:
            access = self._access(role, existing.get(role.name))
            wants_bypass = role.machine and bypass and not access.bypasses
            details = detail.wanted(fields.values()) and not access.sees_details
            if access.element is None or access.lacking(role, fields) or wants_bypass or details:
                found.append(permission_set(role, fields, access.element, wants_bypass))
        return found

    def _access(self, role: Role, element: Element | None) -> Access:
        if element is None:
            return Access(None, frozenset(), frozenset(), assigned=False)
        granted = children_of(element, "fieldPermissions")
        editable = frozenset(text_of(each, "field") for each in granted if text_of(each, "editable") == "true")
        readable = frozenset(text_of(each, "field") for each in granted if text_of(each, "readable") == "true")
        bypasses = any(
            text_of(entry, "name") == BYPASS and text_of(entry, "enabled") == "true"
            for entry in children_of(element, "customPermissions")
        )
        sees_details = detail.is_allowed(element, edit=role.machine)
        return Access(element, editable, readable, role.machine and self._is_assigned(role), bypasses, sees_details)

    def _is_assigned(self, role: Role) -> bool:
        query = soql.select(
            ["Id"],
            "PermissionSetAssignment",
            f"AssigneeId = {soql.literal(self._user_id)}",
            f"PermissionSet.Name = {soql.literal(role.name)}",
        )
        return bool(self._client.query(query)["records"])

    def _assign(self, role: Role) -> None:
        query = soql.select(["Id"], "PermissionSet", f"Name = {soql.literal(role.name)}")
        found = self._client.query(query)["records"]
        if not found:
            raise Fatal(
                f'Permission set "{role.label}" was created but cannot be found by the integration user.',
                next_step=f'Assign the permission set "{role.label}" to the integration user in Setup.',
            )
        assignment = {"AssigneeId": self._user_id, "PermissionSetId": found[0]["Id"]}
        self._client.send("POST", "sobjects/PermissionSetAssignment/", assignment, {})


def permission_set(role: Role, fields: dict[str, FieldSpec], existing: Element | None, bypass: bool) -> Element:
    """The set with what the role needs, and with whatever it grants besides."""
    element = copy.deepcopy(existing) if existing is not None else _new_set(role)
    for name, spec in fields.items():
        _allow(element, name, edit=role.machine or spec.people_edit)
    if detail.wanted(fields.values()):
        detail.allow(element, edit=role.machine)
    if bypass:
        entry = add(element, "customPermissions")
        put(entry, "enabled", "true")
        put(entry, "name", BYPASS)
    return element


def _new_set(role: Role) -> Element:
    element = component(role.name)
    put(element, "label", role.label)
    put(element, "description", role.description)
    put(element, "hasActivationRequired", "false")
    return element


def _allow(element: Element, field: str, *, edit: bool) -> None:
    for entry in children_of(element, "fieldPermissions"):
        if text_of(entry, "field") == field:
            break
    else:
        entry = add(element, "fieldPermissions")
        put(entry, "field", field)
    put(entry, "editable", "true" if edit or text_of(entry, "editable") == "true" else "false")
    put(entry, "readable", "true")


def _new(role: Role, fields: dict[str, FieldSpec]) -> str:
    details = f"; {detail.told(edit=role.machine)}" if detail.wanted(fields.values()) else ""
    if role.machine:
        return f"edit access to {_count(len(fields))}, assigned to the integration user{details}"
    chosen = sum(spec.people_edit for spec in fields.values())
    return f"edit access to {_count(chosen)}, read access to {len(fields) - chosen}; assigned to nobody{details}"


def _count(number: int) -> str:
    return f"{number} field" if number == 1 else f"{number} fields"
