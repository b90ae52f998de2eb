"""Properties as an account describes them: their types checked, near names found."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from connectors.base import DAY, FLAG, INSTANT, MONEY, NUMBER, WHOLE, Field, PicklistValue
from connectors.columns import MEANT
from connectors.errors import SchemaMismatch
from connectors.hubspot.kinds import MODIFIED

#: Property name -> property, as HubSpot gives it.
Properties = Mapping[str, Mapping[str, Any]]

#: Canonical type -> types of properties it can be read from.
READABLE: Mapping[pa.DataType, frozenset[str]] = {
    MONEY: frozenset({"number"}),
    NUMBER: frozenset({"number"}),
    WHOLE: frozenset({"number"}),
    FLAG: frozenset({"bool"}),
    DAY: frozenset({"date", "datetime"}),
    INSTANT: frozenset({"datetime"}),
}


def field_of(entry: Mapping[str, Any]) -> Field:
    """A property as the port has it."""
    rights = entry.get("modificationMetadata") or {}
    kept = bool(rights.get("readOnlyValue") or entry.get("calculated")) or entry["name"] == MODIFIED
    return Field(
        name=entry["name"],
        label=entry.get("label") or entry["name"],
        type=type_of(entry),
        updateable=not kept,
        derived=kept,
        custom=not entry.get("hubspotDefined", False),
        values=tuple(values_of(entry)) if type_of(entry) == "enumeration" else (),
        restricted=type_of(entry) == "enumeration" and not entry.get("externalOptions", False),
    )


def type_of(entry: Mapping[str, Any]) -> str:
    """The type of a property's values. HubSpot calls some check boxes enumerations."""
    return "bool" if entry.get("fieldType") == "booleancheckbox" else str(entry.get("type") or "")


def values_of(entry: Mapping[str, Any]) -> Iterable[PicklistValue]:
    """The options of a property; a hidden one is not on offer."""
    for option in entry.get("options") or ():
        key = str(option["value"])
        yield PicklistValue(key, str(option.get("label") or key), active=not option.get("hidden", False))


def named(name: str, properties: Properties, owner: str) -> Mapping[str, Any]:
    """The property of this name. Raises `SchemaMismatch` with the nearest that exists: HubSpot itself would answer as
    if it were empty."""
    if name in properties:
        return properties[name]
    raise SchemaMismatch(
        f"HubSpot's {owner} have no property {name} that we can see{nearest(name, properties)}.",
        next_step="Correct the name in the model, create the property, or give the app access to it.",
        code="INVALID_FIELD",
    )


def nearest(name: str, names: Iterable[str]) -> str:
    """A clause naming the closest existing name, or nothing."""
    close = difflib.get_close_matches(name.lower(), list(names), n=1, cutoff=0.6)
    return f"; the nearest name is {close[0]}" if close else ""


def check_readable(entry: Mapping[str, Any], column: str, wanted: pa.DataType, owner: str) -> None:
    """Raises `SchemaMismatch` when a property's type cannot fill a column."""
    allowed = READABLE.get(wanted)
    if allowed is None or type_of(entry) in allowed:
        return
    raise SchemaMismatch(
        f"{owner}.{entry['name']} is of type {type_of(entry)}, but the column {column} needs {MEANT[wanted]}.",
        next_step=f"Map another property to {column}, or change the property's type in HubSpot.",
        code="WRONG_TYPE",
    )
