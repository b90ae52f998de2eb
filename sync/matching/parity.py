"""How far two CRMs agree on the companies that are in both, from what the last run read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sync.links import record_url
from sync.matching import differences, matches
from sync.matching.agreement import KEYS
from sync.models import AccountState, Connection, Match, Portfolio
from sync.rows import portions

#: Values that are held against each other.
COMPARED = (*KEYS, "tier")


@dataclass
class Line:
    """One value over all companies in both: how many hold the same, another, or a value in one CRM only."""

    same: int = 0
    different: int = 0
    first_only: int = 0
    second_only: int = 0

    def count(self, first: str, second: str) -> None:
        if first == second:
            self.same += 1
        elif first and second:
            self.different += 1
        elif first:
            self.first_only += 1
        else:
            self.second_only += 1


@dataclass(frozen=True)
class Row:
    """A value on which the two records of a company differ.

    Attributes:
        edits: who set the first and the second one and when, in words, "" where the CRM does not say.
        asked: a person has to decide; else the next run writes it, or the model leaves it as it is.
        urls: where the two records are seen.
    """

    match: Match
    key: str
    values: tuple[str, str]
    edits: tuple[str, str]
    asked: bool
    urls: tuple[str, str]


@dataclass(frozen=True)
class Alone:
    """The customers of a CRM that have no record in the other: how many, and some of them."""

    connection: Connection
    count: int
    some: Sequence[AccountState]


@dataclass(frozen=True)
class Parity:
    """What the report says. `companies` are in both; `proposed` wait to be confirmed."""

    first: Connection
    second: Connection
    companies: int
    proposed: int
    lines: Mapping[str, Line] = field(default_factory=lambda: {key: Line() for key in COMPARED})
    rows: list[Row] = field(default_factory=list)
    alone: tuple[Alone, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether the two records of every company in both hold the same values."""
        return not self.rows


#: Customers that are named of those in one CRM only.
NAMED = 50


def report(portfolio: Portfolio) -> Parity | None:
    """Hold the records of every matched company against each other; None where there is one CRM only."""
    both = matches.crms_of(portfolio)
    if both is None:
        return None
    found = list(matches.confirmed(portfolio).select_related("first", "second").order_by("first_name", "pk"))
    states = _states(both, found)
    waiting = Match.objects.filter(portfolio=portfolio, state=Match.State.PROPOSED).count()
    alone = tuple(_alone(connection, {dict(match.records)[connection] for match in found}) for connection in both)
    told = Parity(*both, companies=len(found), proposed=waiting, alone=alone)
    for match in found:
        sides = [states.get((connection.pk, record)) for connection, record in match.records]
        if sides[0] is not None and sides[1] is not None:
            told.rows.extend(_compared(match, sides[0], sides[1], told.lines))
    return told


def _compared(match: Match, first: AccountState, second: AccountState, lines: Mapping[str, Line]) -> Iterator[Row]:
    for key in COMPARED:
        held = str(first.current.get(key) or ""), str(second.current.get(key) or "")
        lines[key].count(*held)
        if held[0] != held[1]:
            kept = match.differences.get(key, {})
            stands = [kept.get(side) or "" for side in differences.SIDES] == list(held)
            edits = kept.get("edits", {}) if stands else {}
            said = [differences.words(edits.get(side)) for side in differences.SIDES]
            urls = [record_url(connection, "account", record) for connection, record in match.records]
            yield Row(match, key, held, (said[0], said[1]), stands and bool(kept), (urls[0], urls[1]))


def _states(both: Sequence[Connection], found: Sequence[Match]) -> dict[tuple[int, str], AccountState]:
    ids = [record for match in found for _, record in match.records]
    held = AccountState.objects.filter(connection__in=list(both)).defer("written")
    rows = [row for some in portions(ids) for row in held.filter(record_id__in=some)]
    return {(row.connection_id, row.record_id): row for row in rows}


def _alone(connection: Connection, taken: set[str]) -> Alone:
    customers = AccountState.objects.filter(connection=connection, in_scope=True)
    ids = [pk for pk, record in customers.order_by("name", "pk").values_list("pk", "record_id") if record not in taken]
    some = {state.pk: state for state in AccountState.objects.filter(pk__in=ids[:NAMED])}
    return Alone(connection, len(ids), [some[pk] for pk in ids[:NAMED]])
