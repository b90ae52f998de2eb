"""What values a property had: who set it, how and when.

The value that a record was created with is kept only once it changes; until then it is the record's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.portal.records import Records, column
from connectors.sandbox.portal.schema import ObjectType
from connectors.sandbox.portal.tallies import is_tally

#: Most entries that are delivered for one property.
# unverified: a property has at most 20 entries of history; of contacts HubSpot keeps 45.
LONGEST = 20


@dataclass(frozen=True)
class Source:
    """Where a change comes from. `kind` is HubSpot's sourceType: INTEGRATION, CRM_UI, IMPORT ...; `id` the app or user.

    Attributes:
        user_id: the person, if one did it.
    """

    kind: str
    id: str
    user_id: int | None = None


def person(user_id: int) -> Source:
    """A person in HubSpot's own pages."""
    return Source("CRM_UI", f"userId:{user_id}", user_id)


def app(app_id: int) -> Source:
    """An app over the API."""
    return Source("INTEGRATION", str(app_id))


@dataclass(frozen=True)
class Entry:
    """A value and its origin; `value` is stored, None when it was emptied."""

    value: Any
    at: int
    source: Source


@dataclass(frozen=True)
class Past:
    """A change of one property of one record."""

    record_id: int
    name: str
    old: Any
    new: Any


class History:
    """All entries of a portal."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def keep(self, kind: ObjectType, changes: Sequence[Past], at: int, source: Source) -> None:
        """Notes changes that were just made; within the transaction that makes them."""
        firsts = self._firsts(kind, changes)
        number = self._records.take_numbers("history", max(len(changes), 1) * 2)
        rows: list[tuple[Any, ...]] = []
        for place, change in enumerate(changes):
            first = firsts.get((change.record_id, change.name))
            if first is not None and change.old is not None:
                origin = first.source
                rows.append(
                    (
                        kind.number, change.record_id, change.name, first.at, number + 2 * place, change.old,
                        origin.kind, origin.id, origin.user_id,
                    )
                )  # fmt: skip
            rows.append(
                (
                    kind.number, change.record_id, change.name, at, number + 2 * place + 1, change.new, source.kind,
                    source.id, source.user_id,
                )
            )  # fmt: skip
        with self._records.writing() as connection:
            connection.executemany("INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def _firsts(self, kind: ObjectType, changes: Sequence[Past]) -> dict[tuple[int, str], Entry]:
        """How the records began, for the changes that are the first of their property."""
        ids = sorted({change.record_id for change in changes})
        reader = self._records.reader()
        known = set(
            reader.execute(
                "SELECT DISTINCT h.record, h.property FROM json_each(?) j CROSS JOIN history h "
                "ON h.type = ? AND h.record = j.value",
                (json.dumps(ids), kind.number),
            )
        )
        origins = self._origins(kind, ids)
        pairs = ((change.record_id, change.name) for change in changes)
        return {pair: origins[pair[0]] for pair in pairs if pair not in known and pair[0] in origins}

    def _origins(self, kind: ObjectType, ids: Iterable[int]) -> dict[int, Entry]:
        found = self._records.select(
            kind, ("hs_object_source", "hs_object_source_id", "hs_created_by_user_id"),
            "JOIN json_each(?) j ON t.id = j.value", [json.dumps(list(ids))],
        )  # fmt: skip
        return {
            each.id: Entry(None, each.created, Source(*(each.values[name] for name in each.values))) for each in found
        }

    def of(
        self, kind: ObjectType, current: Mapping[int, Mapping[str, Any]], names: Sequence[str]
    ) -> dict[int, dict[str, list[Entry]]]:
        """Entries by record and property, newest first. `current` has the records' values of these properties."""
        told: dict[int, dict[str, list[Entry]]] = {record_id: {name: [] for name in names} for record_id in current}
        rows = self._records.reader().execute(
            "SELECT h.record, h.property, h.value, h.at, h.source, h.source_id, h.user_id FROM json_each(?) j "
            "CROSS JOIN history h ON h.type = ? AND h.record = j.value ORDER BY h.record, h.property, h.at DESC, "
            "h.number DESC",
            (json.dumps(list(current)), kind.number),
        )
        for record_id, name, value, at, source, source_id, user_id in rows:
            entries = told[record_id].get(name)
            if entries is not None and len(entries) < LONGEST:
                entries.append(Entry(value, at, Source(source, source_id, user_id)))
        origins = self._origins(kind, current)
        for record_id, values in current.items():
            for name, entries in told[record_id].items():
                kept = column(kind, name) != "updated" and not is_tally(kind, name)
                if kept and not entries and values.get(name) is not None:
                    origin = origins[record_id]
                    entries.append(Entry(values[name], origin.at, origin.source))
        return told
