"""The message about alerts: what the gap costs, then the most severe first, then what is closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from sync import labels, links
from sync.alerts import gap
from sync.alerts.channels.base import Item, Listed, Message
from sync.alerts.rhythms import SEVERITIES
from sync.models import Alert, Finding, Owner

#: Findings of one alert listed in a message; the rest is behind its link.
SHOWN = 25
#: Records named that are closed since the last message.
CLOSED = 5


@dataclass(frozen=True)
class Told:
    """When a person was last told about each alert, and what he was told that is mended since."""

    about: Mapping[int, datetime] = field(default_factory=dict)
    mended: Sequence[Finding] = ()


def unsolved(alerts: QuerySet[Alert]) -> list[Alert]:
    """Those of these alerts about which there is something to tell."""
    left = Finding.objects.filter(alert=OuterRef("pk"), state__in=Finding.WAITING)
    return list(alerts.filter(Exists(left), state=Alert.State.OPEN).order_by("pk").select_related("portfolio"))


def compose(
    key: str, owner: Owner, alerts: Sequence[Alert], now: datetime, told: Told, *, first_attempt: bool
) -> Message:
    """The message about these alerts, which says what is new since the person was told."""
    behind = gap.behind(alerts[0].portfolio, alerts)
    ordered = sorted(alerts, key=lambda alert: (SEVERITIES.index(alert.severity), alert.due_on, alert.pk))
    lists = [_listed(alert, behind, told.about.get(alert.pk)) for alert in ordered]
    total = sum(listed.total for listed in lists)
    one = len(lists) == 1
    return Message(
        key=key,
        person_name=owner.name,
        person_email=owner.email,
        person_record_id=owner.record_id,
        subject=lists[0].title if one else f"{total:,} findings for you, {len(lists)} kinds of problems",
        lists=lists,
        total=total,
        due_on=min(listed.due_on for listed in lists),
        url=lists[0].url if one else f"{settings.TIERLINE_URL}/alerts?owner={owner.pk}",
        sent_at=now,
        cost=behind.sentence,
        closed=_closed(told.mended),
        first_attempt=first_attempt,
    )


def nothing_left(key: str, owner: Owner, now: datetime) -> Message:
    """The message to a person for whom nothing is open."""
    return Message(
        key=key,
        person_name=owner.name,
        person_email=owner.email,
        person_record_id=owner.record_id,
        subject="Nothing is left to mend",
        lists=(),
        total=0,
        due_on=timezone.localtime(now).date(),
        url=f"{settings.TIERLINE_URL}/alerts?owner={owner.pk}",
        sent_at=now,
    )


def _listed(alert: Alert, behind: gap.Gap, since: datetime | None) -> Listed:
    """An alert with its findings that matter most: new ones, severe ones, those of accounts that buy much."""
    found = Finding.objects.filter(alert=alert, state__in=Finding.WAITING)
    rows = list(found.values_list("pk", "opened_at", "severity", "connection", "account_id", "due_on"))

    def rank(row: tuple[int, datetime, str, int, str, object]) -> tuple[object, ...]:
        pk, opened, severity, connection, account, due = row
        old = since is not None and opened <= since
        return old, SEVERITIES.index(severity), -behind.revenue.get((connection, account), 0), due, pk

    first = [row[0] for row in sorted(rows, key=rank)[:SHOWN]]
    shown = Finding.objects.select_related("connection").in_bulk(first)
    url = f"{settings.TIERLINE_URL}/alerts/{alert.pk}"
    fresh = sum(row[1] > since for row in rows) if since else 0
    return Listed(
        title=labels.subject(alert.rule, len(rows)),
        rule=alert.rule,
        because=alert.routed_because,
        items=[_item(shown[pk], url) for pk in first],
        total=len(rows),
        due_on=min(row[5] for row in rows),
        url=url,
        alert=alert.pk,
        severity=alert.severity,
        fresh=fresh if fresh < len(rows) else 0,
    )


def _item(finding: Finding, url: str) -> Item:
    return Item(
        finding.record_name,
        links.record_url(finding.connection, finding.kind, finding.record_id),
        finding.message,
        finding.fix,
        finding=finding.pk,
        alert_url=f"{url}#finding-{finding.pk}",
        record_id=finding.record_id,
    )


def _closed(mended: Sequence[Finding]) -> str:
    """What was mended since it was told, in a sentence; "" for nothing."""
    if not mended:
        return ""
    names = list(dict.fromkeys(finding.record_name for finding in mended))
    more = " …" if len(names) > CLOSED else ""
    return f"Closed since the last message: {len(mended):,} ({', '.join(names[:CLOSED])}{more})."
