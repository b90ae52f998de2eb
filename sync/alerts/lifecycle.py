"""What is open: findings opened, reopened and resolved by what the CRM says now, and alerts that group them.

A finding is one rule broken by one record; an alert is all open findings of one rule that belong to one person. The
same problem never opens a second alert, and the CRM edit itself resolves it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from scoring.model_types import DueDays
from scoring.quality import Finding as Found
from sync import lease
from sync.alerts.routing import Person, Route, route
from sync.models import Alert, Connection, Delivery, Finding, Owner, Run

Key = tuple[str, str, str, str]
#: Rows per statement that lists ids: SQLite and PostgreSQL both limit the number of parameters.
CHUNK = 5000


def reconcile(run: Run, connection: Connection, found: Sequence[Found], due_days: DueDays) -> None:
    """Bring the findings of this connection to what was found now."""
    known = {_key(finding): finding for finding in Finding.objects.filter(connection=connection)}
    now = timezone.now()
    fresh: list[Finding] = []
    changed: list[Finding] = []
    seen: set[Key] = set()
    for item in found:
        key = (item.rule, item.kind, item.record_id, item.field or "")
        seen.add(key)
        finding = known.get(key) or Finding(connection=connection)
        is_new, was_resolved = finding.pk is None, finding.state == Finding.State.RESOLVED
        if _describe(finding, item) or was_resolved or is_new:
            (fresh if is_new else changed).append(finding)
        if is_new or was_resolved:
            finding.due_on = run.today + timedelta(days=getattr(due_days, item.severity))
        if was_resolved:
            finding.state, finding.resolved_at, finding.alert = Finding.State.OPEN, None, None
            finding.opened_at, finding.times_opened = now, finding.times_opened + 1
        finding.last_run = run
    Finding.objects.bulk_create(fresh, batch_size=1000)
    Finding.objects.bulk_update(changed, _UPDATED, batch_size=500)
    gone = [finding.pk for key, finding in known.items() if key not in seen and finding.state == Finding.State.OPEN]
    for ids in _chunks(gone):
        Finding.objects.filter(pk__in=ids).update(state=Finding.State.RESOLVED, resolved_at=now, last_run=run)


_TEXTS = ("record_name", "account_id", "value", "severity", "message", "fix", "owner_record_id")
_UPDATED = (
    *_TEXTS,
    "state",
    "resolved_at",
    "alert",
    "opened_at",
    "times_opened",
    "due_on",
    "last_run",
)


def _key(finding: Finding) -> Key:
    return (finding.rule, finding.kind, finding.record_id, finding.field)


def _describe(finding: Finding, item: Found) -> bool:
    """Take over what was found; True when something a person reads has changed."""
    texts = {
        "rule": item.rule,
        "kind": item.kind,
        "record_id": item.record_id,
        "field": item.field or "",
        "record_name": (item.record_name or item.record_id)[:255],
        "account_id": item.account_id or "",
        "value": (item.value or "")[:255],
        "severity": item.severity,
        "message": item.message[:500],
        "fix": item.fix[:500],
        "owner_record_id": item.owner_id or "",
    }
    changed = any(getattr(finding, name) != text for name, text in texts.items())
    for name, text in texts.items():
        setattr(finding, name, text)
    return changed


def group(connection: Connection, people: Mapping[str, Person], administrator: Person) -> None:
    """Put every open finding into the open alert of its person and rule; close alerts that are empty."""
    groups: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    routes: dict[str, Route] = {}
    for finding in Finding.objects.filter(connection=connection, state=Finding.State.OPEN):
        chosen = routes.setdefault(finding.owner_record_id, route(finding.owner_record_id, people, administrator))
        groups[chosen.person.record_id, finding.rule].append(finding)
    for (_, rule), findings in groups.items():
        owners = dict.fromkeys(finding.owner_record_id for finding in findings)
        alert = _open_alert(connection, rule, findings, [routes[owner] for owner in owners])
        moved = [finding.pk for finding in findings if finding.alert_id != alert.pk]
        for ids in _chunks(moved):
            Finding.objects.filter(pk__in=ids).update(alert=alert)
    empty = Alert.objects.filter(portfolio=connection.portfolio, state=Alert.State.OPEN).exclude(
        findings__state=Finding.State.OPEN
    )
    empty.update(state=Alert.State.RESOLVED, resolved_at=timezone.now())


def _open_alert(connection: Connection, rule: str, findings: Sequence[Finding], routes: Sequence[Route]) -> Alert:
    person = routes[0].person
    owner, _ = Owner.objects.update_or_create(
        portfolio=connection.portfolio,
        connection=connection if person.record_id else None,
        record_id=person.record_id,
        defaults={"name": person.name, "email": person.email},
    )
    alert, created = Alert.objects.get_or_create(
        portfolio=connection.portfolio,
        owner=owner,
        rule=rule,
        state=Alert.State.OPEN,
        defaults={
            "routed_because": " ".join(dict.fromkeys(chosen.because for chosen in routes))[:300],
            "due_on": min(finding.due_on for finding in findings),
        },
    )
    if created:
        channels = [("email", person.email), ("crm_task", person.record_id)]
        Delivery.objects.bulk_create(
            Delivery(alert=alert, channel=channel, key=f"TL-{uuid4().hex[:12]}")
            for channel, address in channels
            if address
        )
    return alert


def record_findings(
    run: Run,
    token: str,
    connection: Connection,
    found: Sequence[Found],
    due_days: DueDays,
    people: Mapping[str, Person],
    administrator: Person,
) -> None:
    """Findings, alerts and the deliveries they need, in one transaction under the run's lease."""
    with transaction.atomic():
        lease.record(run.pk, token)
        reconcile(run, connection, found, due_days)
        group(connection, people, administrator)


def _chunks(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))
