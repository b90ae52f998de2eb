"""Lead conversion: our fields of a lead hand their values to the account it becomes.

The org has one list of such mappings, and saving replaces it: it is read, merged and written.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping

from connectors.base import FieldSpec, SchemaStep
from connectors.salesforce.metadata import Element, MetadataApi, add, children_of, component, put, text_of

# unverified: upsertMetadata takes the lead conversion settings, and what it is given replaces all their mappings.
SETTINGS = "LeadConvertSettings"


class LeadConversion:
    """Plans and applies mappings from fields of leads to fields of accounts."""

    def __init__(self, metadata: MetadataApi) -> None:
        self._metadata = metadata

    def steps(self, specs: Iterable[FieldSpec]) -> list[SchemaStep]:
        """One step where a mapping is missing or there are some."""
        wanted = _wanted(specs)
        if not wanted:
            return []
        known = _mapped(self._read())
        lacking = {name: into for name, into in wanted.items() if known.get(name) != into}
        if not lacking:
            return [SchemaStep("=", "Lead conversion", "unchanged")]
        told = ", ".join(f"{name} to Account.{into}" for name, into in lacking.items())
        return [SchemaStep("~", "Lead conversion", f"hands on {told}; other mappings stay")]

    def apply(self, specs: Iterable[FieldSpec]) -> None:
        """Bring the settings to hold our mappings too."""
        wanted = _wanted(specs)
        if not wanted:
            return
        settings = self._read()
        known = _mapped(settings)
        if all(known.get(name) == into for name, into in wanted.items()):
            return
        self._metadata.upsert(SETTINGS, [_with(settings, {**known, **wanted})])

    def forget(self, names: Iterable[str]) -> None:
        """Take mappings of these fields of leads out."""
        gone = set(names)
        settings = self._read()
        known = _mapped(settings)
        if gone & known.keys():
            left = {name: into for name, into in known.items() if name not in gone}
            self._metadata.upsert(SETTINGS, [_with(settings, left)])

    def _read(self) -> Element:
        found = self._metadata.read(SETTINGS, [SETTINGS])
        return found.get(SETTINGS, component(SETTINGS))


def _wanted(specs: Iterable[FieldSpec]) -> dict[str, str]:
    return {spec.name: spec.converts_to for spec in specs if spec.kind == "lead" and spec.converts_to}


def _to_account(settings: Element) -> Element | None:
    return next(
        (each for each in children_of(settings, "objectMapping") if text_of(each, "outputObject") == "Account"), None
    )


def _mapped(settings: Element) -> dict[str, str]:
    """Field of a lead -> field of the account."""
    mapping = _to_account(settings)
    pairs = children_of(mapping, "mappingFields") if mapping is not None else []
    return {text_of(pair, "inputField"): text_of(pair, "outputField") for pair in pairs}


def _with(settings: Element, mapped: Mapping[str, str]) -> Element:
    """The settings with these mappings to the account; those to contact and opportunity stay."""
    element = copy.deepcopy(settings)
    present = _to_account(element)
    if present is not None:
        element.remove(present)
    if mapped:
        entry = add(element, "objectMapping")
        put(entry, "inputObject", "Lead")
        for name, into in mapped.items():
            pair = add(entry, "mappingFields")
            put(pair, "inputField", name)
            put(pair, "outputField", into)
        put(entry, "outputObject", "Account")
    return element
