"""Which messages people need, and when: one to each person through each channel, about all that is new."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from django.db.models import Q

from sync.alerts import rhythms
from sync.alerts.channels.crm_notification.channel import can_ring
from sync.alerts.channels.registry import IN_CRM, PROGRAMS
from sync.models import Alert, Delivery, Destination, Owner, Portfolio
from sync.rows import portions

#: Programs do not sleep.
AT_ONCE = PROGRAMS


@dataclass(frozen=True)
class Way:
    """A channel to one person."""

    channel: str
    destination_id: int | None = None


@dataclass(frozen=True)
class Slot:
    """A message: to whom, which way and when; None for now. What has the same slot goes in one message."""

    owner_id: int
    way: Way
    due: datetime | None


def tell(alerts: Sequence[Alert], now: datetime) -> None:
    """Put the messages about what is new in these alerts on their way, each when its person wants to be told.

    One to each person and channel that is due at one time.
    """
    if not alerts:
        return
    portfolio = alerts[0].portfolio
    owners = Owner.objects.select_related("connection").in_bulk({alert.owner_id for alert in alerts})
    waiting = _not_begun(owners, now)
    links: list[tuple[Delivery, Alert]] = []
    new = []
    for slot, alert in _slots(alerts, owners, portfolio, now):
        message = waiting.get(slot)
        if message is None:
            message = Delivery(
                owner=owners[slot.owner_id],
                channel=slot.way.channel,
                destination_id=slot.way.destination_id,
                key=f"TL-{uuid4().hex[:12]}",
                created_at=now,
                not_before=slot.due,
            )
            waiting[slot] = message
            new.append(message)
        links.append((message, alert))
    for some in portions(new):
        Delivery.objects.bulk_create(some)
    through = Delivery.alerts.through
    rows = [through(delivery_id=message.pk, alert_id=alert.pk) for message, alert in links]
    for part in portions(rows):
        through.objects.bulk_create(part, ignore_conflicts=True)


def _slots(
    alerts: Sequence[Alert], owners: dict[int, Owner], portfolio: Portfolio, now: datetime
) -> Iterable[tuple[Slot, Alert]]:
    """Each alert with the messages it has to be in."""
    places = list(Destination.objects.filter(portfolio=portfolio))
    of = rhythms.of_portfolio(portfolio)
    known = {pk: of(owner)[0] for pk, owner in owners.items()}
    for alert in sorted(alerts, key=lambda each: (rhythms.SEVERITIES.index(each.severity), each.pk)):
        paced = known[alert.owner_id].due(alert.severity, now)
        for way in _ways(owners[alert.owner_id], alert, places):
            due = None if way.channel in AT_ONCE or paced <= now else paced
            yield Slot(alert.owner_id, way, due), alert


def _ways(owner: Owner, alert: Alert, places: Iterable[Destination]) -> Iterable[Way]:
    """Every way on which this person is told about this alert."""
    if owner.email:
        yield Way("email")
    for place in places:
        if place.only_for and place.only_for.lower() != owner.email.lower():
            continue
        if place.kind in IN_CRM and not (owner.record_id and can_ring(owner.connection)):
            continue
        if not place.only_high or alert.severity == "high":
            yield Way(place.kind, place.pk)


def _not_begun(owners: Iterable[int], now: datetime) -> dict[Slot, Delivery]:
    """Messages to these people that nobody has tried to send yet: something can still be added to them."""
    waiting = Delivery.objects.select_for_update(of=("self",)).filter(
        Q(destination=None) | Q(destination__state=Destination.State.ENABLED),
        owner__in=list(owners),
        state=Delivery.State.PENDING,
        attempts=0,
    )
    return {
        Slot(each.owner_id, Way(each.channel, each.destination_id), _later(each.not_before, now)): each
        for each in waiting
    }


def _later(moment: datetime | None, now: datetime) -> datetime | None:
    return moment if moment is not None and moment > now else None


def retime(portfolio: Portfolio, now: datetime) -> None:
    """Give the messages that nobody has tried to send the time that today's rhythms give them."""
    of = rhythms.of_portfolio(portfolio)
    waiting = Delivery.objects.select_for_update(of=("self",)).filter(
        owner__portfolio=portfolio, state=Delivery.State.PENDING, attempts=0
    )
    for message in waiting.exclude(channel__in=AT_ONCE).select_related("owner").prefetch_related("alerts"):
        rhythm, _ = of(message.owner)
        moments = [rhythm.due(alert.severity, message.created_at) for alert in message.alerts.all()]
        due = _later(min(moments, default=None), now)
        if due != _later(message.not_before, now):
            Delivery.objects.filter(pk=message.pk).update(not_before=due)
