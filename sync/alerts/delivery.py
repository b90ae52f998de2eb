"""Send what is due: one mail per person about all that waits, one task per alert, recorded before and after.

Messages are at-least-once: a process that dies between sending and recording sends again, under the same key, by
which the receiving side recognises it (Message-ID of a mail, key in the subject of a CRM task, looked up first).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.utils import timezone

from sync import crms, due, labels, links
from sync.alerts.channels.base import Channel, DeliveryError, Item, Message, Part
from sync.alerts.channels.crm_task import CrmTask
from sync.alerts.channels.email import Email
from sync.models import Alert, Connection, Delivery, Finding

log = logging.getLogger(__name__)

#: Attempts before a message is given up, and the pause after the n-th: 1, 4, 16, 64 minutes.
TRIES = 5
#: Findings listed in one message; the rest is behind its link.
SHOWN = 10


def deliver(delivery: Delivery) -> None:
    """Try once, and record what became of it. A mail takes along everything else that waits for the person.

    Nothing happens if it is not due any more: a mail before it took it along.
    """
    waiting = due.deliveries(delivery.alert.portfolio).filter(pk=delivery.pk).first()
    if waiting is None:
        return
    together = _together(waiting)
    for each in together:
        each.attempts += 1
        each.save(update_fields=["attempts"])
    message = compose(together)
    try:
        reference = _channel(together[0]).send(message)
    except DeliveryError as error:
        for each in together:
            _postpone(each, error)
    else:
        for each in together:
            each.reference, each.error = reference, ""
            each.state, each.sent_at = Delivery.State.SENT, timezone.now()
    for each in together:
        each.save()


def _together(delivery: Delivery) -> list[Delivery]:
    """The deliveries that go in one message. Which they are is written down before it is sent: a retry has the same."""
    if delivery.channel != Email.name:
        return [delivery]
    if not delivery.batch:
        others = due.deliveries(delivery.alert.portfolio).filter(
            alert__owner=delivery.alert.owner_id, channel=delivery.channel, batch="", attempts=0
        )
        pks = [delivery.pk, *others.exclude(pk=delivery.pk).values_list("pk", flat=True)]
        Delivery.objects.filter(pk__in=pks, batch="").update(batch=delivery.key)
        delivery.batch = delivery.key
    batch = Delivery.objects.filter(batch=delivery.batch, state=Delivery.State.PENDING, alert__state=Alert.State.OPEN)
    return list(batch.select_related("alert__owner__connection", "alert__portfolio").order_by("pk"))


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


def compose(together: Sequence[Delivery]) -> Message:
    """The message of these deliveries to one person, the alert that is due first at the head."""
    first = together[0]
    parts = sorted((_part(each.alert) for each in together), key=lambda part: (part.due_on, -part.total, part.title))
    owner = first.alert.owner
    only = len(parts) == 1
    total = sum(part.total for part in parts)
    return Message(
        key=first.batch or first.key,
        person_name=owner.name,
        person_email=owner.email,
        person_record_id=owner.record_id,
        subject=parts[0].title if only else f"{total:,} findings for you, {len(parts)} kinds of problems",
        parts=parts,
        url=parts[0].url if only else f"{settings.TIERLINE_URL}/alerts?{urlencode({'owner': owner.pk})}",
        first_attempt=first.attempts <= 1,
    )


def _part(alert: Alert) -> Part:
    """An alert with its most urgent findings."""
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
    url = f"{settings.TIERLINE_URL}/alerts/{alert.pk}"
    return Part(labels.subject(alert.rule, total), alert.routed_because, items, total, alert.due_on, url)
