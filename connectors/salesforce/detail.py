"""The object of our own that stands beside the account: one record per account, seen by whoever sees the account.

Its records go by the account's id: an external id field holds it, so that a record is made or changed by one call and
never twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from connectors.base import FieldSpec, SchemaStep
from connectors.salesforce.kinds import DETAIL, DETAIL_KEY, DETAIL_PARENT
from connectors.salesforce.metadata import Element, MetadataApi, add, child_of, component, put, text_of

KIND = "detail"
KEY = FieldSpec(
    KIND, DETAIL_KEY, "Account key", "text", "Id of the account this record belongs to.", length=18, key=True
)


def wanted(specs: Iterable[FieldSpec]) -> bool:
    """Whether any of these fields lives on the object."""
    return any(spec.kind == KIND for spec in specs)


def with_key(specs: Sequence[FieldSpec]) -> list[FieldSpec]:
    """The specs, and that of the key where the object is wanted."""
    return [*specs, KEY] if wanted(specs) and KEY not in specs else list(specs)


def missing(metadata: MetadataApi, specs: Iterable[FieldSpec]) -> bool:
    """Whether the object is wanted and not there."""
    return wanted(specs) and not metadata.read("CustomObject", [DETAIL])


def step(metadata: MetadataApi, specs: Sequence[FieldSpec]) -> list[SchemaStep]:
    """What is to be done about the object itself."""
    if not wanted(specs):
        return []
    found = metadata.read("CustomObject", [DETAIL]).get(DETAIL)
    if found is None:
        told = "a record beside each account, seen by whoever sees the account"
        return [SchemaStep("+", DETAIL, told, creates=(f"CustomObject {DETAIL}",))]
    parents = metadata.read("CustomField", [f"{DETAIL}.{DETAIL_PARENT}"])
    parent = parents.get(f"{DETAIL}.{DETAIL_PARENT}")
    if parent is None or text_of(parent, "type") != "MasterDetail" or text_of(parent, "referenceTo") != "Account":
        return [SchemaStep("!", DETAIL, f"exists without {DETAIL_PARENT}, the master-detail field to Account we need")]
    return [SchemaStep("=", DETAIL, "unchanged")]


def definition() -> Element:
    """The object with its master; the other fields come one by one."""
    element = component(DETAIL)
    put(element, "label", "Tierline Detail")
    put(element, "pluralLabel", "Tierline Details")
    put(element, "description", "Scores, reasons and playbook of an account, kept by Tierline.")
    put(element, "deploymentStatus", "Deployed")
    put(element, "sharingModel", "ControlledByParent")
    name = add(element, "nameField")
    put(name, "label", "Detail number")
    put(name, "type", "AutoNumber")
    put(name, "displayFormat", "TD-{00000000}")
    element.append(master())
    return element


def master() -> Element:
    """The master-detail field to the account, as a child of its object."""
    field = component(DETAIL_PARENT)
    field.tag = field.tag.replace("component", "fields")
    put(field, "label", "Account")
    put(field, "type", "MasterDetail")
    put(field, "referenceTo", "Account")
    put(field, "relationshipName", "Tierline_Details")
    put(field, "relationshipLabel", "Tierline Details")
    put(field, "relationshipOrder", "0")
    # unverified: an upsert that names the same master again passes where the master may be changed.
    put(field, "reparentableMasterDetail", "true")
    put(field, "writeRequiresMasterRead", "false")
    return field


def allow(element: Element, *, edit: bool) -> None:
    """Give a permission set access to the object; grants that are there stay."""
    granted = granted_on(element)
    wanted_flags = {"allowRead": True, "allowCreate": edit, "allowEdit": edit, "allowDelete": edit}
    flags = wanted_flags | {"viewAllRecords": edit, "modifyAllRecords": False}
    entry = granted if granted is not None else add(element, "objectPermissions")
    put(entry, "object", DETAIL)
    for flag, value in flags.items():
        put(entry, flag, "true" if value or text_of(entry, flag) == "true" else "false")


def is_allowed(element: Element, *, edit: bool) -> bool:
    """Whether a permission set gives that access already."""
    granted = granted_on(element)
    needed = ("allowRead", "allowCreate", "allowEdit", "allowDelete") if edit else ("allowRead",)
    return granted is not None and all(text_of(granted, flag) == "true" for flag in needed)


def granted_on(element: Element) -> Element | None:
    """The entry of a permission set for the object."""
    for entry in element.findall(f"{element.tag.partition('}')[0]}}}objectPermissions"):
        if child_of(entry, "object") is not None and text_of(entry, "object") == DETAIL:
            return entry
    return None
