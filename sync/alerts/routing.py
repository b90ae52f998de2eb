"""PURE: who a finding goes to, and why.

A finding goes to the CRM user who owns the record. If that person has left, to the next active manager above; if
there is none, to the administrator. So with no rule configured every alert still names a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: A chain of managers longer than this is a loop in the data.
LEVELS = 10


@dataclass(frozen=True)
class Person:
    """Somebody an alert can go to. `record_id` is empty for an administrator who is no CRM user."""

    record_id: str
    name: str
    email: str
    is_active: bool = True
    manager_id: str = ""


@dataclass(frozen=True)
class Route:
    """The person, and one sentence that answers "why me?"."""

    person: Person
    because: str


def route(owner_id: str, people: Mapping[str, Person], administrator: Person) -> Route:
    """The person who gets a finding on a record of this owner."""
    owner = people.get(owner_id)
    if owner is None:
        what = "Its owner is not a user of the CRM any more" if owner_id else "The record has no owner"
        return Route(administrator, f"{what}, so it goes to the administrator.")
    if _reachable(owner):
        return Route(owner, "You own the record in the CRM.")
    above = people.get(owner.manager_id)
    for _ in range(LEVELS):
        if above is None:
            break
        if _reachable(above):
            return Route(above, f"{owner.name}, who owns the record, {_absence(owner)}; you manage {owner.name}.")
        above = people.get(above.manager_id)
    return Route(
        administrator,
        f"{owner.name}, who owns the record, {_absence(owner)} and has no active manager in the CRM, "
        "so it goes to the administrator.",
    )


def _reachable(person: Person) -> bool:
    return person.is_active and bool(person.email)


def _absence(person: Person) -> str:
    return "is no longer active" if not person.is_active else "has no e-mail address"
