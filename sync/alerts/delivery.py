"""Send what is due: one message per alert and channel, recorded before and after.

Messages are at-least-once: a process that dies between sending and recording sends again, under the same key, by
which the receiving side recognises it (Message-ID of a mail, key in the subject of a CRM task, looked up first).
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from sync import crms, labels, links
from sync.alerts.channels.base import Channel, DeliveryError, Item, Message
from sync.alerts.channels.crm_task import CrmTask
from sync.alerts.channels.email import Email
from sync.models import Alert, Connection, Delivery, Finding

log = logging.getLogger(__name__)

#: Attempts before a message is given up, and the pause after the n-th: 1, 4, 16, 64 minutes.
TRIES = 5
#: Findings listed in one message; the rest is behind its link.
SHOWN = 10


def deliver(delivery: Delivery) -> None:
    """Try once, and record what became of it."""
    delivery.attempts += 1
    delivery.save(update_fields=["attempts"])
    message = compose(delivery)
    try:
        delivery.reference = _channel(delivery).send(message)
    except DeliveryError as error:
        _postpone(delivery, error)
    else:
        delivery.state, delivery.sent_at, delivery.error = Delivery.State.SENT, timezone.now(), ""
    delivery.save()


def _postpone(delivery: Delivery, error: DeliveryError) -> None:
    delivery.error = str(error)[:500]
    if error.permanent or delivery.attempts >= TRIES:
        delivery.state = Delivery.State.FAILED
        log.error("%s to %s not delivered: %s", delivery.channel, delivery.alert.owner, delivery.error)
    else:
        delivery.not_before = timezone.now() + timedelta(minutes=4 ** (delivery.attempts - 1))


def _channel(delivery: Delivery) -> Channel:
    if delivery.channel == "crm_task":
        return CrmTask(crms.open_crm(_connection(delivery.alert)))
    return Email()


def _connection(alert: Alert) -> Connection:
    if alert.owner.connection:
        return alert.owner.connection
    return Finding.objects.filter(alert=alert).select_related("connection")[0].connection


def compose(delivery: Delivery) -> Message:
    """The message of an alert: its most urgent findings first."""
    alert = delivery.alert
    findings = Finding.objects.filter(alert=alert, state=Finding.State.OPEN).select_related("connection")
    shown = list(findings.order_by("due_on", "pk")[:SHOWN])
    total = findings.count()
    items = [
        Item(
            finding.record_name,
            links.record_url(finding.connection, finding.kind, finding.record_id),
            finding.message,
            finding.fix,
        )
        for finding in shown
    ]
    return Message(
        key=delivery.key,
        person_name=alert.owner.name,
        person_email=alert.owner.email,
        person_record_id=alert.owner.record_id,
        subject=labels.subject(alert.rule, total),
        because=alert.routed_because,
        items=items,
        total=total,
        due_on=alert.due_on,
        url=f"{settings.TIERLINE_URL}/alerts/{alert.pk}",
        first_attempt=delivery.attempts <= 1,
    )
