"""A new link in place of one that is over: the message is sent once more, to the same person."""

from __future__ import annotations

from uuid import uuid4

from django.db import transaction

from sync.fixing.links import Opened
from sync.models import Alert, Delivery, Finding


def renew(opened: Opened) -> bool:
    """Put a message with new links on its way, unless one is; False when nothing is left to answer."""
    findings = Finding.objects.filter(state__in=Finding.WAITING, connection__portfolio=opened.portfolio)
    about = findings.filter(pk=opened.number) if opened.about == "finding" else findings.filter(alert=opened.number)
    alerts = list(Alert.objects.filter(pk__in=about.values("alert"), state=Alert.State.OPEN))
    if not alerts or not opened.delivery.owner.email:
        return False
    owner = opened.delivery.owner
    with transaction.atomic():
        waiting = Delivery.objects.filter(
            owner=owner, channel="email", state=Delivery.State.PENDING, attempts=0, alerts__in=alerts
        )
        if not waiting.exists():
            message = Delivery.objects.create(owner=owner, channel="email", key=f"TL-{uuid4().hex[:12]}")
            message.alerts.set(alerts)
    return True
