"""Associations between records, kept in both directions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from connectors.sandbox.portal.association_types import AssociationType, AssociationTypes
from connectors.sandbox.portal.records import Records, table
from connectors.sandbox.portal.schema import ObjectType
from connectors.sandbox.portal.tallies import Tallies

#: Properties that hold the one record at the other end.
_MIRRORED = {
    ("deals", "companies"): "hs_primary_associated_company",
    ("contacts", "companies"): "associatedcompanyid",
    ("companies", "companies"): "hs_parent_company_id",
}
_ROW = "from_type = ? AND to_type = ? AND from_id = ? AND to_id = ?"


@dataclass(frozen=True)
class Link:
    """Two records and the type that leads from the first to the second."""

    from_id: int
    to_id: int
    type: AssociationType


class Associations:
    """All associations of a portal."""

    def __init__(self, records: Records, types: AssociationTypes, tallies: Tallies) -> None:
        self._records = records
        self._tallies = tallies
        self.types = types

    def add(self, source: ObjectType, target: ObjectType, links: Iterable[Link]) -> None:
        """Adds links that are not there yet. A labelled one brings the one without label along."""
        plain = self.types.plain(source, target)
        listed = list(links)
        rows = [
            row
            for link in listed
            for kind in {plain, link.type}
            for row in (
                (source.number, target.number, link.from_id, link.to_id, kind.number, kind.category),
                (target.number, source.number, link.to_id, link.from_id, kind.inverse, kind.category),
            )
        ]
        with self._records.writing() as connection:
            for near, far, kind, ends in self._single(source, target, listed):
                self._make_room(near, far, kind, list(ends))
                self._mirror(near, far, ends)
            connection.executemany("INSERT OR IGNORE INTO associations VALUES (?, ?, ?, ?, ?, ?)", rows)
            self._count(source, target, [(link.from_id, link.to_id) for link in listed])

    def _count(self, source: ObjectType, target: ObjectType, pairs: Sequence[tuple[int, int]]) -> None:
        self._tallies.refresh(source, target, (one for one, _ in pairs))
        self._tallies.refresh(target, source, (two for _, two in pairs))

    def _single(
        self, source: ObjectType, target: ObjectType, links: Sequence[Link]
    ) -> Iterator[tuple[ObjectType, ObjectType, AssociationType, dict[int, int]]]:
        """Types among the links, seen from either side, of which a record has at most one: and which it has now."""
        for kind in {link.type for link in links}:
            pairs = [(link.from_id, link.to_id) for link in links if link.type == kind]
            if kind.single:
                yield source, target, kind, dict(pairs)
            inverse = self.types.get(target, source, kind.category, kind.inverse)
            if inverse.single:
                yield target, source, inverse, {two: one for one, two in pairs}

    def _make_room(self, near: ObjectType, far: ObjectType, kind: AssociationType, ids: Sequence[int]) -> None:
        with self._records.writing() as connection:
            held = connection.execute(
                "SELECT a.from_id, a.to_id FROM json_each(?) j CROSS JOIN associations a ON a.from_type = ? "
                "AND a.to_type = ? AND a.from_id = j.value AND a.type_id = ? AND a.category = ?",
                (json.dumps(list(ids)), near.number, far.number, kind.number, kind.category),
            ).fetchall()
            self._delete(near, far, held, kind)
            self._count(near, far, held)

    def _delete(
        self, near: ObjectType, far: ObjectType, pairs: Iterable[tuple[int, int]], only: AssociationType | None
    ) -> None:
        listed = list(pairs)
        there, back = ((only.number, only.category), (only.inverse, only.category)) if only else ((), ())
        test = _ROW + (" AND type_id = ? AND category = ?" if only else "")
        rows = [(near.number, far.number, one, two, *there) for one, two in listed]
        rows += [(far.number, near.number, two, one, *back) for one, two in listed]
        with self._records.writing() as connection:
            connection.executemany(f"DELETE FROM associations WHERE {test}", rows)

    def _mirror(self, near: ObjectType, far: ObjectType, ends: Mapping[int, int | None]) -> None:
        name = _MIRRORED.get((near.name, far.name))
        if name:
            # unverified: a property that mirrors an association changes without moving the modification date.
            self._records.update(near, (name,), [(two and str(two), one) for one, two in ends.items()])

    def remove(
        self,
        source: ObjectType,
        target: ObjectType,
        pairs: Iterable[tuple[int, int]],
        only: AssociationType | None = None,
    ) -> None:
        """Removes all associations of these pairs, or only those of one type. Missing ones are no error."""
        listed = list(pairs)
        links = [
            Link(one, two, kind)
            for one, others in self.of(source, target, [one for one, _ in listed]).items()
            for two, kinds in others.items()
            for kind in kinds
            if (one, two) in set(listed) and only in (None, kind)
        ]
        with self._records.writing():
            for near, far, _, ends in self._single(source, target, links):
                self._mirror(near, far, dict.fromkeys(ends))
            self._delete(source, target, listed, only)
            self._count(source, target, listed)

    def of(
        self, source: ObjectType, target: ObjectType, ids: Sequence[int]
    ) -> dict[int, dict[int, list[AssociationType]]]:
        """Types by record and associated record in use, both in the order of their ids."""
        types = {(each.category, each.number): each for each in self.types.between(source, target)}
        rows = self._records.reader().execute(
            "SELECT a.from_id, a.to_id, a.type_id, a.category FROM json_each(?) j CROSS JOIN associations a "
            "ON a.from_type = ? AND a.to_type = ? AND a.from_id = j.value "
            f"JOIN {table(target)} t ON t.id = a.to_id AND t.archived = 0 ORDER BY a.from_id, a.to_id",
            (json.dumps(list(ids)), source.number, target.number),
        )
        found: dict[int, dict[int, list[AssociationType]]] = {}
        for from_id, to_id, number, category in rows:
            found.setdefault(from_id, {}).setdefault(to_id, []).append(types[category, number])
        return found

    def move(self, kind: ObjectType, others: Iterable[ObjectType], old: Sequence[int], new: int) -> None:
        """Gives the associations of some records to another one, as a merge does; of single ones the first counts."""
        for other in others:
            if not self.types.between(kind, other):
                continue
            taken: set[AssociationType] = set()
            found = self.of(kind, other, old)
            for record_id in old:
                held = found.get(record_id, {})
                links = [
                    Link(new, far, each)
                    for far, each_of in held.items()
                    for each in each_of
                    if far not in old and not (each.single and each in taken)
                ]
                taken |= {link.type for link in links if link.type.single}
                self.remove(kind, other, [(record_id, far) for far in held])
                self.add(kind, other, links)
