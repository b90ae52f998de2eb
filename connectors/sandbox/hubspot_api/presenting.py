"""Records in the form of the API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connectors.sandbox.portal.history import Entry
from connectors.sandbox.portal.moments import to_text
from connectors.sandbox.portal.portal import Portal
from connectors.sandbox.portal.records import Record, shown
from connectors.sandbox.portal.schema import ObjectType, Property


class Shape:
    """Which properties of a type are delivered, and how: those asked for that exist, or the defaults."""

    def __init__(self, portal: Portal, kind: ObjectType, asked: Sequence[str], history: Sequence[str] = ()) -> None:
        known = portal.definitions.properties(kind)
        # unverified: properties that do not exist are left out of the reply without a word.
        listed = [name.lower() for name in asked] or ([] if history else list(kind.defaults))
        live = [name for name in dict.fromkeys(listed) if name in known and not known[name].archived]
        kept = [name for name in (kind.created, kind.modified, "hs_object_id") if name not in live]
        self.history = [name for name in dict.fromkeys(history) if name in known and not known[name].archived]
        self.names = [*live, *kept, *(name for name in self.history if name not in live and name not in kept)]
        self._told = {name: known[name] for name in self.names if name not in self.history or name in live}
        self._dated = {name for name, prop in self._told.items() if prop.type == "datetime"}
        self._properties: Mapping[str, Property] = known

    def record(self, record: Record, history: Mapping[str, Sequence[Entry]] | None = None) -> dict[str, Any]:
        """One record; `history` has the entries of the properties whose history was asked for."""
        values = record.values
        dated = self._dated
        body: dict[str, Any] = {
            "id": str(record.id),
            "properties": {
                name: None
                if (value := values[name]) is None
                else to_text(value)
                if name in dated
                else value
                if type(value) is str
                else str(value)
                for name in self._told
            },
            "createdAt": to_text(record.created),
            "updatedAt": to_text(record.updated),
            "archived": bool(record.archived),
        }
        if record.archived:
            body["archivedAt"] = to_text(record.archived)
        if history is not None:
            body["propertiesWithHistory"] = {
                name: [self._entry(name, each) for each in entries] for name, entries in history.items()
            }
        return body

    def _entry(self, name: str, entry: Entry) -> dict[str, Any]:
        body: dict[str, Any] = {
            "value": shown(self._properties[name], entry.value) or "",
            "timestamp": to_text(entry.at),
            "sourceType": entry.source.kind,
            "sourceId": entry.source.id,
        }
        return body | ({"updatedByUserId": entry.source.user_id} if entry.source.user_id else {})


def presented(portal: Portal, kind: ObjectType, shape: Shape, records: Iterable[Record]) -> list[dict[str, Any]]:
    """Records, with the history of the properties for which it was asked."""
    listed = list(records)
    if not shape.history:
        return [shape.record(each) for each in listed]
    histories = portal.history.of(kind, {each.id: each.values for each in listed}, shape.history)
    return [shape.record(each, histories[each.id]) for each in listed]
