"""Custom fields as Tooling API records: their ids, and their metadata as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from connectors.sandbox.org import ids
from connectors.sandbox.org.org import Org
from connectors.sandbox.org.schema import FieldDef, ObjectDef
from connectors.sandbox.salesforce_api import metadata_fields, metadata_types
from connectors.sandbox.salesforce_api.catalog import Catalog, Live, MetadataError, Mode, find_object
from connectors.sandbox.salesforce_api.xmltree import Node, from_json, leaf

TYPE = "CustomField"
_IDS = "custom_field_ids"
_NUMBERS = frozenset({"length", "precision", "scale", "visibleLines"})
_LISTS = frozenset({"value", "valueSettings", "controllingFieldValue", "picklistValues", "values"})


class ToolingError(Exception):
    """A refused request, as REST reports it."""

    def __init__(self, code: str, message: str, status: int = 400, fields: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.fields = fields


@dataclass(frozen=True)
class CustomField:
    """One custom field with its record id."""

    id: str
    definition: ObjectDef
    field: FieldDef

    @property
    def full_name(self) -> str:
        return f"{self.definition.name}.{self.field.name}"


class CustomFields:
    """All custom fields of an org as records."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._catalog: Catalog = Live(org)

    def __iter__(self) -> Iterator[CustomField]:
        known = self._ids()
        for definition in self._org.objects().values():
            for field in definition.fields.values():
                if field.custom:
                    yield CustomField(known[f"{definition.name}.{field.name}"], definition, field)

    def _ids(self) -> dict[str, str]:
        """Record ids by full name. They are given out in the order in which fields are first seen."""
        stored = self._org.setting(_IDS)
        known = {str(name): str(given) for name, given in stored.items()} if isinstance(stored, dict) else {}
        names = metadata_fields.names(self._catalog)
        new = [name for name in names if name not in known]
        for number, name in enumerate(new, start=len(known) + 1):
            known[name] = ids.make("00N", number)
        if new:
            self._org.set_setting(_IDS, known)
        return known

    def get(self, record_id: str) -> CustomField:
        wanted = ids.normalize(record_id)
        for found in self:
            if found.id == wanted:
                return found
        raise ToolingError("NOT_FOUND", "The requested resource does not exist", status=404)

    def create(self, content: Mapping[str, Any]) -> dict[str, Any]:
        full_name = str(content.get("FullName") or "")
        self._save(full_name, content, "create")
        definition = find_object(self._catalog, full_name.partition(".")[0])
        field = definition.find(full_name.partition(".")[2]) if definition else None
        assert definition is not None
        assert field is not None
        new_id = self._ids()[f"{definition.name}.{field.name}"]
        return {"id": new_id, "success": True, "errors": [], "warnings": [], "infos": []}

    def update(self, record_id: str, content: Mapping[str, Any]) -> None:
        self._save(self.get(record_id).full_name, content, "update")

    def delete(self, record_id: str) -> None:
        outcome = metadata_types.delete(self._catalog, TYPE, self.get(record_id).full_name)
        if outcome.error:
            raise _refused(outcome.error)

    def read(self, record_id: str, version: str) -> dict[str, Any]:
        found = self.get(record_id)
        return {
            "attributes": attributes(TYPE, found.id, version),
            **row(found),
            "Metadata": self.metadata(found),
            "FullName": found.full_name,
        }

    def metadata(self, found: CustomField) -> dict[str, Any]:
        node = metadata_fields.to_node(self._catalog, found.definition, found.field)
        content = to_json(replace(node, children=tuple(c for c in node.children if c.name != "fullName")))
        assert isinstance(content, dict)
        return content

    def _save(self, full_name: str, content: Mapping[str, Any], mode: Mode) -> None:
        metadata = content.get("Metadata")
        if not full_name or not isinstance(metadata, Mapping):
            missing = "Metadata" if full_name else "FullName"
            raise ToolingError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{missing}]", 400, (missing,))
        node = _with_full_names(from_json("metadata", metadata))
        node = replace(node, children=(leaf("fullName", full_name), *node.children))
        outcome = metadata_types.save(self._catalog, TYPE, node, mode)
        if outcome.error:
            raise _refused(outcome.error)


def _refused(error: MetadataError) -> ToolingError:
    return ToolingError(error.code, error.message, fields=error.fields)


def attributes(type_name: str, record_id: str, version: str) -> dict[str, str]:
    return {"type": type_name, "url": f"/services/data/{version}/tooling/sobjects/{type_name}/{record_id}"}


def row(found: CustomField) -> dict[str, Any]:
    """The plain columns of a CustomField record."""
    return {
        "Id": found.id,
        "DeveloperName": found.field.name.removesuffix("__c"),
        # For an object of the org's own the service gives the object's id; here it is the name in both cases.
        "TableEnumOrId": found.definition.name,
        "EntityDefinitionId": found.definition.name,
        "NamespacePrefix": None,
        "InlineHelpText": found.field.help or None,
        "Length": found.field.length or None,
        "Precision": found.field.precision or None,
        "Scale": found.field.scale if found.field.precision else None,
        "ManageableState": "unmanaged",
    }


def _with_full_names(node: Node) -> Node:
    """The Tooling API calls a picklist value's name `valueName`, the Metadata API `fullName`."""
    if node.name == "value" and not node.has("fullName"):
        renamed = (replace(c, name="fullName") if c.name == "valueName" else c for c in node.children)
        return replace(node, children=tuple(renamed))
    return replace(node, children=tuple(_with_full_names(child) for child in node.children))


def to_json(node: Node) -> Any:
    """The JSON form of a component's tree: types as the Tooling API gives them."""
    if not node.children:
        if node.nil:
            return None
        if node.text in ("true", "false"):
            return node.text == "true"
        return int(node.text) if node.name in _NUMBERS else node.text
    content: dict[str, Any] = {}
    for child in node.children:
        name = "valueName" if node.name in ("value", "values") and child.name == "fullName" else child.name
        value = to_json(child)
        if child.name in _LISTS:
            content.setdefault(name, []).append(value)
        else:
            content[name] = value
    return content
