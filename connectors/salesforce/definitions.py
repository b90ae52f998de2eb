"""One wanted field against one existing definition: what to create, what to change, and what to refuse."""

from __future__ import annotations

import copy
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from connectors.base import FieldSpec, FieldType, PicklistValue
from connectors.picklists import Merge, merge
from connectors.salesforce.metadata import Element, add, child_of, component, put, text_of
from connectors.salesforce.picklists import (
    merge_settings,
    read_settings,
    read_values,
    write_settings,
    write_values,
)

_METADATA_TYPE: dict[FieldType, str] = {
    "picklist": "Picklist", "text": "Text", "long_text": "LongTextArea", "date": "Date", "number": "Number",
    "checkbox": "Checkbox",
}  # fmt: skip
#: Field type -> type in describe.
DESCRIBE_TYPE: dict[FieldType, str] = {
    "picklist": "picklist", "text": "string", "long_text": "textarea", "date": "date", "number": "double",
    "checkbox": "boolean",
}  # fmt: skip
_LONG_TEXT = 32768


@dataclass(frozen=True)
class Decision:
    """What to do about one field.

    Attributes:
        element: the definition to send; None when the field is left alone.
        notes: what changes, in a plan's words.
        refusal: why the field cannot be brought to what the model needs.
    """

    element: Element | None = None
    notes: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    refusal: str = ""
    new: bool = False


def decide(spec: FieldSpec, full_name: str, existing: Element | None, controlling: Collection[str]) -> Decision:
    """`controlling`: the keys of the controlling field that are ours; pairs with others are kept."""
    if existing is None:
        return Decision(definition(spec, full_name), (describe_spec(spec),), new=True)
    found = text_of(existing, "type")
    if found != _METADATA_TYPE[spec.type]:
        return Decision(refusal=f"is of type {found} in the org, the model needs {describe_spec(spec)}")
    element = copy.deepcopy(existing)
    notes = [*_plain_changes(spec, element)]
    foreign: tuple[str, ...] = ()
    if spec.type == "picklist":
        value_set = child_of(element, "valueSet")
        value_set = value_set if value_set is not None else add(element, "valueSet")
        if refusal := _picklist_refusal(spec, value_set):
            return Decision(refusal=refusal)
        picklist_notes, foreign = _picklist_changes(spec, value_set, controlling)
        notes += picklist_notes
    return Decision(element if notes else None, tuple(notes), foreign)


def definition(spec: FieldSpec, full_name: str) -> Element:
    """A new field."""
    element = component(full_name)
    put(element, "label", spec.label)
    put(element, "type", _METADATA_TYPE[spec.type])
    if spec.help:
        put(element, "inlineHelpText", spec.help)
    if spec.type == "text":
        put(element, "length", str(spec.length or 255))
        if spec.key:
            for tag in ("externalId", "unique", "caseSensitive"):
                put(element, tag, "true")
    elif spec.type == "long_text":
        put(element, "length", str(spec.length or _LONG_TEXT))
        put(element, "visibleLines", "4")
    elif spec.type == "number":
        put(element, "precision", str(spec.precision or 18))
        put(element, "scale", str(spec.scale))
    elif spec.type == "checkbox":
        put(element, "defaultValue", "false")
    else:
        # A universally required field binds every save of every integration: never ours.
        put(element, "required", "false")
    if spec.type == "picklist":
        _write_value_set(spec, add(element, "valueSet"))
    return element


def _write_value_set(spec: FieldSpec, value_set: Element) -> None:
    put(value_set, "restricted", "true")
    if spec.controller:
        put(value_set, "controllingField", spec.controller)
        write_settings(value_set, {value.key: value.parents for value in spec.values if value.active})
    if spec.value_set:
        put(value_set, "valueSetName", spec.value_set)
        return
    definition = add(value_set, "valueSetDefinition")
    put(definition, "sorted", "false")
    write_values(definition, "value", [value for value in spec.values if value.active])


def _plain_changes(spec: FieldSpec, element: Element) -> list[str]:
    """Brings label, help and sizes to the model's; a field larger than needed stays so."""
    notes = []
    if (label := text_of(element, "label")) != spec.label:
        notes.append(f'field label "{label}" becomes "{spec.label}"')
        put(element, "label", spec.label)
    if spec.help and text_of(element, "inlineHelpText") != spec.help:
        notes.append("help text")
        put(element, "inlineHelpText", spec.help)
    sizes = {"length": spec.length, "precision": spec.precision, "scale": spec.scale}
    for tag, wanted in sizes.items():
        if (size := text_of(element, tag)) and wanted > int(size):
            notes.append(f"{tag} {size} becomes {wanted}")
            put(element, tag, str(wanted))
    return notes


def _picklist_refusal(spec: FieldSpec, value_set: Element) -> str:
    name, controller = text_of(value_set, "valueSetName"), text_of(value_set, "controllingField")
    if name and spec.value_set and name != spec.value_set:
        return f'takes its values from the global value set "{name}", the model from "{spec.value_set}"'
    if controller and spec.controller and controller != spec.controller:
        return f"depends on {controller} in the org, on {spec.controller} in the model"
    return ""


def _picklist_changes(
    spec: FieldSpec, value_set: Element, controlling: Collection[str]
) -> tuple[list[str], tuple[str, ...]]:
    notes: list[str] = []
    foreign: tuple[str, ...] = ()
    if text_of(value_set, "restricted") != "true":
        notes.append("becomes restricted: only listed values are accepted")
        put(value_set, "restricted", "true")
    definition = child_of(value_set, "valueSetDefinition")
    if definition is not None:
        merged = merge_into(definition, "value", spec.values)
        notes += merged.notes
        foreign = merged.foreign
    if spec.controller:
        if not text_of(value_set, "controllingField"):
            notes.append(f"depends on {spec.controller}")
            put(value_set, "controllingField", spec.controller)
        settings, changed = merge_settings(read_settings(value_set), spec.values, controlling)
        notes += changed
        if changed:
            write_settings(value_set, settings)
    return notes, foreign


def merge_into(parent: Element, tag: str, wanted: Sequence[PicklistValue]) -> Merge:
    """Merges our values into the list under `parent`, in place."""
    merged = merge(read_values(parent, tag), wanted)
    if merged.notes:
        write_values(parent, tag, merged.values)
    return merged


def describe_spec(spec: FieldSpec) -> str:
    """What a field is, in a plan's words."""
    if spec.type == "picklist":
        active = sum(value.active for value in spec.values)
        source = f" (global value set {spec.value_set})" if spec.value_set else ""
        depends = f", depends on {spec.controller}" if spec.controller else ""
        return f"restricted picklist, {active} value{'' if active == 1 else 's'}{source}{depends}"
    if spec.type == "text":
        return f"text, {spec.length or 255} characters"
    if spec.type == "long_text":
        return f"long text, {spec.length or _LONG_TEXT} characters"
    if spec.type == "number":
        return f"number, {spec.precision or 18} digits, {spec.scale} of them decimals"
    return spec.type
