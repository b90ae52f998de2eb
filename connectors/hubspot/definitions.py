"""One wanted property against one existing: what to create, what to change, and what to refuse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.base import Field, FieldSpec, FieldType
from connectors.hubspot.properties import type_of, values_of
from connectors.picklists import merge

#: The group our properties stand in, on every object.
GROUP, GROUP_LABEL = "tierline", "Tierline"
#: Field type -> type and fieldType of a property.
TYPES: Mapping[FieldType, tuple[str, str]] = {
    "picklist": ("enumeration", "select"),
    "text": ("string", "text"),
    "long_text": ("string", "textarea"),
    "date": ("date", "date"),
    "number": ("number", "number"),
    "checkbox": ("bool", "booleancheckbox"),
}
_YES_NO = [
    {"label": "Yes", "value": "true", "displayOrder": 0, "hidden": False},
    {"label": "No", "value": "false", "displayOrder": 1, "hidden": False},
]


@dataclass(frozen=True)
class Decision:
    """What to do about one property.

    Attributes:
        body: what to send; empty when the property is left alone.
        notes: what changes, in a plan's words.
        refusal: why the property cannot be brought to what the model needs.
    """

    body: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    refusal: str = ""
    new: bool = False


def decide(spec: FieldSpec, existing: Mapping[str, Any] | None) -> Decision:
    if existing is None:
        return Decision(definition(spec), (words(spec),), new=True)
    kind, rights = TYPES[spec.type][0], existing.get("modificationMetadata") or {}
    if type_of(existing) != kind:
        return Decision({}, refusal=f"is of type {type_of(existing)} in HubSpot, the model needs {words(spec)}")
    if spec.key and not existing.get("hasUniqueValue"):
        return Decision({}, refusal="does not ask for unique values, and HubSpot cannot be told to afterwards")
    body: dict[str, Any] = {}
    notes: list[str] = []
    if existing.get("label") != spec.label:
        notes.append(f'label "{existing.get("label")}" becomes "{spec.label}"')
        body["label"] = spec.label
    foreign: tuple[str, ...] = ()
    if spec.type == "picklist":
        merged = merge(tuple(values_of(existing)), spec.values)
        foreign = merged.foreign
        if merged.notes:
            notes += merged.notes
            body["options"] = _options(spec, existing, [value.key for value in merged.values])
    locked = rights.get("readOnlyDefinition") or (rights.get("readOnlyOptions") and "options" in body)
    if body and locked:
        return Decision({}, refusal=f"cannot be changed through the API ({'; '.join(notes)})")
    return Decision(body, tuple(notes), foreign)


def _options(spec: FieldSpec, existing: Mapping[str, Any], keys: list[str]) -> list[dict[str, Any]]:
    """The whole list, because it is replaced whole: what else an option says (description) is kept."""
    present = {str(option["value"]): option for option in existing.get("options") or ()}
    ours = {value.key: value for value in spec.values}
    options = []
    for place, key in enumerate(keys):
        option = {name: each for name, each in present.get(key, {}).items() if each is not None}
        option |= {"value": key, "displayOrder": place, "hidden": bool(option.get("hidden", False))}
        if key in ours:
            option |= {"label": ours[key].label, "hidden": not ours[key].active}
        options.append({"label": key, **option})
    return options


def definition(spec: FieldSpec) -> dict[str, Any]:
    """A new property."""
    kind, shown = TYPES[spec.type]
    body: dict[str, Any] = {
        "name": spec.name,
        "label": spec.label,
        "type": kind,
        "fieldType": shown,
        "groupName": GROUP,
        "description": spec.help,
        "formField": False,
    }
    if spec.type == "picklist":
        listed = [value for value in spec.values if value.active]
        body["options"] = [
            {"label": value.label, "value": value.key, "displayOrder": place, "hidden": False}
            for place, value in enumerate(listed)
        ]
    if spec.type == "checkbox":
        # unverified: a check box made through the API has to name its two options.
        body["options"] = _YES_NO
    if spec.key:
        body["hasUniqueValue"] = True
    return body


def words(spec: FieldSpec) -> str:
    """A wanted property in a plan's words."""
    if spec.type == "picklist":
        count = sum(value.active for value in spec.values)
        return f"dropdown select, {count} option{'' if count == 1 else 's'}"
    named = {
        "text": "single-line text",
        "long_text": "multi-line text",
        "date": "date",
        "number": "number",
        "checkbox": "single checkbox",
    }[spec.type]
    return f"{named}, unique" if spec.key else named


def difference_of(spec: FieldSpec, shown: Field | None) -> str:
    """How a described property differs from what was asked for; "" if it does not."""
    wanted = TYPES[spec.type][0]
    if shown is None:
        return "HubSpot does not have it, or our app cannot see it"
    if shown.type != wanted:
        return f"its type is {shown.type} in HubSpot and {wanted} in the model"
    if not shown.updateable:
        return "it may not be edited through the API"
    values = {value.key for value in shown.values if value.active}
    lacking = [value.label for value in spec.values if value.active and value.key not in values]
    if lacking:
        named = ", ".join(f'"{label}"' for label in lacking)
        return f"the model has {named}, HubSpot does not"
    return ""
