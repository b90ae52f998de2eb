"""What a mapping file declares about the org: currencies, territories, objects, fields, picklist values, statuses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from connectors.sandbox.mapping import FieldChange, LoadError, Mapping
from connectors.sandbox.org import currencies, territories
from connectors.sandbox.org.org import Org, SchemaError
from connectors.sandbox.org.schema import FIELD_TYPES, PICKLIST_TYPES, TEXT_TYPES, FieldDef, ObjectDef, PicklistEntry

_LENGTHS = {"textarea": 32000, "email": 80, "phone": 40}
_SCALES = {"currency": 2}


def declare(org: Org, mapping: Mapping) -> None:
    """Creates and changes what the mapping declares. Raises `LoadError`; run it in a transaction of the org."""
    if (counted := mapping.currencies) and not counted.rates and counted.dated is None:
        currencies.count_in(org, counted.corporate)
    elif counted:
        currencies.enable(org, counted.corporate, counted.rates, counted.dated)
    if mapping.territories:
        territories.enable(org)
    for name, wanted in mapping.objects.items():
        with _at(mapping, "objects", name):
            if name not in org.objects():
                org.create_object(ObjectDef(name, wanted.label, wanted.plural, "", custom=True))
    for object_name, changes in mapping.fields.items():
        with _at(mapping, "fields", object_name):
            org.object(object_name)
        for name, change in changes.items():
            with _at(mapping, "fields", object_name, name):
                org.save_field(object_name, _changed(org.object(object_name).find(name), name, change))
    for kind, statuses in mapping.statuses.items():
        for number, status in enumerate(statuses):
            with _at(mapping, "statuses", kind, number):
                org.save_status(
                    kind, status.value, closed=status.closed, won=status.won, probability=status.probability
                )


@contextmanager
def _at(mapping: Mapping, *location: str | int) -> Iterator[None]:
    """Turns what the org refuses into a `LoadError` that names the place in the mapping file."""
    try:
        yield
    except SchemaError as error:
        message = f"{mapping.place(*location)}: {error.message.rstrip('.')}."
        raise LoadError(message, "Correct the mapping file; LOADING.md lists what is allowed.") from None


def _changed(old: FieldDef | None, name: str, change: FieldChange) -> FieldDef:
    """The field as it is to be: a new one, or the old one with what the mapping says in its place."""
    base = _new(name, change) if old is None else old
    given: dict[str, Any] = {
        "label": change.label,
        "help": change.help,
        "length": change.length,
        "precision": change.precision,
        "scale": change.scale,
        "required": change.required,
        "default": change.default,
        "restricted": change.restricted,
        "external_id": change.external_id,
        "unique": change.unique,
    }
    changed = replace(base, **{key: value for key, value in given.items() if value is not None})
    if change.type is not None and change.type != base.type:
        changed = replace(changed, type=_checked(name, change.type))
    if change.values:
        kept = {entry.value: entry for entry in base.values}
        kept |= {each.value: PicklistEntry(each.value, each.label or each.value, each.active) for each in change.values}
        changed = replace(changed, values=tuple(kept.values()))
    return changed


def _new(name: str, change: FieldChange) -> FieldDef:
    if change.type is None:
        raise SchemaError("INVALID_FIELD", f"there is no field {name} yet; a new one needs a `type`")
    if not name.endswith("__c"):
        raise SchemaError("INVALID_FIELD", f"there is no field {name}; the name of a new one ends in __c")
    kind = _checked(name, change.type)
    stem = name.removesuffix("__c")
    field = FieldDef(name, stem.replace("_", " "), kind, custom=True)
    if kind == "reference":
        if not change.reference_to:
            raise SchemaError("INVALID_FIELD", f"{name} needs `reference_to`: the object it refers to")
        return replace(field, length=18, reference_to=change.reference_to, relationship_name=f"{stem}__r")
    if kind in TEXT_TYPES:
        length = change.length or _LENGTHS.get(kind, 255)
        filterable = kind != "textarea" or length <= 255
        return replace(field, length=length, filterable=filterable)
    return replace(field, precision=18, scale=_SCALES.get(kind, 0)) if kind not in PICKLIST_TYPES else field


def _checked(name: str, kind: str) -> str:
    if kind not in FIELD_TYPES - {"id"}:
        raise SchemaError("INVALID_FIELD", f"{name}: {kind!r} is no type; there are {', '.join(sorted(FIELD_TYPES))}")
    return kind
