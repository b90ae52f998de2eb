"""Associations that come with a record: those to make with a new one, and those to show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.portal.association_types import AssociationType
from connectors.sandbox.portal.associations import Link
from connectors.sandbox.portal.outcomes import VALIDATION, refused
from connectors.sandbox.portal.portal import Portal
from connectors.sandbox.portal.schema import ObjectType
from connectors.sandbox.portal.standard import OBJECT_TYPES, object_type


@dataclass(frozen=True)
class Links:
    """Associations to make: the other record and how it is reached."""

    wanted: tuple[tuple[ObjectType, int, AssociationType], ...]

    def add(self, portal: Portal, kind: ObjectType, record_id: int) -> None:
        for target, to_id, chosen in self.wanted:
            portal.associations.add(kind, target, [Link(record_id, to_id, chosen)])


def links_of(portal: Portal, kind: ObjectType, given: Any) -> Links:
    """What `associations` of a record to create mean. Raises Refused."""
    wanted: list[tuple[ObjectType, int, AssociationType]] = []
    for each in given if isinstance(given, list) else []:
        to_id = str((each.get("to") or {}).get("id", ""))
        for spec in each.get("types") or []:
            target, chosen = _target(portal, kind, spec)
            if not to_id.isdecimal() or int(to_id) not in portal.records.fetch(target, [int(to_id)], ()):
                raise refused(VALIDATION, f"Invalid association: no {target.singular} has the id {to_id}", id=to_id)
            wanted.append((target, int(to_id), chosen))
    return Links(tuple(wanted))


def _target(portal: Portal, kind: ObjectType, spec: dict[str, Any]) -> tuple[ObjectType, AssociationType]:
    """The object type that a number leads to: in this form of associations only the number says it."""
    category, number = str(spec.get("associationCategory")), spec.get("associationTypeId")
    for target in OBJECT_TYPES.values():
        for each in portal.associations.types.between(kind, target):
            if (each.category, each.number) == (category, number):
                return target, each
    raise refused(VALIDATION, f"Association type {number} of category {category} does not start at {kind.name}.")


def associated(
    portal: Portal, kind: ObjectType, ids: Sequence[int], wanted: Sequence[str]
) -> list[dict[str, dict[str, Any]]]:
    """Per record the associations to these object types in the form of lists and single records."""
    told: list[dict[str, dict[str, Any]]] = [{} for _ in ids]
    for name in wanted:
        target = object_type(name)
        if target is None:
            raise refused(VALIDATION, f"Unable to infer object type from: {name}")
        found = portal.associations.of(kind, target, ids)
        for place, record_id in enumerate(ids):
            results = [
                {"id": str(to_id), "type": old_name(each)}
                for to_id, kinds in found.get(record_id, {}).items()
                for each in kinds
            ]
            if results:
                told[place][target.name.replace("_", " ")] = {"results": results}
    return told


def old_name(chosen: AssociationType) -> str:
    """What version 3 calls a type."""
    # unverified: "_unlabeled" ends the name of an association beside which there can be a primary one.
    return f"{chosen.name}_unlabeled" if not chosen.label and chosen.to_type == "companies" else chosen.name
