"""Questions about owners between runs: who answers for an account and why, who has how much open, who is away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Count, Min, Q
from django.utils import timezone

from scoring.model.shape import OutputKey
from sync import audit, outputs
from sync.alerts import ways
from sync.alerts.routing import next_in_line, route
from sync.models import Absence, AccountState, Finding, Owner, Portfolio

_VALUES: tuple[OutputKey, ...] = ("segment", "sub_segment", "value_profile")


class UnknownPerson(ValueError):
    """No active user of the CRM has this e-mail address."""


@dataclass(frozen=True)
class Answer:
    """Who would be told about something, and why. `finding` is open; "" for what is right today."""

    about: str
    finding: str
    person: str
    email: str
    because: str


def explain(account: AccountState) -> Iterator[Answer]:
    """Who is told about this account: each open finding, then the values that are not in question."""
    connection = account.connection
    published = connection.portfolio.model_in_force()
    if published is None:
        return
    model, users = outputs.model(published), ways.users(connection)
    chosen = ways.ways(connection, users, model, timezone.localdate())
    where = ways.places(connection, model, {account.record_id})
    found = Finding.objects.filter(connection=connection, account_id=account.record_id, state__in=Finding.WAITING)
    about = [
        (each.field or each.rule, each.message, each.owner_record_id, each.rule, each.state, each.kind)
        for each in found
    ]
    told = {field for field, *_ in about}
    about += [(name, "", account.owner_record_id, "", "", "account") for name in _VALUES if name not in told]
    for name, message, owner, rule, state, kind in about:
        got = route(where.case(owner, account.record_id, rule, name, kind), chosen)
        if state == Finding.State.ASKED:
            got = next_in_line(got, chosen)
        yield Answer(name, message, got.person.name, got.person.email, got.because)


def burden(portfolio: Portfolio) -> list[Mapping[str, object]]:
    """People with open findings: name, email, findings, overdue, due (the earliest date), most first."""
    open_now = Q(alerts__findings__state__in=Finding.WAITING)
    overdue = open_now & Q(alerts__findings__due_on__lt=timezone.localdate())
    found = Owner.objects.filter(portfolio=portfolio).annotate(
        findings=Count("alerts__findings", filter=open_now),
        overdue=Count("alerts__findings", filter=overdue),
        due=Min("alerts__findings__due_on", filter=open_now),
    )
    rows = found.filter(findings__gt=0).order_by("-findings", "name")
    return [dict(row) for row in rows.values("name", "email", "findings", "overdue", "due")]


def leave(portfolio: Portfolio, email: str, delegate: str, starts_on: date, ends_on: date, by: str) -> Absence:
    """Note that somebody is away, in place of what was noted of them before.

    Raises `UnknownPerson`, and ValueError for dates or people that make no sense.
    """
    email, delegate = email.strip().lower(), delegate.strip().lower()
    if email == delegate:
        raise ValueError("Somebody else has to stand in.")
    if ends_on < starts_on:
        raise ValueError(f"{ends_on} is before {starts_on}.")
    known = {
        person.email.lower() for each in portfolio.crms() for person in ways.users(each).values() if person.is_active
    }
    for address in (email, delegate):
        if address not in known:
            raise UnknownPerson(f"No active user of the CRM has the e-mail address {address}.")
    with transaction.atomic():
        made, _ = Absence.objects.update_or_create(
            portfolio=portfolio,
            email=email,
            defaults={"delegate": delegate, "starts_on": starts_on, "ends_on": ends_on},
        )
        audit.note(portfolio, by, "absence noted", str(made))
    return made


def back(portfolio: Portfolio, email: str, by: str) -> bool:
    """Forget an absence; False when none was noted."""
    with transaction.atomic():
        gone, _ = Absence.objects.filter(portfolio=portfolio, email=email.strip().lower()).delete()
        if gone:
            audit.note(portfolio, by, "absence ended", email)
    return bool(gone)
