"""What is open: findings opened, reopened and resolved by what the CRM says now.

A finding is one rule broken by one record; an alert is all open findings of one rule that belong to one person. The
same problem never opens a second alert, and the CRM edit itself resolves it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from scoring.model import Model
from scoring.model_types import DueDays
from scoring.quality import Finding as Found
from sync import lease
from sync.alerts.grouping import group
from sync.alerts.routing import Ways
from sync.alerts.ways import places
from sync.models import Connection, Finding, Run
from sync.rows import insert, update

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
        finding = known.get(key) or Finding(connection_id=connection.pk, opened_at=now)
        is_new, was_resolved = finding.pk is None, finding.state == Finding.State.RESOLVED
        if _describe(finding, item) or was_resolved or is_new:
            (fresh if is_new else changed).append(finding)
        if is_new or was_resolved:
            finding.due_on = run.today + timedelta(days=getattr(due_days, item.severity))
        if was_resolved:
            finding.state, finding.resolved_at, finding.alert = Finding.State.OPEN, None, None
            finding.opened_at, finding.times_opened = now, finding.times_opened + 1
        finding.last_run_id = run.pk
    insert(Finding, [vars(finding) for finding in fresh])
    update(changed, _UPDATED)
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


def record_findings(
    run: Run,
    token: str,
    connection: Connection,
    found: Sequence[Found],
    model: Model,
    chosen: Ways,
) -> None:
    """Findings, alerts and the deliveries they need, in one transaction under the run's lease."""
    with transaction.atomic():
        lease.record(run.pk, token)
        reconcile(run, connection, found, model.quality.due_days)
        group(connection, chosen, places(connection, model))


def _chunks(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))
