"""Record types: each has its own choice of picklist values, and refuses the others however valid they are.

A type that lacks values of ours is offered for the same treatment as the lists: read, merged, written. What a type
allows besides, and its defaults, stay.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence

from connectors.base import FieldSpec, SchemaStep
from connectors.salesforce import soql
from connectors.salesforce.client import Client
from connectors.salesforce.kinds import only_source
from connectors.salesforce.metadata import Element, MetadataApi, add, children_of, put, text_of


class RecordTypes:
    """The active record types of the objects that carry our picklists."""

    def __init__(self, metadata: MetadataApi, client: Client) -> None:
        self._metadata = metadata
        self._client = client

    def steps(self, specs: Sequence[FieldSpec]) -> list[SchemaStep]:
        """A step per record type that lacks one of our values; none for those that have all."""
        return [
            SchemaStep("~", f"Record type {name}", _words(lacking))
            for name, element in self._read(specs).items()
            if (lacking := _lacking(element, specs))
        ]

    def apply(self, specs: Sequence[FieldSpec]) -> None:
        """Bring every record type to allow our values too."""
        for element in self.elements(specs):
            self._metadata.upsert("RecordType", [element])

    def elements(self, specs: Sequence[FieldSpec]) -> list[Element]:
        """The record types that have to change, as they should be."""
        return [
            _with(element, lacking) for element in self._read(specs).values() if (lacking := _lacking(element, specs))
        ]

    def _read(self, specs: Sequence[FieldSpec]) -> Mapping[str, Element]:
        owners = sorted({only_source(spec.kind).name for spec in specs if spec.type == "picklist"})
        names: list[str] = []
        for owner in owners:
            query = soql.select(
                ["DeveloperName"], "RecordType", f"SobjectType = {soql.literal(owner)}", "IsActive = true"
            )
            names += [f"{owner}.{row['DeveloperName']}" for row in self._client.query(query)["records"]]
        return self._metadata.read("RecordType", sorted(names)) if names else {}


def _lacking(element: Element, specs: Sequence[FieldSpec]) -> dict[str, list[str]]:
    """Picklist -> keys of our active values that the record type does not allow."""
    owner = text_of(element, "fullName").partition(".")[0]
    allowed = {
        text_of(entry, "picklist"): {text_of(value, "fullName") for value in children_of(entry, "values")}
        for entry in children_of(element, "picklistValues")
    }
    found = {}
    for spec in specs:
        if spec.type == "picklist" and only_source(spec.kind).name == owner:
            missing = [
                value.key for value in spec.values if value.active and value.key not in allowed.get(spec.name, ())
            ]
            if missing:
                found[spec.name] = missing
    return found


def _with(element: Element, lacking: Mapping[str, Sequence[str]]) -> Element:
    merged = copy.deepcopy(element)
    present = {text_of(entry, "picklist"): entry for entry in children_of(merged, "picklistValues")}
    for picklist, keys in lacking.items():
        entry = present.get(picklist)
        if entry is None:
            entry = add(merged, "picklistValues")
            put(entry, "picklist", picklist)
        for key in keys:
            value = add(entry, "values")
            put(value, "fullName", key)
            put(value, "default", "false")
    return merged


def _words(lacking: Mapping[str, Sequence[str]]) -> str:
    return "; ".join(
        f"{picklist}: {len(keys)} value{'' if len(keys) == 1 else 's'} of ours allowed, {', '.join(keys[:4])}"
        + (" ..." if len(keys) > 4 else "")
        for picklist, keys in lacking.items()
    )
