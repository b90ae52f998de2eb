"""Send a message that is due, recorded before and after.

Messages are at-least-once: a process that dies between sending and recording sends again, under the same key, by
which the receiving side recognises it (Message-ID of a mail, id of a webhook).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from django.db.models import Max

from sync.alerts import attempts, destinations, digest, recovery, rhythms
from sync.alerts.channels.base import Channel
from sync.alerts.channels.email import Email
from sync.alerts.telling import AT_ONCE
from sync.fixing.linking import linked
from sync.models import Delivery, Finding


def deliver(delivery: Delivery, now: datetime) -> None:
    """Try once, and record what became of it. What is mended already is not told any more.

    A message that comes into quiet hours waits for their end.
    """
    opening = _opening(delivery)

    def send() -> None:
        # Read only now: since the attempt is written down, nothing is added to this message any more.
        alerts = digest.unsolved(delivery.alerts.all())
        if not alerts:
            raise attempts.Needless
        told = digest.Told(_told_at(delivery), _mended(delivery))
        message = digest.compose(delivery.key, delivery.owner, alerts, now, told, first_attempt=delivery.attempts <= 1)
        delivery.reference = _channel(delivery).send(linked(message, delivery))
        recovery.said(told.mended)

    if attempts.postponed(delivery, now, opening):
        return
    failure = attempts.attempt(delivery, send, now, ("reference",), opening)
    if failure is not None and failure.broken and delivery.destination is not None:
        destinations.disable_broken(delivery.destination, str(failure))


def _opening(delivery: Delivery) -> Callable[[datetime], datetime]:
    """From any moment on, the first at which this message may be sent."""
    if delivery.channel in AT_ONCE:
        return attempts.at_any_time
    rhythm, _ = rhythms.of_portfolio(delivery.owner.portfolio)(delivery.owner)
    severities = {alert.severity for alert in digest.unsolved(delivery.alerts.all())}
    return lambda moment: rhythm.opening(moment, severities)


def _told_at(delivery: Delivery) -> Mapping[int, datetime]:
    """When this person was told the same way about each of these alerts before."""
    earlier = Delivery.objects.filter(
        owner=delivery.owner_id,
        channel=delivery.channel,
        destination=delivery.destination_id,
        state=Delivery.State.SENT,
        alerts__in=delivery.alerts.all(),
    ).exclude(pk=delivery.pk)
    return dict(earlier.order_by().values_list("alerts").annotate(Max("sent_at")))


def _mended(delivery: Delivery) -> Sequence[Finding]:
    """What the person has to hear is mended; he hears it by mail, and once."""
    return list(recovery.to_say(delivery.owner)) if delivery.channel == "email" else []


def _channel(delivery: Delivery) -> Channel:
    return destinations.channel(delivery.destination, delivery.owner) if delivery.destination is not None else Email()
