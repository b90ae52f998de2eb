"""Picklists as Salesforce's metadata has them: lists of values, and which of them depend on which.

A value list is replaced whole, and a value left out is deactivated: `connectors.picklists` merges ours into it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from connectors.base import PicklistValue
from connectors.salesforce.metadata import Element, add, child_of, children_of, drop, put, text_of

Settings = Mapping[str, tuple[str, ...]]


def merge_settings(
    existing: Settings, wanted: Sequence[PicklistValue], controlling: Collection[str]
) -> tuple[Settings, tuple[str, ...]]:
    """Which controlling values each dependent value is valid for, and what changes.

    `controlling` are the controlling field's values that are ours: pairs with any other stay as they are.
    """
    merged = dict(existing)
    notes: list[str] = []
    for value in wanted:
        before = existing.get(value.key, ())
        foreign = tuple(parent for parent in before if parent not in controlling and parent not in value.parents)
        after = (*value.parents, *foreign)
        if set(before) != set(after) and value.active:
            notes.append(f'"{value.label}" is valid for {", ".join(after) or "nothing"}')
            merged[value.key] = after
    return merged, tuple(notes)


def read_values(parent: Element, tag: str) -> tuple[PicklistValue, ...]:
    """The values of a GlobalValueSet (tag "customValue") or a valueSetDefinition (tag "value")."""
    return tuple(
        PicklistValue(
            key=text_of(entry, "fullName"),
            label=text_of(entry, "label") or text_of(entry, "fullName"),
            active=text_of(entry, "isActive") != "false",
        )
        for entry in children_of(parent, tag)
    )


def write_values(parent: Element, tag: str, values: Sequence[PicklistValue]) -> None:
    """Brings the entries to `values`; what else an entry says (colour, default, description) is kept."""
    present = {text_of(entry, "fullName"): entry for entry in children_of(parent, tag)}
    for value in values:
        entry = present.get(value.key)
        if entry is None:
            entry = add(parent, tag)
            put(entry, "fullName", value.key)
            put(entry, "default", "false")
        if text_of(entry, "label") != value.label:
            put(entry, "label", value.label)
        if (text_of(entry, "isActive") != "false") != value.active:
            put(entry, "isActive", "true" if value.active else "false")


def read_settings(value_set: Element) -> Settings:
    return {
        text_of(entry, "valueName"): tuple(
            (child.text or "").strip() for child in children_of(entry, "controllingFieldValue")
        )
        for entry in children_of(value_set, "valueSettings")
    }


def write_settings(value_set: Element, settings: Settings) -> None:
    drop(value_set, "valueSettings")
    for name, parents in settings.items():
        entry = add(value_set, "valueSettings")
        for parent in parents:
            add(entry, "controllingFieldValue", parent)
        put(entry, "valueName", name)


def has_own_list(field: Element | None) -> bool:
    """Whether an existing field keeps its values itself instead of in a global value set."""
    value_set = child_of(field, "valueSet") if field is not None else None
    return value_set is not None and child_of(value_set, "valueSetDefinition") is not None
