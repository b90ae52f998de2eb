"""PURE: who a finding goes to, and why.

The model's rules on owners decide first. Without one a finding goes to the CRM user who owns the record. If that person
has left, to the next active manager above; if there is none, to the administrator. Who is away has said who stands in.
So with no rule configured every alert still names a person.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from scoring.model.owners import OwnerRule

#: A chain of managers, or of people standing in, longer than this is a loop in the data.
LEVELS = 10


@dataclass(frozen=True)
class Person:
    """Somebody an alert can go to. `record_id` is empty for an administrator who is no CRM user.

    Attributes:
        time_zone: as the CRM names it, "" where it tells none.
        manages: whether somebody active reports to this person.
    """

    record_id: str
    name: str
    email: str
    is_active: bool = True
    manager_id: str = ""
    time_zone: str = ""
    manages: bool = False


@dataclass(frozen=True)
class Route:
    """The person, and one sentence that answers "why me?"."""

    person: Person
    because: str


@dataclass(frozen=True)
class Post:
    """Somebody's place in a sales territory. `role` is "" where the CRM names none."""

    territory: str
    user_id: str
    role: str


@dataclass(frozen=True)
class Case:
    """What is known of a finding when somebody is looked for.

    Attributes:
        owner_id: CRM user who owns the record, or the account of an order. `kind`: of the record.
        segment: of its account. `columns`: of its account, as far as rules ask for them.
        posts: who works in the sales territories of its account, first assigned first.
    """

    owner_id: str
    rule: str = ""
    field: str = ""
    segment: str = ""
    columns: Mapping[str, str] = dataclasses.field(default_factory=dict)
    posts: Sequence[Post] = ()
    kind: str = "account"


@dataclass(frozen=True)
class Away:
    """A person (by e-mail address, in lower case) is away until a day, which is the last; somebody stands in."""

    delegate: str
    until: date


@dataclass(frozen=True)
class Ways:
    """Everything that decides: the CRM's users by record id, the model's rules, who is away today."""

    people: Mapping[str, Person]
    administrator: Person
    rules: Sequence[OwnerRule] = ()
    away: Mapping[str, Away] = dataclasses.field(default_factory=dict)

    def by_email(self, email: str) -> Person | None:
        wanted = email.lower()
        found = [each for each in self.people.values() if each.email.lower() == wanted and each.is_active]
        return min(found, key=lambda each: each.record_id, default=None)


def route(case: Case, ways: Ways) -> Route:
    """The person who gets this finding."""
    vacant: list[str] = []
    chosen = _by_rule(case, ways, vacant) or _by_record(case, ways)
    passed = dataclasses.replace(chosen, because=" ".join([chosen.because, *vacant]))
    return standing_in(passed, ways)


def next_in_line(told: Route, ways: Ways) -> Route:
    """Who decides when this person says that something cannot be known: the manager, or the administrator."""
    person = told.person
    above = manager_of(person, ways)
    decides = "Accept that it rests, or give it back with a hint."
    if above is not None:
        said = f"You manage {person.name}, who says that this cannot be known. {decides}"
        return standing_in(Route(above, said), ways)
    return Route(ways.administrator, f"{person.name} says that this cannot be known. {decides}")


def fits(rule: OwnerRule, case: Case) -> bool:
    """Whether a rule of the model speaks of this finding."""
    return (
        (not rule.fields or case.field in rule.fields)
        and (not rule.rules or case.rule in rule.rules)
        and (not rule.segments or case.segment in rule.segments)
        and holds(rule.where, case.columns)
    )


def holds(where: Mapping[str, Sequence[str]], columns: Mapping[str, str]) -> bool:
    """Whether the account has one of the values in each of these columns; case is ignored."""
    return all(
        columns.get(name, "").casefold() in {value.casefold() for value in values} for name, values in where.items()
    )


def _by_rule(case: Case, ways: Ways, vacant: list[str]) -> Route | None:
    """Who the first rule that fits names; None for the owner of the record.

    `vacant` takes a sentence for each rule that was passed over because the account's territory names nobody.
    """
    for number, rule in enumerate(ways.rules, 1):
        if not fits(rule, case):
            continue
        where = f"rule {number} of the model's owners"
        if rule.to != "territory":
            return _named(rule, where, case, ways)
        found = _by_territory(rule, where, case, ways)
        if found is not None:
            return found
        role = f" as {rule.role}" if rule.role else ""
        vacant.append(f"(No territory of the account names anybody{role}: {where} was passed over.)")
    return None


def _by_territory(rule: OwnerRule, where: str, case: Case, ways: Ways) -> Route | None:
    for post in case.posts:
        person = ways.people.get(post.user_id)
        if person is None or not _reachable(person) or (rule.role and post.role.casefold() != rule.role.casefold()):
            continue
        what = f"You answer for the territory {post.territory}{f' as {post.role}' if post.role else ''}"
        return Route(person, f"{what}, to which the account is assigned in the CRM ({where}).")
    return None


def _named(rule: OwnerRule, where: str, case: Case, ways: Ways) -> Route | None:
    if rule.to == "account_owner":
        return None
    if rule.to == "manager":
        owner = ways.people.get(case.owner_id)
        above = manager_of(owner, ways) if owner else None
        if owner is None or above is None:
            return None
        return Route(above, f"You manage {owner.name}, who owns the record; {where} sends this to the manager.")
    person = ways.by_email(rule.to)
    if person is None:
        return Route(
            ways.administrator,
            f"{where.capitalize()} names {rule.to}, who is no active user of the CRM, so it goes to the administrator.",
        )
    return Route(person, f"You answer for {_what(rule)} ({where}).")


def _what(rule: OwnerRule) -> str:
    """What a rule is about, in words."""
    parts = [name.replace("_", " ") for name in (*rule.fields, *rule.rules)]
    what = " and ".join(parts) or "the data"
    whose = [f"segment {name.replace('_', ' ')}" for name in rule.segments]
    whose += [f"{name.replace('_', ' ')} {' or '.join(values)}" for name, values in rule.where.items()]
    return f"{what} of accounts with {' and '.join(whose)}" if whose else f"{what} of all accounts"


def _by_record(case: Case, ways: Ways) -> Route:
    owner, what = ways.people.get(case.owner_id), "its account" if case.kind == "order" else "the record"
    if owner is None:
        known = "Its owner is not a user of the CRM any more" if case.owner_id else "The record has no owner"
        return Route(ways.administrator, f"{known}, so it goes to the administrator.")
    if _reachable(owner):
        return Route(owner, f"You own {what} in the CRM.")
    above = manager_of(owner, ways)
    if above is not None:
        return Route(above, f"{owner.name}, who owns {what}, {_absence(owner)}; you manage {owner.name}.")
    return Route(
        ways.administrator,
        f"{owner.name}, who owns {what}, {_absence(owner)} and has no active manager in the CRM, "
        "so it goes to the administrator.",
    )


def manager_of(person: Person, ways: Ways) -> Person | None:
    """The nearest manager above who can be reached."""
    above = ways.people.get(person.manager_id)
    for _ in range(LEVELS):
        if above is None or _reachable(above):
            return above
        above = ways.people.get(above.manager_id)
    return None


def standing_in(chosen: Route, ways: Ways) -> Route:
    """Whoever stands in, where the person is away; one who is away too is passed over."""
    first, person = chosen.person, chosen.person
    for _ in range(LEVELS):
        away = ways.away.get(person.email.lower())
        if away is None:
            break
        delegate = ways.by_email(away.delegate)
        if delegate is None:
            return chosen
        person = delegate
    else:
        return chosen
    if person == first:
        return chosen
    until = ways.away[first.email.lower()].until
    return Route(person, f"You stand in for {first.name} until {until}. {_of_them(chosen.because, first)}")


def _of_them(because: str, person: Person) -> str:
    """The reason, told of that person."""
    for yours, theirs in (("You own", "owns"), ("You answer", "answers"), ("You manage", "manages")):
        if because.startswith(yours):
            return f"{person.name} {theirs}{because.removeprefix(yours)}"
    return because


def _reachable(person: Person) -> bool:
    return person.is_active and bool(person.email)


def _absence(person: Person) -> str:
    return "is no longer active" if not person.is_active else "has no e-mail address"
