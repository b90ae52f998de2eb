"""LeadConvertSettings: which custom field of a lead gives its value to which field when the lead is converted.

There is one per org, it is always there, and saving it replaces the mappings.
"""

from __future__ import annotations

from connectors.sandbox.salesforce_api.catalog import Catalog, MetadataError, Mode, find_object
from connectors.sandbox.salesforce_api.xmltree import Node, branch, leaf

COMPONENT = "LeadConvertSettings"
TARGETS = ("Account", "Contact", "Opportunity")
_OPTIONS = ("VisibleOptional", "VisibleRequired", "NotVisible")
Pair = tuple[str, str]


def names(catalog: Catalog) -> list[str]:
    return [COMPONENT]


def read(catalog: Catalog, full_name: str) -> Node | None:
    if full_name.lower() != COMPONENT.lower():
        return None
    body = catalog.components(COMPONENT).get(COMPONENT, {})
    mappings = [
        branch(
            "objectMapping",
            leaf("inputObject", "Lead"),
            *(branch("mappingFields", leaf("inputField", a), leaf("outputField", b)) for a, b in pairs),
            leaf("outputObject", target),
        )
        for target in TARGETS
        if (pairs := _living(catalog, target, body.get(target, [])))
    ]
    return branch(
        "records",
        leaf("fullName", COMPONENT),
        leaf("allowOwnerChange", bool(body.get("allowOwnerChange", False))),
        *mappings,
        leaf("opportunityCreationOptions", str(body.get("opportunityCreationOptions", _OPTIONS[0]))),
        type=COMPONENT,
    )


def _living(catalog: Catalog, target: str, pairs: list[Pair]) -> list[Pair]:
    """Mappings whose fields are both still there."""
    lead, other = find_object(catalog, "Lead"), find_object(catalog, target)
    assert lead is not None
    assert other is not None
    return [(a, b) for a, b in pairs if lead.find(a) is not None and other.find(b) is not None]


def save(catalog: Catalog, node: Node, mode: Mode) -> bool:
    """Replace the settings; they exist already in every org."""
    if node.get("fullName").lower() != COMPONENT.lower():
        raise MetadataError("INVALID_CROSS_REFERENCE_KEY", f"no {COMPONENT} named {node.get('fullName')} found")
    if mode == "create":
        raise MetadataError("DUPLICATE_DEVELOPER_NAME", f"{COMPONENT} exist already", ("fullName",))
    body: dict[str, object] = {
        "allowOwnerChange": node.flag("allowOwnerChange"),
        "opportunityCreationOptions": node.get("opportunityCreationOptions") or _OPTIONS[0],
    }
    if body["opportunityCreationOptions"] not in _OPTIONS:
        raise MetadataError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "opportunityCreationOptions has no such value")
    for mapping in node.all("objectMapping"):
        target = mapping.get("outputObject")
        if mapping.get("inputObject") != "Lead" or target not in TARGETS or target in body:
            raise MetadataError(
                "FIELD_INTEGRITY_EXCEPTION",
                f"A mapping leads from Lead to one of {', '.join(TARGETS)}, once each",
                ("objectMapping",),
            )
        body[target] = [_pair(catalog, target, each) for each in mapping.all("mappingFields")]
    catalog.save_component(COMPONENT, COMPONENT, body)
    return False


def _pair(catalog: Catalog, target: str, node: Node) -> Pair:
    """Both fields exist, are custom, and hold the same type."""
    found = []
    for object_name, name in (("Lead", node.get("inputField")), (target, node.get("outputField"))):
        definition = find_object(catalog, object_name)
        field = definition.find(name) if definition else None
        if field is None or not field.custom:
            message = f"no custom field named {object_name}.{name} found"
            raise MetadataError("INVALID_CROSS_REFERENCE_KEY", message, ("mappingFields",))
        found.append(field)
    if found[0].type != found[1].type:
        raise MetadataError(
            "FIELD_INTEGRITY_EXCEPTION",
            f"{found[0].name} and {found[1].name} are of different types",
            ("mappingFields",),
        )
    return found[0].name, found[1].name


def delete(catalog: Catalog, full_name: str) -> None:
    raise MetadataError("INVALID_TYPE_FOR_OPERATION", f"{COMPONENT} cannot be deleted")
