"""Findings that wait put into alerts: one alert per person and rule, and the messages it needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import F, Min, Q

from sync.alerts import flapping, history, telling, todos
from sync.alerts.rhythms import SEVERITIES
from sync.alerts.routing import Person, Route, Ways, next_in_line, route
from sync.alerts.states import RESTING, WAITING, Event, State, after
from sync.alerts.ways import Places
from sync.models import Alert, Connection, Finding, Owner, Portfolio
from sync.rows import portions, update


@dataclass(frozen=True)
class Group:
    """Findings of one rule that go to one person."""

    person: Person
    rule: str
    findings: list[Finding] = field(default_factory=list)
    #: Why the person gets them, each sentence once.
    because: dict[str, None] = field(default_factory=dict)

    @property
    def severity(self) -> str:
        """The worst of its findings."""
        return min((finding.severity for finding in self.findings), key=SEVERITIES.index)

    @property
    def reason(self) -> str:
        return " ".join(self.because)[:300]

    @property
    def due_on(self) -> date:
        return min(finding.due_on for finding in self.findings)


def group(
    connection: Connection, chosen: Ways, where: Places, now: datetime, only: Collection[int] | None = None
) -> None:
    """Put what waits into the alert of its person and rule; let alerts rest or close where nothing waits.

    `only`: ids of findings, all others stay where they are.
    """
    groups = _groups(connection, chosen, where, only)
    known = owners(connection, {each.person.record_id: each.person for each in groups})
    alerts = _open_alerts(connection, [(known[each.person.record_id], each) for each in groups])
    handed: dict[int, list[Finding]] = {}
    placed = [(alerts[known[each.person.record_id].pk, each.rule], each) for each in groups]
    news = {alert.pk: alert for alert in _untold(placed)}
    moved, worse = [], []
    for alert, each in placed:
        if SEVERITIES.index(each.severity) < SEVERITIES.index(alert.severity):
            alert.severity = each.severity
            worse.append(alert)
        for finding in each.findings:
            stays, opened = finding.alert_id == alert.pk, finding.opened_at == now
            if (opened or not stays) and (finding.state == State.ASKED or flapping.is_news(finding)):
                news[alert.pk] = alert  # also where an alert about the rule is open already
            if stays:
                continue
            if finding.alert is not None and finding.alert.owner_id != alert.owner_id:
                handed.setdefault(alert.owner_id, []).append(finding)
                finding.waiting_since, finding.escalated = now, 0
                finding.state = after(finding.state, Event.MOVED) or finding.state
            finding.alert = alert
            moved.append(finding)
    update(moved, ["alert", "state", "waiting_since", "escalated"])
    update(worse, ["severity"])
    for findings in handed.values():
        history.note(findings, Event.MOVED, now)
    settle(connection.portfolio_id, now)
    telling.tell(list(news.values()), now)
    telling.retime(connection.portfolio, now)


def settle(portfolio_id: int, now: datetime) -> None:
    """Alerts are open while something waits in them, else rest or are resolved; they are due with the first finding."""
    unresolved = Alert.objects.filter(portfolio=portfolio_id).exclude(state=Alert.State.RESOLVED)
    idle = unresolved.exclude(findings__state__in=WAITING)
    resting = idle.filter(findings__state__in=RESTING)
    idle.exclude(findings__state__in=RESTING).update(state=Alert.State.RESOLVED, resolved_at=now)
    Alert.objects.filter(pk__in=list(resting.values_list("pk", flat=True))).update(state=Alert.State.RESTING)
    awake = unresolved.filter(state=Alert.State.RESTING, findings__state__in=WAITING)
    Alert.objects.filter(pk__in=list(awake.values_list("pk", flat=True))).update(state=Alert.State.OPEN)
    due = Min("findings__due_on", filter=Q(findings__state__in=WAITING))
    late = unresolved.filter(state=Alert.State.OPEN).annotate(first=due).exclude(first=F("due_on"))
    for pk, first in list(late.values_list("pk", "first")):
        Alert.objects.filter(pk=pk).update(due_on=first)
    todos.keep(Portfolio.objects.get(pk=portfolio_id))


def _groups(connection: Connection, ways: Ways, where: Places, only: Collection[int] | None) -> Sequence[Group]:
    routes: dict[tuple[object, ...], Route] = {}
    groups: dict[tuple[str, str], Group] = {}
    for finding in _waiting(connection, only):
        case = where.case(finding.owner_record_id, finding.account_id, finding.rule, finding.field, finding.kind)
        asked = finding.state == State.ASKED
        same = (
            case.owner_id,
            case.rule,
            case.field,
            case.segment,
            asked,
            case.kind,
            *case.columns.values(),
            case.posts,
        )
        chosen = routes.get(same)
        if chosen is None:
            chosen = routes[same] = next_in_line(route(case, ways), ways) if asked else route(case, ways)
        key = (chosen.person.record_id, finding.rule)
        each = groups.get(key) or groups.setdefault(key, Group(chosen.person, finding.rule))
        each.findings.append(finding)
        each.because[chosen.because] = None
    return list(groups.values())


def _waiting(connection: Connection, only: Collection[int] | None) -> Iterable[Finding]:
    found = Finding.objects.filter(connection=connection, state__in=WAITING).select_related("alert")
    if only is None:
        return found
    return (finding for some in portions(sorted(only)) for finding in found.filter(pk__in=some))


def owners(connection: Connection, people: Mapping[str, Person]) -> dict[str, Owner]:
    """These people as they are called now, by record id."""

    def known() -> dict[str, Owner]:
        # Only the administrator may be no user of the CRM, and then belongs to no connection.
        owners = Owner.objects.filter(portfolio=connection.portfolio, connection=connection).exclude(record_id="")
        outside = Owner.objects.filter(portfolio=connection.portfolio, connection=None, record_id="")
        return {owner.record_id: owner for owner in (*owners, *outside)}

    found = known()
    new = [person for record_id, person in people.items() if record_id not in found]
    if new:
        Owner.objects.bulk_create(
            (
                Owner(
                    portfolio=connection.portfolio,
                    connection=connection if person.record_id else None,
                    record_id=person.record_id,
                    **_known_of(person),
                )
                for person in new
            ),
            ignore_conflicts=True,  # another run may have met the same person at this moment
        )
        found = known()
    changed = []
    for record_id, person in people.items():
        owner = found[record_id]
        facts = _known_of(person)
        if any(getattr(owner, name) != fact for name, fact in facts.items()):
            for name, fact in facts.items():
                setattr(owner, name, fact)
            changed.append(owner)
    update(changed, list(_known_of(Person("", "", ""))))
    return found


def _known_of(person: Person) -> dict[str, Any]:
    """What is kept of a person, as columns of Owner."""
    return {
        "name": person.name,
        "email": person.email,
        "time_zone": person.time_zone[:64],
        "manages": person.manages,
    }


def _open_alerts(connection: Connection, wanted: Sequence[tuple[Owner, Group]]) -> Mapping[tuple[int, str], Alert]:
    """The open alert of each person and rule, by id of the person and rule.

    One that rests, or that held one of these findings before it was resolved, is opened again: the same thing never
    has a second one.
    """

    def known() -> dict[tuple[int, str], Alert]:
        unresolved = Alert.objects.filter(portfolio=connection.portfolio).exclude(state=Alert.State.RESOLVED)
        return {(alert.owner_id, alert.rule): alert for alert in unresolved}

    found = known()
    for owner, each in wanted:
        earlier = found.get((owner.pk, each.rule)) or _earlier(owner, each)
        if earlier is not None and earlier.state != Alert.State.OPEN:
            closed = Alert.objects.filter(pk=earlier.pk).exclude(state=Alert.State.OPEN)
            closed.update(state=Alert.State.OPEN, resolved_at=None, told=False)
    found = known()
    new = [(owner, each) for owner, each in wanted if (owner.pk, each.rule) not in found]
    Alert.objects.bulk_create(
        (
            Alert(
                portfolio=connection.portfolio,
                owner=owner,
                rule=each.rule,
                routed_because=each.reason,
                severity=each.severity,
                due_on=each.due_on,
            )
            for owner, each in new
        ),
        ignore_conflicts=True,
    )
    return known() if new else found


def _earlier(owner: Owner, group: Group) -> Alert | None:
    """The newest alert of this person and rule that held one of these findings."""
    held = [each.alert for each in group.findings if each.alert is not None]
    fitting = [alert for alert in held if alert.owner_id == owner.pk and alert.rule == group.rule]
    return max(fitting, key=lambda alert: alert.pk, default=None)


def _untold(alerts: Sequence[tuple[Alert, Group]]) -> list[Alert]:
    """Alerts that nobody has told about, noted as told; one that only flaps on is no news."""
    # Another run may have made the same alert at this moment, and has told about it.
    silent = [(alert, each) for alert, each in alerts if not alert.told]
    for alert, each in silent:
        alert.told, alert.routed_because, alert.severity = True, each.reason, each.severity
    update([alert for alert, _ in silent], ["told", "routed_because", "severity"])
    return [alert for alert, each in silent if any(flapping.is_news(finding) for finding in each.findings)]
