"""What is open: findings opened, reopened and resolved by what the CRM says now.

A finding is one rule broken by one record; an alert is all findings of one rule that wait for one person. The same
problem never opens a second alert, and the CRM edit itself resolves it, whatever people said about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import QuerySet

from scoring.model import Model
from scoring.model.shape import DueDays
from scoring.quality import Finding as Found
from sync.alerts import editors, flapping, history, recovery
from sync.alerts.states import Event, State, after, on_recheck
from sync.models import Connection, Finding, Run
from sync.rows import insert, portions, update

Key = tuple[str, str, str, str]
#: Findings that were looked for, in parts that one statement can name.
Parts = Iterable[QuerySet[Finding]]
#: What is kept of a finding whose value or words changed, or that the re-check moved to another state.
_TEXTS = ("record_name", "account_id", "value", "against", "severity", "message", "fix", "owner_record_id")
#: What `reopen` sets.
REOPENED = ("state", "rests_until", "resolved_at", "waiting_since", "escalated", "to_say_mended", "due_on")
_UPDATED = (*_TEXTS, *REOPENED, "opened_at", "times_opened", "last_run")


@dataclass
class Outcome:
    """What the re-check did: findings that are new, changed, and by what happened to them."""

    fresh: list[Finding] = field(default_factory=list)
    changed: list[Finding] = field(default_factory=list)
    events: dict[Event, list[Finding]] = field(default_factory=dict)


def reconcile(
    run: Run,
    connection: Connection,
    found: Sequence[Found],
    model: Model,
    now: datetime,
    among: Parts | None = None,
) -> None:
    """Bring the findings of this connection, or those `among` them that were looked for, to what was found now."""
    flapping.forget(connection, model.follow_up.flapping, now)
    # Locked: what a person says about one at this moment comes before or after, and is not written over.
    looked_for = [Finding.objects.filter(connection=connection)] if among is None else among
    ours = (part.select_for_update(of=("self",)).select_related("alert") for part in looked_for)
    known = {_key(finding): finding for part in ours for finding in part}
    done = Outcome()
    seen: set[Key] = set()
    for item in found:
        key = (item.rule, item.kind, item.record_id, item.field or "")
        seen.add(key)
        _look_at(known.get(key), item, run, connection, model.quality.due_days, now, done)
    latest = Finding.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    insert(Finding, [vars(finding) for finding in done.fresh])
    update(done.changed, _UPDATED)
    gone = [each for key, each in known.items() if key not in seen and each.state != State.RESOLVED]
    _resolve(gone, run, connection, now)
    if done.fresh:
        made = Finding.objects.filter(connection=connection, opened_at=now, times_opened=1, pk__gt=latest)
        history.note(made, Event.FOUND, now)
    for event, findings in done.events.items():
        editors_of = editors.of(connection, findings) if event is Event.FOUND_AGAIN else {}
        history.note(findings, event, now, edited_by=editors_of)
    flapping.mark(connection, done.events.get(Event.FOUND_AGAIN, []), model.follow_up.flapping, now)


def _look_at(
    finding: Finding | None,
    item: Found,
    run: Run,
    connection: Connection,
    due_days: DueDays,
    now: datetime,
    done: Outcome,
) -> None:
    """One that was found now, beside what is known of it."""
    if finding is None:
        finding = Finding(connection_id=connection.pk, opened_at=now, waiting_since=now)
        _describe(finding, item)
        finding.due_on = run.today + timedelta(days=getattr(due_days, item.severity))
        finding.last_run_id = run.pk
        done.fresh.append(finding)
        return
    before = (finding.value, finding.against)
    described = _describe(finding, item)
    event = on_recheck(
        finding.state,
        changed=before != (finding.value, finding.against),
        rests_until=finding.rests_until,
        today=run.today,
    )
    if event is not None:
        reopen(finding, event, now, run.today, due_days)
        if event is Event.FOUND_AGAIN:
            finding.opened_at, finding.times_opened = now, finding.times_opened + 1
        done.events.setdefault(event, []).append(finding)
    if described or event is not None:
        finding.last_run_id = run.pk
        done.changed.append(finding)


def reopen(finding: Finding, event: Event, now: datetime, today: date, due_days: DueDays) -> None:
    """It waits for its person anew, who gets the days of the model again. Not saved."""
    target = after(finding.state, event)
    if target is None:
        raise ValueError(f"a finding that is {finding.state} cannot be {event}")
    finding.state, finding.rests_until, finding.resolved_at = target, None, None
    finding.waiting_since, finding.escalated, finding.to_say_mended = now, 0, False
    finding.due_on = today + timedelta(days=getattr(due_days, finding.severity))


def _resolve(gone: Sequence[Finding], run: Run, connection: Connection, now: datetime) -> None:
    """What the re-check finds no more is mended."""
    if not gone:
        return
    history.note(gone, Event.GONE, now, values=flapping.held(gone), edited_by=editors.of(connection, gone))
    told = recovery.told(gone)
    for some in portions(gone, CHUNK):
        ids = [finding.pk for finding in some]
        Finding.objects.filter(pk__in=ids).update(state=State.RESOLVED, resolved_at=now, last_run=run, rests_until=None)
        Finding.objects.filter(pk__in=[pk for pk in ids if pk in told]).update(to_say_mended=True)


#: Rows per statement that lists ids: SQLite and PostgreSQL both limit the number of parameters.
CHUNK = 5000


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
        "against": item.against[:255],
        "severity": item.severity,
        "message": item.message[:500],
        "fix": item.fix[:500],
        "owner_record_id": item.owner_id or "",
    }
    changed = any(getattr(finding, name) != text for name, text in texts.items())
    for name, text in texts.items():
        setattr(finding, name, text)
    return changed
