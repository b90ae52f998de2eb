"""CustomNotificationType: what a notification may ring at, and the name by which a program finds it."""

from __future__ import annotations

from connectors.sandbox.org.notifications import TYPE
from connectors.sandbox.salesforce_api.catalog import Catalog, MetadataError, Mode, find_component
from connectors.sandbox.salesforce_api.metadata_components import check_mode, check_name, saved
from connectors.sandbox.salesforce_api.xmltree import Node, branch, leaf, optional

_LONGEST = 80
_REQUIRED = ("customNotifTypeName", "desktop", "masterLabel", "mobile")


def names(catalog: Catalog) -> list[str]:
    return list(catalog.components(TYPE))


def read(catalog: Catalog, full_name: str) -> Node | None:
    found = find_component(catalog, TYPE, full_name)
    if found is None:
        return None
    name, body = found
    return branch(
        "records",
        leaf("fullName", name),
        leaf("customNotifTypeName", str(body["label"])),
        optional("description", str(body["description"])),
        leaf("desktop", bool(body["desktop"])),
        leaf("masterLabel", str(body["label"])),
        leaf("mobile", bool(body["mobile"])),
        type=TYPE,
    )


def save(catalog: Catalog, node: Node, mode: Mode) -> bool:
    full_name = node.get("fullName")
    check_name(full_name, _LONGEST)
    existing = find_component(catalog, TYPE, full_name)
    check_mode(mode, TYPE, full_name, exists=existing is not None)
    missing = [name for name in _REQUIRED if not node.get(name)]
    if missing:
        raise MetadataError(
            "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", tuple(missing)
        )
    body = {
        "label": node.get("masterLabel"), "description": node.get("description"), "desktop": node.flag("desktop"),
        "mobile": node.flag("mobile"),
    }  # fmt: skip
    catalog.save_component(TYPE, existing[0] if existing else full_name, body)
    return existing is None


def delete(catalog: Catalog, full_name: str) -> None:
    catalog.delete_component(TYPE, saved(catalog, TYPE, full_name)[0])
