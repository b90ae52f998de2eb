"""The history of findings: what happened to each, when, and who did it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from types import MappingProxyType

from django.db.models import QuerySet

from sync.alerts.states import Event
from sync.models import Finding, FindingEvent
from sync.rows import insert

#: Events after which a finding is open, with a day by which it is due.
OPENED = (Event.FOUND, Event.FOUND_AGAIN, Event.CHANGED, Event.DUE)


def note(
    findings: Iterable[Finding],
    event: Event,
    at: datetime,
    *,
    by: str = "",
    owner: int | None = None,
    reason: str = "",
    until: date | None = None,
    values: Mapping[int, str] | None = None,
    edited_by: Mapping[int, str] = MappingProxyType({}),
) -> None:
    """Write one event down for each of these.

    Args:
        owner: who has it then; that of its alert unless given.
        until: of one that was opened, the day it is due goes in its place.
        values: what stands in the field, by finding; what is wrong with it unless given.
        edited_by: who had edited the record last, by finding.
    """
    found = list(findings)
    opened = event in OPENED
    rows = [
        FindingEvent(
            finding_id=finding.pk,
            at=at,
            event=event.value,
            by=by[:150],
            owner_id=owner or (finding.alert.owner_id if finding.alert else None),
            value=finding.value if values is None else values.get(finding.pk, "")[:255],
            reason=reason[:500],
            until=finding.due_on if opened else until,
            edited_by=edited_by.get(finding.pk, "")[:160],
            against=finding.against if event is Event.CONFIRM else "",
        )
        for finding in found
    ]
    insert(FindingEvent, [vars(row) for row in rows])


def of(finding: Finding) -> QuerySet[FindingEvent]:
    """What happened to this one, the newest first."""
    return FindingEvent.objects.filter(finding=finding).select_related("owner").order_by("-at", "-pk")
