"""The object of our own that stands beside the account: one record per account, seen by whoever sees the account.

Its records go by the account's id: an external id field holds it, so that a record is made or changed by one call and
never twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from connectors.base import FieldSpec, SchemaStep
from connectors.salesforce.kinds import DETAIL, DETAIL_KEY, DETAIL_PARENT
from connectors.salesforce.metadata import Element, MetadataApi, add, children_of, component, put, text_of

KIND = "detail"
#: The detail records of an account, as a child relationship.
RELATIONSHIP = "Tierline_Details"
_MASTER = "Account"
_FLAGS = ("allowCreate", "allowDelete", "allowEdit", "allowRead", "modifyAllRecords", "viewAllRecords")
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
        meant = "a record beside each account, seen by whoever sees the account"
        return [SchemaStep("+", DETAIL, meant, creates=(f"CustomObject {DETAIL}",))]
    parents = metadata.read("CustomField", [f"{DETAIL}.{DETAIL_PARENT}"])
    parent = parents.get(f"{DETAIL}.{DETAIL_PARENT}")
    if parent is None or text_of(parent, "type") != "MasterDetail" or text_of(parent, "referenceTo") != _MASTER:
        return [SchemaStep("!", DETAIL, f"exists without {DETAIL_PARENT}, the master-detail field to Account we need")]
    if text_of(parent, "reparentableMasterDetail") != "true":
        return [
            SchemaStep("!", DETAIL, f"exists, and {DETAIL_PARENT} does not allow reparenting, which our writes need")
        ]
    return [SchemaStep("=", DETAIL, "unchanged")]


def definition() -> Element:
    """The object with its master, without which its records could not be controlled by their parent."""
    # unverified: one upsertMetadata call creates an object together with the master-detail field inside it.
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
    put(field, "referenceTo", _MASTER)
    put(field, "relationshipName", RELATIONSHIP)
    put(field, "relationshipLabel", "Tierline Details")
    put(field, "relationshipOrder", "0")
    # unverified: an upsert that names the same master again passes where the master may be changed.
    put(field, "reparentableMasterDetail", "true")
    put(field, "writeRequiresMasterRead", "false")
    return field


def told(*, edit: bool) -> str:
    """The access that a permission set gets, in a plan's words."""
    return (
        f"{'edit' if edit else 'read'} access to {DETAIL}, which needs read access to {'all ' if edit else ''}accounts"
    )


def allow(element: Element, *, edit: bool) -> None:
    """Give a permission set access to the object and what that needs on its master; grants that are there stay."""
    for name, flags in _needed(edit=edit).items():
        granted = _granted_on(element, name)
        entry = granted if granted is not None else add(element, "objectPermissions")
        put(entry, "object", name)
        for flag in _FLAGS:
            put(entry, flag, "true" if flag in flags or text_of(entry, flag) == "true" else "false")


def is_allowed(element: Element, *, edit: bool) -> bool:
    """Whether a permission set gives that access already."""
    for name, flags in _needed(edit=edit).items():
        granted = _granted_on(element, name)
        if granted is None or any(text_of(granted, flag) != "true" for flag in flags):
            return False
    return True


def _needed(*, edit: bool) -> dict[str, frozenset[str]]:
    """Object -> flags. Salesforce refuses access to a detail in a set that does not give it to the master too."""
    if not edit:
        return {_MASTER: frozenset({"allowRead"}), DETAIL: frozenset({"allowRead"})}
    seen = frozenset({"allowRead", "viewAllRecords"})
    return {_MASTER: seen, DETAIL: seen | {"allowCreate", "allowEdit", "allowDelete"}}


def _granted_on(element: Element, name: str) -> Element | None:
    """The entry of a permission set for an object."""
    found = (entry for entry in children_of(element, "objectPermissions") if text_of(entry, "object") == name)
    return next(found, None)
