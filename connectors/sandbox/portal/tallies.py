"""Counts and dates that records have from what is associated with them, kept true with every change.

They are written beside the values of a record: its modification date and its history stay as they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from connectors.sandbox.portal.records import Records, column, table
from connectors.sandbox.portal.schema import ObjectType
from connectors.sandbox.portal.standard import OBJECT_TYPES

_CONTACTED = ("calls", "emails", "meetings")
_ACTIVITIES = (*_CONTACTED, "notes", "tasks")
#: From a parent to its child company.
_CHILD = 13


@dataclass(frozen=True)
class Tally:
    """One property that follows from associations.

    Attributes:
        kind: the object type that has it.
        name: the property.
        far: the object types it looks at.
        latest: it is the last `hs_timestamp` of them until now, and not their number.
        type_number: only associations of this type count; 0 stands for all.
        zero: new records begin with 0, and not without a value.
    """

    kind: str
    name: str
    far: tuple[str, ...]
    latest: bool = False
    type_number: int = 0
    zero: bool = False


# unverified: which of these counts are 0 on a new record and which are empty; once counted they are never empty again.
TALLIES = (
    Tally("companies", "num_associated_contacts", ("contacts",), zero=True),
    Tally("companies", "num_associated_deals", ("deals",)),
    Tally("companies", "hs_num_child_companies", ("companies",), type_number=_CHILD, zero=True),
    Tally("contacts", "num_associated_deals", ("deals",)),
    Tally("deals", "num_associated_contacts", ("contacts",), zero=True),
    # unverified: activities count on the records they are associated with, not also on companies of those contacts.
    *(Tally(kind, "num_notes", _ACTIVITIES, zero=kind == "deals") for kind in ("companies", "contacts", "deals")),
    *(Tally(kind, "num_contacted_notes", _CONTACTED) for kind in ("companies", "contacts", "deals")),
    *(Tally(kind, "notes_last_updated", _ACTIVITIES, latest=True) for kind in ("companies", "contacts", "deals")),
    *(Tally(kind, "notes_last_contacted", _CONTACTED, latest=True) for kind in ("companies", "contacts", "deals")),
)


def first_values(kind: ObjectType) -> dict[str, str]:
    """What a new record has, before anything is associated with it."""
    return {each.name: "0" for each in TALLIES if each.kind == kind.name and each.zero}


def is_tally(kind: ObjectType, name: str) -> bool:
    """Whether a property follows from associations."""
    return any((each.kind, each.name) == (kind.name, name) for each in TALLIES)


class Tallies:
    """Keeps these properties of a portal's records."""

    def __init__(self, records: Records, now: Callable[[], int]) -> None:
        self._records = records
        self._now = now

    def refresh(self, near: ObjectType, far: ObjectType, ids: Iterable[int]) -> None:
        """Works out anew what these records have from their associations with the other type."""
        listed = json.dumps(sorted(set(ids)))
        wanted = [each for each in TALLIES if each.kind == near.name and far.name in each.far]
        if not wanted:
            return
        sets, values = [], []
        for tally in wanted:
            text, given = self._expression(near, tally)
            sets.append(f"{column(near, tally.name)} = {text}")
            values += given
        with self._records.writing() as connection:
            connection.execute(
                f"UPDATE {table(near)} SET {', '.join(sets)} WHERE id IN (SELECT value FROM json_each(?))",
                [*values, listed],
            )

    def refresh_all(self, kind: ObjectType, ids: Sequence[int]) -> None:
        """All that these records have from associations."""
        for name in {far for each in TALLIES if each.kind == kind.name for far in each.far}:
            self.refresh(kind, OBJECT_TYPES[name], ids)

    def around(self, kind: ObjectType, ids: Sequence[int]) -> Mapping[str, Sequence[int]]:
        """By object type, the records whose counts and dates look at these."""
        found: dict[str, list[int]] = {}
        for name in {each.kind for each in TALLIES if kind.name in each.far}:
            rows = self._records.reader().execute(
                "SELECT DISTINCT a.to_id FROM json_each(?) j CROSS JOIN associations a "
                "ON a.from_type = ? AND a.to_type = ? AND a.from_id = j.value",
                (json.dumps(list(ids)), kind.number, OBJECT_TYPES[name].number),
            )
            found[name] = [record_id for (record_id,) in rows]
        return found

    def follow(self, kind: ObjectType, around: Mapping[str, Sequence[int]]) -> None:
        """Works out anew what records have from some of this type, which changed or are gone."""
        for name, ids in around.items():
            if ids:
                self.refresh(OBJECT_TYPES[name], kind, ids)

    def _expression(self, near: ObjectType, tally: Tally) -> tuple[str, list[int]]:
        """The value as SQL about a row of `near`, and the numbers in it."""
        parts, values = [], []
        for name in tally.far:
            far = OBJECT_TYPES[name]
            only = f" AND a.type_id = {tally.type_number}" if tally.type_number else ""
            what, past = "COUNT(DISTINCT a.to_id)", ""
            if tally.latest:
                what, past = f"MAX(f.{column(far, 'hs_timestamp')})", f" AND f.{column(far, 'hs_timestamp')} <= ?"
            parts.append(
                f"(SELECT {what} FROM associations a JOIN {table(far)} f ON f.id = a.to_id AND f.archived = 0{past} "
                f"WHERE a.from_type = ? AND a.to_type = ? AND a.from_id = {table(near)}.id{only})"
            )
            values += [*([self._now()] if tally.latest else []), near.number, far.number]
        if tally.latest:
            return f"NULLIF(MAX({', '.join(f'IFNULL({part}, 0)' for part in parts)}), 0)", values
        return f"CAST({' + '.join(parts)} AS TEXT)", values
