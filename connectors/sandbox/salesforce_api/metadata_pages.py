"""CustomLabel, ListView and FlexiPage: what they name has to exist when they are saved."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.sandbox.org.components import Body
from connectors.sandbox.salesforce_api.catalog import Catalog, MetadataError, Mode, find_component, find_object
from connectors.sandbox.salesforce_api.metadata_components import check_mode, check_name, saved
from connectors.sandbox.salesforce_api.xmltree import Node, branch, leaf

LABEL, LIST, PAGE = "CustomLabel", "ListView", "FlexiPage"
_BUNDLE = "LightningComponentBundle"
_OPERATIONS = frozenset(
    {"equals", "notEqual", "lessThan", "greaterThan", "lessOrEqual", "greaterOrEqual", "contains", "notContain",
     "startsWith", "includes", "excludes", "within"}
)  # fmt: skip
_SCOPES = frozenset({"Everything", "Mine", "MineAndMyGroups", "Queue", "Delegated", "MyTerritory", "MyTeamTerritory"})
#: Columns of accounts that have names of their own in list views.
_OWN_COLUMNS = frozenset({
    "ACCOUNT.NAME", "ACCOUNT.TYPE", "ACCOUNT.INDUSTRY", "ACCOUNT.PHONE1", "ACCOUNT.SITE", "ACCOUNT.ADDRESS1_STATE",
    "CORE.USERS.ALIAS", "CORE.USERS.FULL_NAME", "ACCOUNT.LAST_ACTIVITY", "ACCOUNT.CREATED_DATE",
})  # fmt: skip


def _needed(node: Node, *tags: str) -> None:
    for tag in tags:
        if not node.has(tag):
            raise MetadataError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{tag}]", (tag,))


def _stored(catalog: Catalog, kind: str, node: Node, mode: Mode) -> bool:
    full_name = node.get("fullName")
    existing = find_component(catalog, kind, full_name)
    check_mode(mode, kind, full_name, exists=existing is not None)
    catalog.save_component(
        kind, existing[0] if existing else full_name, {"children": [_json(c) for c in node.children]}
    )
    return existing is None


def _json(node: Node) -> Body:
    return {"name": node.name, "text": node.text.strip(), "children": [_json(child) for child in node.children]}


def _node(body: Body) -> Node:
    return Node(body["name"], body["text"], tuple(_node(child) for child in body["children"]))


def _read(catalog: Catalog, kind: str, full_name: str) -> Node | None:
    found = find_component(catalog, kind, full_name)
    if found is None:
        return None
    children = [_node(each) for each in found[1]["children"] if each["name"] != "fullName"]
    return branch("records", leaf("fullName", found[0]), *children, type=kind)


def _gone(catalog: Catalog, kind: str, full_name: str) -> str:
    found = saved(catalog, kind, full_name)
    catalog.delete_component(kind, found[0])
    return found[0]


# --- labels -----------------------------------------------------------------------------------------------


def label_names(catalog: Catalog) -> list[str]:
    return list(catalog.components(LABEL))


def read_label(catalog: Catalog, full_name: str) -> Node | None:
    return _read(catalog, LABEL, full_name)


def save_label(catalog: Catalog, node: Node, mode: Mode) -> bool:
    check_name(node.get("fullName"), 80)
    _needed(node, "language", "protected", "shortDescription", "value")
    if len(node.get("value")) > 1000:
        raise MetadataError("STRING_TOO_LONG", "Value: data value too large (max length=1000)", ("value",))
    if len(node.get("shortDescription")) > 80:
        raise MetadataError("STRING_TOO_LONG", "Short Description: data value too large (max length=80)")
    return _stored(catalog, LABEL, node, mode)


def delete_label(catalog: Catalog, full_name: str) -> None:
    from connectors.sandbox.salesforce_api.metadata_bundles import modules_with_label

    for bundle in modules_with_label(catalog, full_name):
        raise MetadataError(
            "DEPENDENCY_EXISTS", f"{full_name} is referenced elsewhere: Lightning Web Component {bundle}"
        )
    _gone(catalog, LABEL, full_name)


def all_labels(catalog: Catalog) -> list[str]:
    """The file of all labels is there as soon as one is."""
    return ["CustomLabels"] if catalog.components(LABEL) else []


def read_all(catalog: Catalog, full_name: str) -> Node | None:
    found = [_read(catalog, LABEL, name) for name in label_names(catalog)]
    labels = [Node("labels", children=each.children) for each in found if each]
    return branch("records", leaf("fullName", "CustomLabels"), *labels, type="CustomLabels") if labels else None


def save_all(catalog: Catalog, node: Node, mode: Mode) -> bool:
    return False  # its labels are components of their own


def delete_all(catalog: Catalog, full_name: str) -> None:
    raise MetadataError("INVALID_CROSS_REFERENCE_KEY", "Labels are deleted one by one, as CustomLabel")


# --- list views --------------------------------------------------------------------------------------------


def list_names(catalog: Catalog) -> list[str]:
    return list(catalog.components(LIST))


def read_list(catalog: Catalog, full_name: str) -> Node | None:
    return _read(catalog, LIST, full_name)


def save_list(catalog: Catalog, node: Node, mode: Mode) -> bool:
    full_name = node.get("fullName")
    owner, _, name = full_name.partition(".")
    definition = find_object(catalog, owner)
    if definition is None:
        raise MetadataError("INVALID_CROSS_REFERENCE_KEY", f"no CustomObject named {owner} found")
    check_name(name, 40)
    _needed(node, "filterScope", "label")
    if len(node.get("label")) > 40:
        raise MetadataError("STRING_TOO_LONG", "View Name: data value too large (max length=40)", ("label",))
    if node.get("filterScope") not in _SCOPES:
        raise MetadataError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", f"{node.get('filterScope')} is no scope")
    for filter_ in node.all("filters"):
        if filter_.get("operation") not in _OPERATIONS:
            raise MetadataError("FIELD_INTEGRITY_EXCEPTION", f"{filter_.get('operation')} is no filter operation")
    columns = [each.text.strip() for each in node.all("columns")] + [each.get("field") for each in node.all("filters")]
    for column in columns:
        # unverified: custom fields by their own name, standard ones by the list view's names (ACCOUNT.NAME).
        field = definition.find(column)
        if column not in _OWN_COLUMNS and (field is None or not field.custom):
            raise MetadataError("FIELD_INTEGRITY_EXCEPTION", f"Could not resolve list view column: {column}")
    return _stored(catalog, LIST, node, mode)


def delete_list(catalog: Catalog, full_name: str) -> None:
    _gone(catalog, LIST, full_name)


# --- pages -------------------------------------------------------------------------------------------------


def page_names(catalog: Catalog) -> list[str]:
    return list(catalog.components(PAGE))


def read_page(catalog: Catalog, full_name: str) -> Node | None:
    return _read(catalog, PAGE, full_name)


def save_page(catalog: Catalog, node: Node, mode: Mode) -> bool:
    check_name(node.get("fullName"), 80)
    _needed(node, "masterLabel", "template", "type")
    if node.get("type") == "RecordPage":
        _needed(node, "sobjectType")
        if find_object(catalog, node.get("sobjectType")) is None:
            raise MetadataError("INVALID_CROSS_REFERENCE_KEY", f"no CustomObject named {node.get('sobjectType')} found")
    identifiers = list(_inside(node, "identifier"))
    if len(set(identifiers)) < len(identifiers):
        raise MetadataError("FIELD_INTEGRITY_EXCEPTION", "Each component of a page has an identifier of its own")
    for name in _inside(node, "componentName"):
        namespace, _, own = name.partition(":")
        if namespace == "c" or not own:
            _check_placed(catalog, own or namespace, node.get("type"))
    return _stored(catalog, PAGE, node, mode)


def _check_placed(catalog: Catalog, name: str, page: str) -> None:
    # unverified: the wording for a component that is not there, or not made for pages of this type.
    found = find_component(catalog, _BUNDLE, name)
    if found is None:
        raise MetadataError("FIELD_INTEGRITY_EXCEPTION", f"We couldn't retrieve or load the component 'c:{name}'.")
    if not found[1]["exposed"] or f"lightning__{page}" not in found[1]["targets"]:
        raise MetadataError("FIELD_INTEGRITY_EXCEPTION", f"The component 'c:{name}' isn't available for {page} pages.")


def _inside(node: Node, tag: str) -> Iterator[str]:
    for child in node.children:
        if child.name == tag:
            yield child.text.strip()
        yield from _inside(child, tag)


def components_of(body: Body) -> set[str]:
    """Names of the components that a stored page shows, those of the org with `c:` before them."""
    found = {name for child in body["children"] for name in _inside(branch("page", _node(child)), "componentName")}
    return {name if ":" in name else f"c:{name}" for name in found}


def delete_page(catalog: Catalog, full_name: str) -> None:
    _gone(catalog, PAGE, full_name)
