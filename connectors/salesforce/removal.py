"""Taking our components away again: only what our own plans created, dependent ones first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.base import SchemaPlan, SchemaStep
from connectors.salesforce import notification_type, pages
from connectors.salesforce.client import Client
from connectors.salesforce.lead_conversion import LeadConversion
from connectors.salesforce.metadata import MetadataApi, child_of, text_of

#: Deleted in this order: nothing that is still referred to can go.
ORDER = (
    *("ValidationRule", "PermissionSet", "CustomPermission", notification_type.KIND),
    *("CustomField", "CustomObject", "GlobalValueSet"),
)
#: What goes in any case: it holds no data.
_LOSES = {"CustomField": "deleted with all its values", "CustomObject": "deleted with all its records"}
_WITHOUT_DATA = frozenset({"ValidationRule", "PermissionSet", "CustomPermission", notification_type.KIND})


def plan(metadata: MetadataApi, created: Sequence[str], *, delete_data: bool) -> SchemaPlan:
    """A step per component that still exists; pages first, which show the others."""
    pages_gone = pages.removal(metadata, list(created))
    return SchemaPlan((*pages_gone, *_steps(metadata, created, delete_data=delete_data)))


def _steps(metadata: MetadataApi, created: Sequence[str], *, delete_data: bool) -> Iterator[SchemaStep]:
    for component_type in ORDER:
        names = sorted(name for kind, _, name in (each.partition(" ") for each in created) if kind == component_type)
        # An object takes its fields along.
        names = [name for name in names if "." not in name or f"CustomObject {name.partition('.')[0]}" not in created]
        found = metadata.read(component_type, names) if names else {}
        for name in sorted(found, key=lambda each: (not _depends(found[each]), each)):
            if component_type in _WITHOUT_DATA:
                yield SchemaStep("-", f"{component_type} {name}", "deleted; holds no data")
            elif delete_data:
                detail = _LOSES.get(component_type, "deleted")
                yield SchemaStep("-", f"{component_type} {name}", detail)
            else:
                yield SchemaStep("=", f"{component_type} {name}", "stays, with its data")


def _depends(element: object) -> bool:
    """A dependent picklist goes before the field that controls it."""
    value_set = child_of(element, "valueSet")
    return value_set is not None and bool(text_of(value_set, "controllingField"))


def remove(metadata: MetadataApi, client: Client, plan: SchemaPlan) -> None:
    """Delete what the plan says: the pages together, then the rest one at a time, in its order."""
    pages.remove(client, plan)
    fields = [step.target.partition(" ")[2] for step in plan.changes if step.target.startswith("CustomField ")]
    if on_leads := [name.partition(".")[2] for name in fields if name.startswith("Lead.")]:
        LeadConversion(metadata).forget(on_leads)
    for step in plan.changes:
        component_type, _, name = step.target.partition(" ")
        if component_type not in pages.TYPES and name in metadata.read(component_type, [name]):
            metadata.delete(component_type, [name])
