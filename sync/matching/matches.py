"""Matches as people decide them, and as everything else asks for them.

Of two CRMs the older connection of the portfolio leads: a company in both is scored under its record there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from sync import audit
from sync.models import AccountState, Connection, Match, Portfolio
from sync.reading import dirty

State = Match.State


class Refused(ValueError):
    """A decision that cannot be; the message says why and what to do."""


@dataclass(frozen=True)
class Partner:
    """The other record of a company in two CRMs. `leads`: the company is scored under this one."""

    connection: str
    record_id: str
    name: str
    leads: bool


def crms_of(portfolio: Portfolio) -> tuple[Connection, Connection] | None:
    """The two CRMs between which companies are matched; None where there is one. A third is left alone."""
    found = list(portfolio.crms()[:2])
    return (found[0], found[1]) if len(found) == 2 else None


def confirmed(portfolio: Portfolio) -> QuerySet[Match]:
    return Match.objects.filter(portfolio=portfolio, state=State.CONFIRMED)


def leads(portfolio: Portfolio) -> dict[str, str]:
    """Record that is scored under another -> that other."""
    return dict(confirmed(portfolio).values_list("second_record", "first_record"))


def together(portfolio: Portfolio, records: Collection[str]) -> set[str]:
    """These records, and those of the same companies in the other CRM."""
    pairs = leads(portfolio)
    if not pairs:
        return set(records)
    other = pairs | {lead: follower for follower, lead in pairs.items()}
    return set(records) | {other[record] for record in records if record in other}


def partners(portfolio: Portfolio) -> dict[str, Partner]:
    """The other record of every matched one, by record id."""
    found: dict[str, Partner] = {}
    for match in confirmed(portfolio).select_related("first", "second"):
        found[match.first_record] = Partner(match.second.name, match.second_record, match.second_name, leads=False)
        found[match.second_record] = Partner(match.first.name, match.first_record, match.first_name, leads=True)
    return found


def companies(portfolio: Portfolio, accounts: QuerySet[AccountState]) -> QuerySet[AccountState]:
    """These accounts of a portfolio, a company with records in both CRMs by the one that leads."""
    if crms_of(portfolio) is None:
        return accounts
    following = confirmed(portfolio).filter(second=OuterRef("connection"), second_record=OuterRef("record_id"))
    return accounts.exclude(Exists(following))


def other_records(accounts: Sequence[AccountState]) -> dict[int, AccountState]:
    """The account of the other CRM by the key of each of these that is one company with it."""
    pairs = {ours: other for other, ours in same_company(accounts).items()}
    found = AccountState.objects.select_related("connection").defer("written").in_bulk(list(pairs.values()))
    return {ours: found[other] for ours, other in pairs.items() if other in found}


def same_company(accounts: Iterable[AccountState]) -> dict[int, int]:
    """Account of the other CRM -> the account of these that is the same company."""
    ours = {(account.connection_id, account.record_id): account.pk for account in accounts if account.pk}
    ids = [record_id for _, record_id in ours]
    wanted: dict[tuple[int, str], int] = {}
    found = Match.objects.filter(Q(first_record__in=ids) | Q(second_record__in=ids), state=State.CONFIRMED)
    for row in found.values_list("first", "first_record", "second", "second_record"):
        for here, there in ((row[:2], row[2:]), (row[2:], row[:2])):
            if here in ours:
                wanted[there] = ours[here]
    others = AccountState.objects.filter(record_id__in=[record_id for _, record_id in wanted])
    rows = others.values_list("pk", "connection", "record_id")
    return {pk: wanted[connection, record] for pk, connection, record in rows if (connection, record) in wanted}


def confirm(found: Collection[Match], by: str) -> int:
    """These are one company each. Raises `Refused` where a record is matched to another already."""
    for match in found:
        if match.state != State.CONFIRMED:
            _decide(match, State.CONFIRMED, by)
    return len(found)


def reject(found: Collection[Match], by: str) -> int:
    """These are two companies each, also where they were taken for one; they are not proposed again."""
    for match in found:
        if match.state != State.REJECTED:
            _decide(match, State.REJECTED, by)
    return len(found)


def _decide(match: Match, state: Match.State, by: str) -> None:
    before = match.state
    try:
        with transaction.atomic():
            mine = Match.objects.filter(pk=match.pk, state=before)
            decided = {"decided_by": by[:150], "decided_at": timezone.now()}
            if not mine.update(state=state, differences={}, **decided):
                raise Refused(f"{match} has just been decided otherwise; look again.")
            match.state = state
            if state == State.CONFIRMED:
                _drop_rivals(match)
            look_again([match], f"a match was {state.label if state != State.CONFIRMED else 'confirmed'}")
            audit.note(match.portfolio, by, f"match {state}", str(match), match=match.pk, before=before, how=match.how)
    except IntegrityError:
        raise Refused(
            f"A record of {match} is matched to another one. Reject that match first: tierline matches list --all"
        ) from None


def _drop_rivals(match: Match) -> None:
    """What else was proposed for one of the two records is answered."""
    rivals = Q(first=match.first, first_record=match.first_record)
    rivals |= Q(second=match.second, second_record=match.second_record)
    Match.objects.filter(rivals, state=State.PROPOSED).delete()


def look_again(found: Iterable[Match], reason: str) -> None:
    """Have the next micro-batch score both records anew."""
    marked: dict[Connection, set[str]] = {}
    for match in found:
        for connection, record_id in match.records:
            marked.setdefault(connection, set()).add(record_id)
    for connection, ids in marked.items():
        dirty.mark(connection, ids, reason)


def counts(portfolio: Portfolio) -> Mapping[str, int]:
    """Matches by state."""
    held = Match.objects.filter(portfolio=portfolio).values_list("state", flat=True)
    return {state.value: sum(1 for each in held if each == state) for state in State}
