"""Which records can be associated and how: HubSpot's types, in both directions, and labels of a portal's own."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from connectors.sandbox.portal.outcomes import VALIDATION, refused
from connectors.sandbox.portal.records import Records
from connectors.sandbox.portal.schema import ObjectType
from connectors.sandbox.portal.standard import OBJECT_TYPES

DEFINED, OWN = "HUBSPOT_DEFINED", "USER_DEFINED"
#: The label of the one association among several that counts most.
PRIMARY = "Primary"
_KIND = "association"


@dataclass(frozen=True)
class AssociationType:
    """One direction of an association. `label` is "" for the one without label, which every pair has.

    Attributes:
        name: what the older API calls it, e.g. "deal_to_company".
        inverse: number of the other direction.
        single: a record has at most one of these; a new one takes its place.
    """

    number: int
    category: str
    from_type: str
    to_type: str
    inverse: int
    label: str = ""
    name: str = ""
    single: bool = False


# unverified: the numbers of the association types of emails, meetings, notes, calls and line items.
#: From, to, the number there, the number back, for associations without a label.
_PLAIN = (
    ("contacts", "companies", 279, 280), ("deals", "companies", 341, 342), ("tickets", "companies", 339, 340),
    ("deals", "contacts", 3, 4), ("tickets", "contacts", 16, 15), ("tickets", "deals", 28, 27),
    ("line_items", "deals", 20, 19), ("companies", "companies", 450, 450), ("contacts", "contacts", 449, 449),
    ("deals", "deals", 451, 451), ("tickets", "tickets", 452, 452),
    ("calls", "contacts", 194, 193), ("emails", "contacts", 198, 197), ("meetings", "contacts", 200, 199),
    ("notes", "contacts", 202, 201), ("tasks", "contacts", 204, 203),
    ("calls", "companies", 182, 181), ("emails", "companies", 186, 185), ("meetings", "companies", 188, 187),
    ("notes", "companies", 190, 189), ("tasks", "companies", 192, 191),
    ("calls", "deals", 206, 205), ("emails", "deals", 210, 209), ("meetings", "deals", 212, 211),
    ("notes", "deals", 214, 213), ("tasks", "deals", 216, 215),
    ("calls", "tickets", 220, 219), ("emails", "tickets", 224, 223), ("meetings", "tickets", 226, 225),
    ("notes", "tickets", 228, 227), ("tasks", "tickets", 230, 229),
)  # fmt: skip
_TO_CHILD = 13
_LABELLED = (
    ("contacts", "companies", 1, 2, PRIMARY, PRIMARY), ("deals", "companies", 5, 6, PRIMARY, PRIMARY),
    ("tickets", "companies", 26, 25, PRIMARY, PRIMARY),
    ("companies", "companies", _TO_CHILD, 14, "Child Company", "Parent Company"),
)  # fmt: skip


def _defined() -> Iterable[AssociationType]:
    for source, target, there, back in _PLAIN:
        yield AssociationType(there, DEFINED, source, target, back, name=_name(source, target))
        if there != back:
            yield AssociationType(back, DEFINED, target, source, there, name=_name(target, source))
    for source, target, there, back, label, label_back in _LABELLED:
        one = there != _TO_CHILD  # a record has one primary company, and a company one parent but many children
        yield AssociationType(there, DEFINED, source, target, back, label, _name(source, target), single=one)
        yield AssociationType(back, DEFINED, target, source, there, label_back, _name(target, source), single=not one)


def _name(source: str, target: str) -> str:
    return f"{OBJECT_TYPES[source].singular}_to_{OBJECT_TYPES[target].singular}"


_DEFINED = tuple(_defined())


class AssociationTypes:
    """All types of a portal."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def between(self, source: ObjectType, target: ObjectType) -> list[AssociationType]:
        """Types that lead from one object type to another, the one without label first."""
        found = [each for each in _DEFINED if (each.from_type, each.to_type) == (source.name, target.name)]
        rows = self._records.reader().execute("SELECT body FROM definitions WHERE kind = ?", (_KIND,))
        own = [AssociationType(**json.loads(text)) for (text,) in rows]
        found += [each for each in own if (each.from_type, each.to_type) == (source.name, target.name)]
        return sorted(found, key=lambda each: (bool(each.label), each.number))

    def plain(self, source: ObjectType, target: ObjectType) -> AssociationType:
        """The one without label. Raises Refused for types that cannot be associated."""
        found = next((each for each in self.between(source, target) if not each.label), None)
        if found is None:
            raise refused(VALIDATION, f"{source.name} cannot be associated with {target.name}.")
        return found

    def get(self, source: ObjectType, target: ObjectType, category: str, number: int) -> AssociationType:
        """Raises Refused for a type that does not lead from one to the other."""
        for each in self.between(source, target):
            if (each.category, each.number) == (category, number):
                return each
        pair = f"{source.name} to {target.name}"
        raise refused(VALIDATION, f"Association type {number} of category {category} does not lead from {pair}.")

    def add_label(
        self, source: ObjectType, target: ObjectType, name: str, label: str, inverse_label: str = ""
    ) -> tuple[AssociationType, ...]:
        """A label of the portal's own; both directions, which are one within an object type unless named apart."""
        self.plain(source, target)
        same = source.name == target.name and inverse_label in ("", label)
        with self._records.writing() as connection:
            there = self._records.take_numbers("association type", 1 if same else 2)
            back = there if same else there + 1
            made = [AssociationType(there, OWN, source.name, target.name, back, label, name)]
            if not same:
                made.append(AssociationType(back, OWN, target.name, source.name, there, inverse_label or label, name))
            for each in made:
                connection.execute(
                    "INSERT INTO definitions (kind, name, position, body) VALUES (?, ?, ?, ?)",
                    (_KIND, str(each.number), each.number, json.dumps(asdict(each))),
                )
        return tuple(made)

    def rename(self, chosen: AssociationType, label: str, inverse_label: str = "") -> None:
        """Another label for a type of the portal's own, and for the other direction if one is given."""
        ways = {chosen.number: label} | ({chosen.inverse: inverse_label} if inverse_label else {})
        with self._records.writing() as connection:
            for number, text in ways.items():
                connection.execute(
                    "UPDATE definitions SET body = json_set(body, '$.label', ?) WHERE kind = ? AND name = ?",
                    (text, _KIND, str(number)),
                )

    def remove(self, chosen: AssociationType) -> None:
        """Takes a type of the portal's own away in both directions, and the associations of this type."""
        with self._records.writing() as connection:
            for number in {chosen.number, chosen.inverse}:
                connection.execute("DELETE FROM definitions WHERE kind = ? AND name = ?", (_KIND, str(number)))
                connection.execute("DELETE FROM associations WHERE type_id = ? AND category = ?", (number, OWN))
