"""Findings left lying are told further up: to the manager, to whoever answers for the model, to the administrator.

Each step is told once, in one mail to each person, and says who has the findings and for how long. The findings stay
where they are: somebody else knows of them now. The clock of a finding begins anew when it goes to another person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from scoring.model import Model
from scoring.model.follow_up import STEPS
from sync import outputs
from sync.alerts import escalation_steps, grouping, history, notices, ways
from sync.alerts.routing import Person, Route, Ways, holds, manager_of, standing_in
from sync.alerts.states import WAITING, Event, State
from sync.alerts.ways import Places
from sync.models import Connection, Finding, Owner, Portfolio


@dataclass
class Told:
    """What one person hears now, and why, each reason once."""

    person: Person
    findings: list[Finding] = field(default_factory=list)
    because: dict[str, None] = field(default_factory=dict)


def escalate(portfolio: Portfolio, now: datetime) -> int:
    """Tell what is due by the clock; how many mails that takes."""
    published = portfolio.model_in_force()
    if published is None:
        return 0
    model, mails = outputs.model(published), 0
    for connection in portfolio.crms():
        with transaction.atomic():
            due = _due(connection, model, now)
            if due:
                mails += _tell(connection, model, due, now)
    return mails


def _due(connection: Connection, model: Model, now: datetime) -> list[Finding]:
    """Findings that have reached a step nobody was told of; `escalated` is that step. Not saved."""
    rules = model.follow_up.escalation
    counted = (State.OPEN, State.ASKED) if rules.stops_when_acknowledged else WAITING
    lying = Finding.objects.filter(connection=connection, state__in=counted, escalated__lt=len(STEPS))
    today = timezone.localdate(now)
    found = []
    for finding in lying.exclude(alert=None).select_for_update(of=("self",)).select_related("alert__owner"):
        since = timezone.localdate(finding.waiting_since)
        waited = escalation_steps.working_days(since, today, model.working_days)
        reached = escalation_steps.step(rules.of(finding.severity), waited, finding.escalated)
        if reached > finding.escalated:
            finding.escalated = reached
            found.append(finding)
    return found


def _tell(connection: Connection, model: Model, due: Sequence[Finding], now: datetime) -> int:
    """Note the steps, and write one mail to each person who hears of some of them."""
    chosen = ways.ways(connection, ways.users(connection), model, timezone.localdate(now))
    where = ways.places(connection, model, {finding.account_id for finding in due if finding.account_id})
    told: dict[str, Told] = {}
    for finding in due:
        Finding.objects.filter(pk=finding.pk).update(escalated=finding.escalated)
        route = _route(finding, chosen, model, where)
        if route is not None:
            each = told.setdefault(route.person.record_id, Told(route.person))
            each.findings.append(finding)
            each.because[route.because] = None
    owners = grouping.owners(connection, {key: each.person for key, each in told.items()})
    for key, each in told.items():
        why = " ".join(each.because)
        history.note(each.findings, Event.ESCALATED, now, owner=owners[key].pk, reason=why)
        notices.left_lying(owners[key], each.findings, why, now)
    return len(told)


def _route(finding: Finding, ways: Ways, model: Model, where: Places) -> Route | None:
    """Who hears of a finding at the step it has reached, and why; None where that is nobody, or who has it anyway."""
    rules = model.follow_up.escalation
    step = STEPS[finding.escalated - 1]
    owner: Owner = finding.alert.owner  # type: ignore[union-attr]  # those without an alert are left out
    has = f"{owner.name} has not closed this within {getattr(rules.of(finding.severity), step)} working days"
    person: Person | None
    if step == "manager":
        holder = ways.people.get(owner.record_id)
        person, because = (manager_of(holder, ways) if holder else None), f"{has}; you manage {owner.name}."
    elif step == "model_owner":
        columns = where.case(finding.owner_record_id, finding.account_id).columns
        rule = next((each for each in rules.model_owners if holds(each.where, columns)), None)
        person, because = (ways.by_email(rule.to) if rule else None), f"{has}; you answer for the model."
    else:
        person, because = ways.administrator, f"{has}; it ends with you, the administrator."
    if person is None:
        return None
    route = standing_in(Route(person, because), ways)
    return None if not route.person.email or route.person.email.lower() == owner.email.lower() else route
