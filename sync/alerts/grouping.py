"""Open findings put into alerts: one alert per person and rule, and the messages it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils import timezone

from sync.alerts.routing import Person, Route, Ways, route
from sync.alerts.telling import tell
from sync.alerts.ways import Places
from sync.models import Alert, Connection, Finding, Owner
from sync.rows import update

#: The worst first.
SEVERITIES = ("high", "medium", "low")


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


def group(connection: Connection, chosen: Ways, where: Places) -> None:
    """Put every open finding into the open alert of its person and rule; close alerts that are empty."""
    groups = _groups(connection, chosen, where)
    owners = _owners(connection, {each.person.record_id: each.person for each in groups})
    alerts = _open_alerts(connection, [(owners[each.person.record_id], each) for each in groups])
    moved = []
    for each in groups:
        alert = alerts[owners[each.person.record_id].pk, each.rule]
        for finding in each.findings:
            if finding.alert_id != alert.pk:
                finding.alert_id = alert.pk
                moved.append(finding)
    update(moved, ["alert"])
    empty = Alert.objects.filter(portfolio=connection.portfolio, state=Alert.State.OPEN).exclude(
        findings__state=Finding.State.OPEN
    )
    empty.update(state=Alert.State.RESOLVED, resolved_at=timezone.now())


def _groups(connection: Connection, ways: Ways, where: Places) -> Sequence[Group]:
    routes: dict[tuple[str, ...], Route] = {}
    groups: dict[tuple[str, str], Group] = {}
    findings = Finding.objects.filter(connection=connection, state=Finding.State.OPEN)
    for finding in findings.only("rule", "field", "owner_record_id", "account_id", "severity", "due_on", "alert"):
        case = where.case(finding.owner_record_id, finding.account_id, finding.rule, finding.field)
        same = (case.owner_id, case.rule, case.field, case.segment, *case.columns.values())
        chosen = routes.get(same) or routes.setdefault(same, route(case, ways))
        key = (chosen.person.record_id, finding.rule)
        each = groups.get(key) or groups.setdefault(key, Group(chosen.person, finding.rule))
        each.findings.append(finding)
        each.because[chosen.because] = None
    return list(groups.values())


def _owners(connection: Connection, people: Mapping[str, Person]) -> dict[str, Owner]:
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
                    name=person.name,
                    email=person.email,
                )
                for person in new
            ),
            ignore_conflicts=True,  # another run may have met the same person at this moment
        )
        found = known()
    renamed = []
    for record_id, person in people.items():
        owner = found[record_id]
        if (owner.name, owner.email) != (person.name, person.email):
            owner.name, owner.email = person.name, person.email
            renamed.append(owner)
    update(renamed, ["name", "email"])
    return found


def _open_alerts(connection: Connection, wanted: Sequence[tuple[Owner, Group]]) -> Mapping[tuple[int, str], Alert]:
    """The open alert of each person and rule, by id of the person and rule; new ones with their deliveries."""

    def known() -> dict[tuple[int, str], Alert]:
        opened = Alert.objects.filter(portfolio=connection.portfolio, state=Alert.State.OPEN)
        return {(alert.owner_id, alert.rule): alert for alert in opened}

    found = known()
    new = [(owner, each) for owner, each in wanted if (owner.pk, each.rule) not in found]
    if not new:
        return found
    Alert.objects.bulk_create(
        (
            Alert(
                portfolio=connection.portfolio,
                owner=owner,
                rule=each.rule,
                routed_because=" ".join(each.because)[:300],
                severity=each.severity,
                due_on=min(finding.due_on for finding in each.findings),
            )
            for owner, each in new
        ),
        ignore_conflicts=True,
    )
    found = known()
    made = [found[owner.pk, each.rule] for owner, each in new]
    # Another run may have made the same alert at this moment, and has told about it.
    fresh = [alert for alert in made if not alert.told]
    tell(fresh)
    for alert in fresh:
        alert.told = True
    update(fresh, ["told"])
    return found
