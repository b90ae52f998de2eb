"""What a person was told and has been mended since: said once, with the next message to this person."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db.models import QuerySet

from sync.alerts.states import State
from sync.models import Alert, Delivery, Finding, Owner
from sync.rows import portions


def told(findings: Collection[Finding]) -> set[int]:
    """Those of these findings whose alert reached its person."""
    alerts = {finding.alert_id for finding in findings if finding.alert_id is not None}
    reached: set[int] = set()
    for some in portions(sorted(alerts)):
        sent = Alert.objects.filter(pk__in=some, deliveries__state=Delivery.State.SENT)
        reached.update(sent.values_list("pk", flat=True))
    return {finding.pk for finding in findings if finding.alert_id in reached}


def to_say(owner: Owner) -> QuerySet[Finding]:
    """What this person was told and does not know yet to be mended, the newest first."""
    mended = Finding.objects.filter(alert__owner=owner, state=State.RESOLVED, to_say_mended=True)
    return mended.select_related("connection").order_by("-resolved_at", "pk")


def said(findings: Sequence[Finding]) -> None:
    """It has been said now, and is not said again."""
    for some in portions([finding.pk for finding in findings]):
        Finding.objects.filter(pk__in=some).update(to_say_mended=False)
