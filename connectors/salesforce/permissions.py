"""Access to the fields we install: a permission set of our own, assigned to the integration user.

A field created through the Metadata API is visible to nobody until someone grants it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.base import SchemaStep
from connectors.errors import Fatal
from connectors.salesforce import soql
from connectors.salesforce.client import Client
from connectors.salesforce.metadata import Element, MetadataApi, add, children_of, component, put, text_of

NAME = "Tierline_Integration"
LABEL = "Tierline Integration"
_TARGET = f'Permission set "{LABEL}"'


@dataclass(frozen=True)
class Access:
    """What the permission set grants today."""

    element: Element | None
    editable: frozenset[str]
    assigned: bool


class PermissionSet:
    """Plans and grants edit access to fields, by their full names ("Account.Tier__c")."""

    def __init__(self, metadata: MetadataApi, client: Client, user_id: str) -> None:
        self._metadata = metadata
        self._client = client
        self._user_id = user_id

    def step(self, fields: Sequence[str]) -> SchemaStep:
        access = self._access()
        lacking = [field for field in fields if field not in access.editable]
        if access.element is None:
            detail = f"edit access to {_count(len(fields))}, assigned to the integration user"
            return SchemaStep("+", _TARGET, detail, creates=(f"PermissionSet {NAME}",))
        notes = [f"edit access to {_count(len(lacking))} more"] if lacking else []
        if not access.assigned:
            notes.append("assigned to the integration user")
        return SchemaStep("~" if notes else "=", _TARGET, "; ".join(notes) or "unchanged")

    def grant(self, fields: Sequence[str]) -> None:
        """Brings the set to edit access for `fields` and assigns it. Grants that others added stay."""
        access = self._access()
        if access.element is None or not access.editable.issuperset(fields):
            element = access.element if access.element is not None else _new_set()
            for field in fields:
                _allow_edit(element, field)
            self._metadata.upsert("PermissionSet", [element])
        if not access.assigned:
            self._assign()

    def _access(self) -> Access:
        element = self._metadata.read("PermissionSet", [NAME]).get(NAME)
        if element is None:
            return Access(None, frozenset(), assigned=False)
        editable = frozenset(
            text_of(entry, "field")
            for entry in children_of(element, "fieldPermissions")
            if text_of(entry, "editable") == "true"
        )
        query = soql.select(
            ["Id"],
            "PermissionSetAssignment",
            f"AssigneeId = {soql.literal(self._user_id)}",
            f"PermissionSet.Name = {soql.literal(NAME)}",
        )
        return Access(element, editable, assigned=bool(self._client.query(query)["records"]))

    def _assign(self) -> None:
        found = self._client.query(soql.select(["Id"], "PermissionSet", f"Name = {soql.literal(NAME)}"))["records"]
        if not found:
            raise Fatal(
                f"{_TARGET} was created but cannot be found by the integration user.",
                next_step=f'Assign the permission set "{LABEL}" to the integration user in Setup.',
            )
        assignment = {"AssigneeId": self._user_id, "PermissionSetId": found[0]["Id"]}
        self._client.send("POST", "sobjects/PermissionSetAssignment/", assignment, {})


def _new_set() -> Element:
    element = component(NAME)
    put(element, "label", LABEL)
    put(element, "description", "Lets the integration user read and write the fields that Tierline installs.")
    put(element, "hasActivationRequired", "false")
    return element


def _allow_edit(element: Element, field: str) -> None:
    for entry in children_of(element, "fieldPermissions"):
        if text_of(entry, "field") == field:
            break
    else:
        entry = add(element, "fieldPermissions")
        put(entry, "field", field)
    put(entry, "editable", "true")
    put(entry, "readable", "true")


def _count(number: int) -> str:
    return f"{number} field" if number == 1 else f"{number} fields"
