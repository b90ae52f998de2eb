"""CustomPermission: what rules of the org may ask of whoever saves."""

from __future__ import annotations

import re

from connectors.sandbox.org.rules import PERMISSION, RULE, rules_of
from connectors.sandbox.salesforce_api.catalog import Catalog, MetadataError, Mode, find_component
from connectors.sandbox.salesforce_api.metadata_components import check_mode, check_name, saved
from connectors.sandbox.salesforce_api.xmltree import Node, branch, leaf, optional

_MAX_NAME = 80


def names(catalog: Catalog) -> list[str]:
    return list(catalog.components(PERMISSION))


def read(catalog: Catalog, full_name: str) -> Node | None:
    found = find_component(catalog, PERMISSION, full_name)
    if found is None:
        return None
    name, body = found
    return branch(
        "records",
        leaf("fullName", name),
        optional("description", str(body["description"])),
        leaf("isLicensed", False),
        leaf("label", str(body["label"])),
        type=PERMISSION,
    )


def save(catalog: Catalog, node: Node, mode: Mode) -> bool:
    full_name = node.get("fullName")
    check_name(full_name, _MAX_NAME)
    existing = find_component(catalog, PERMISSION, full_name)
    check_mode(mode, PERMISSION, full_name, exists=existing is not None)
    if not node.get("label"):
        raise MetadataError("REQUIRED_FIELD_MISSING", "Required fields are missing: [label]", ("label",))
    name = existing[0] if existing else full_name
    catalog.save_component(PERMISSION, name, {"label": node.get("label"), "description": node.get("description")})
    return existing is None


def delete(catalog: Catalog, full_name: str) -> None:
    name, _ = saved(catalog, PERMISSION, full_name)
    mention = re.compile(rf"\$Permission\.{name}\b", re.IGNORECASE)
    rules = rules_of(catalog.components(RULE)).items()
    users = [rule_name for rule_name, rule in rules if mention.search(rule.formula)]
    if users:
        raise MetadataError(
            "DEPENDENCY_EXISTS", f"This custom permission is referenced elsewhere: Validation Rule {users[0]}"
        )
    catalog.delete_component(PERMISSION, name)
