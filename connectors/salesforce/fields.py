"""Fields as an org describes them: picklist dependencies decoded, field paths checked, near names found."""

from __future__ import annotations

import base64
import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from connectors.base import Field, PicklistValue
from connectors.columns import MEANT
from connectors.errors import SchemaMismatch
from connectors.salesforce.records import READABLE

Describe = Mapping[str, Any]


def fields_of(describe: Describe) -> dict[str, Field]:
    """API name -> field, from the reply of an object's describe."""
    entries = {entry["name"]: entry for entry in describe["fields"]}
    return {name: _field(entry, entries) for name, entry in entries.items()}


def _field(entry: Mapping[str, Any], entries: Mapping[str, Mapping[str, Any]]) -> Field:
    controller = entry.get("controllerName") or ""
    keys = controlling_keys(entries[controller]) if controller in entries else ()
    return Field(
        name=entry["name"],
        label=entry["label"],
        type=entry["type"],
        updateable=bool(entry.get("updateable")),
        derived=_derived(entry),
        # Required for a person and for us: no null, and no default that Salesforce fills in.
        required=not entry.get("nillable", True)
        and not entry.get("defaultedOnCreate", False)
        and bool(entry.get("createable")),
        length=int(entry.get("length") or 0),
        custom=bool(entry.get("custom")),
        values=tuple(_value(value, keys) for value in entry.get("picklistValues") or ()),
        restricted=bool(entry.get("restrictedPicklist")),
        controller=controller,
    )


def _derived(entry: Mapping[str, Any]) -> bool:
    """Formulas, roll-ups, auto numbers, whole addresses, and the standard fields that nobody can set."""
    settable = entry.get("createable") or entry.get("updateable") or entry.get("custom")
    kept = entry.get("calculated") or entry.get("autoNumber") or entry["type"] in ("address", "location")
    return bool(kept or not settable)


def _value(value: Mapping[str, Any], keys: Sequence[str]) -> PicklistValue:
    parents = tuple(keys[bit] for bit in set_bits(value.get("validFor") or "") if bit < len(keys))
    return PicklistValue(
        key=value["value"],
        label=value.get("label") or value["value"],
        parents=parents,
        active=bool(value.get("active", True)),
    )


def controlling_keys(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """What the bits of a dependent value's `validFor` stand for, in their order."""
    if entry["type"] == "boolean":
        return ("false", "true")
    return tuple(value["value"] for value in entry.get("picklistValues") or ())


def set_bits(valid_for: str) -> tuple[int, ...]:
    """Positions of the set bits of a `validFor` bitmap: base64, most significant bit first.

    >>> set_bits("oAAA"), set_bits("AAAI")
    ((0, 2), (20,))
    """
    data = base64.b64decode(valid_for)
    return tuple(bit for bit in range(len(data) * 8) if data[bit >> 3] & (0x80 >> (bit % 8)))


def resolve(path: str, describe: Describe, look_up: Callable[[str], Describe]) -> Mapping[str, Any] | None:
    """The described field at the end of a path, or None where a polymorphic relationship hides its type.

    Raises `SchemaMismatch` naming the part that does not exist and the nearest that does.
    """
    first, _, rest = path.partition(".")
    if not rest:
        entries = {entry["name"]: entry for entry in describe["fields"]}
        return _named(first, entries, describe["name"], "field")
    relations = {entry.get("relationshipName") or "": entry for entry in describe["fields"]}
    targets: Sequence[str] = _named(first, relations, describe["name"], "relationship").get("referenceTo") or ()
    if len(targets) != 1:
        return None
    return resolve(rest, look_up(targets[0]), look_up)


def _named(name: str, entries: Mapping[str, Mapping[str, Any]], owner: str, what: str) -> Mapping[str, Any]:
    if name in entries:
        return entries[name]
    raise SchemaMismatch(
        f"{owner} has no {what} {name} that the integration user can see{nearest(name, entries)}.",
        next_step="Correct the name in the model's field map, or give the integration user access to it.",
        code="INVALID_FIELD",
    )


def nearest(name: str, names: Iterable[str]) -> str:
    """A clause naming the closest existing name, or nothing."""
    by_lower = {candidate.lower(): candidate for candidate in names}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return f"; the nearest name is {by_lower[close[0]]}" if close else ""


def check_readable(entry: Mapping[str, Any] | None, column: str, wanted: pa.DataType, owner: str) -> None:
    """Raises `SchemaMismatch` when a field's type cannot fill a column."""
    allowed = READABLE.get(wanted)
    if entry is None or allowed is None or entry["type"] in allowed:
        return
    raise SchemaMismatch(
        f"{owner}.{entry['name']} is of type {entry['type']}, but the column {column} needs {MEANT[wanted]}.",
        next_step=f"Map another field to {column}, or change the field's type in Salesforce.",
        code="WRONG_TYPE",
    )
