"""Merging two records into a new one, as HubSpot does since 2024: both old ids lead to the new record."""

from __future__ import annotations

from connectors.sandbox.portal.associations import Associations
from connectors.sandbox.portal.definitions import Definitions
from connectors.sandbox.portal.history import Source
from connectors.sandbox.portal.outcomes import NOT_FOUND, VALIDATION, refused
from connectors.sandbox.portal.records import Records, is_own
from connectors.sandbox.portal.schema import ObjectType
from connectors.sandbox.portal.standard import OBJECT_TYPES
from connectors.sandbox.portal.tallies import Tallies
from connectors.sandbox.portal.writes import Change, Writer


class Merger:
    """Merges records of a portal."""

    def __init__(
        self,
        records: Records,
        definitions: Definitions,
        writer: Writer,
        associations: Associations,
        tallies: Tallies,
    ) -> None:
        self._records = records
        self._definitions = definitions
        self._writer = writer
        self._associations = associations
        self._tallies = tallies

    def merge(self, kind: ObjectType, primary: str, other: str, at: int, source: Source) -> int:
        """The id of the new record. Values and single associations are those of the primary record, where it has
        none those of the other. Raises Refused."""
        if primary == other:
            raise refused(VALIDATION, "A record cannot be merged with itself.", id=primary)
        with self._records.writing():
            old: list[int] = []
            for given, found in zip(
                (primary, other), self._writer.resolve(kind, [Change(primary, {}), Change(other, {})]), strict=True
            ):
                if found is None:
                    raise refused(NOT_FOUND, f"Object not found: {given}", id=given)
                old.append(found)
            new = self._replace(kind, old, at, source)
            self._associations.move(kind, OBJECT_TYPES.values(), old, new)
            self._tallies.refresh_all(kind, [new])
            return new

    def _replace(self, kind: ObjectType, old: list[int], at: int, source: Source) -> int:
        properties = self._definitions.properties(kind)
        names = [name for name in properties if is_own(kind, name)]
        fetched = self._records.fetch(kind, old, names)
        first, second = (fetched[each] for each in old)
        values = {name: second.values[name] if first.values[name] is None else first.values[name] for name in names}
        earlier = [text for each in (first, second) if (text := each.values["hs_merged_object_ids"])]
        values["hs_merged_object_ids"] = ";".join([*earlier, *map(str, old)])
        (new,) = self._records.new_ids(1)
        # unverified: the record that a merge makes is as old as the older of the two.
        created = min(first.created, second.created)
        row = [new, created, at, 0, None, source.kind, source.id, source.user_id, source.user_id]
        self._records.insert(kind, names, [[*row, *(values[name] for name in names)]])
        # unverified: records that were merged away are listed neither as archived nor otherwise.
        self._records.update(kind, ("archived", "merged_into"), [(at, new, each) for each in old])
        self._writer.announce_merge(kind, new, old, at, source)
        return new
