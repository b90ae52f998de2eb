"""Send what is due, recorded before and after.

Messages are at-least-once: a process that dies between sending and recording sends again, under the same key, by
which the receiving side recognises it (Message-ID of a mail, key in the subject of a CRM task, looked up first, id of a
webhook).
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from sync import crms, labels, links
from sync.alerts import attempts, destinations, gap
from sync.alerts.channels.base import Channel, Item, Listed, Message
from sync.alerts.channels.crm_task import CrmTask
from sync.alerts.channels.email import Email
from sync.fixing.linking import linked
from sync.models import Alert, Connection, Delivery, Finding

#: Findings of one alert listed in a message; the rest is behind its link.
SHOWN = 25


def deliver(delivery: Delivery, now: datetime) -> None:
    """Try once, and record what became of it. What is mended already is not told any more."""

    def send() -> None:
        # Read only now: since the attempt is written down, nothing is added to this message any more.
        told = delivery.alerts.filter(state=Alert.State.OPEN).select_related("portfolio").order_by("due_on", "pk")
        alerts = list(told)
        if not alerts:
            raise attempts.Needless
        delivery.reference = _channel(delivery, alerts[0]).send(linked(compose(delivery, alerts, now), delivery))

    failure = attempts.attempt(delivery, send, now)
    if failure is not None and failure.broken and delivery.destination is not None:
        destinations.disable_broken(delivery.destination, str(failure))


def _channel(delivery: Delivery, alert: Alert) -> Channel:
    if delivery.destination is not None:
        return destinations.channel(delivery.destination)
    if delivery.channel == "crm_task":
        return CrmTask(crms.open_crm(_connection(delivery, alert)))
    return Email()


def _connection(delivery: Delivery, alert: Alert) -> Connection:
    if delivery.owner.connection:
        return delivery.owner.connection
    return Finding.objects.filter(alert=alert).select_related("connection")[0].connection


def compose(delivery: Delivery, alerts: list[Alert], now: datetime) -> Message:
    """The message about these alerts, the most urgent first."""
    owner = delivery.owner
    lists = [_listed(alert) for alert in alerts]
    total = sum(listed.total for listed in lists)
    url = lists[0].url if len(lists) == 1 else f"{settings.TIERLINE_URL}/alerts?owner={owner.pk}"
    return Message(
        key=delivery.key,
        person_name=owner.name,
        person_email=owner.email,
        person_record_id=owner.record_id,
        subject=lists[0].title if len(lists) == 1 else f"{total:,} findings for you, {len(lists)} kinds of problems",
        lists=lists,
        total=total,
        due_on=min(listed.due_on for listed in lists),
        url=url,
        sent_at=now,
        cost=gap.sentence(alerts[0].portfolio, alerts),
        first_attempt=delivery.attempts <= 1,
    )


def _listed(alert: Alert) -> Listed:
    """An alert with its most urgent findings."""
    findings = Finding.objects.filter(alert=alert, state__in=Finding.WAITING).select_related("connection")
    total = findings.count()
    return Listed(
        title=labels.subject(alert.rule, total),
        rule=alert.rule,
        because=alert.routed_because,
        items=[
            Item(
                finding.record_name,
                links.record_url(finding.connection, finding.kind, finding.record_id),
                finding.message,
                finding.fix,
                finding=finding.pk,
            )
            for finding in findings.order_by("due_on", "pk")[:SHOWN]
        ],
        total=total,
        due_on=alert.due_on,
        url=f"{settings.TIERLINE_URL}/alerts/{alert.pk}",
        alert=alert.pk,
    )
