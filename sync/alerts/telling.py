"""Which messages an alert needs: one to each person through each channel, about all that is new."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import uuid4

from django.db.models import Q

from sync.models import Alert, Delivery, Destination, Owner
from sync.rows import portions


@dataclass(frozen=True)
class Way:
    """A channel to one person."""

    channel: str
    destination_id: int | None = None


def tell(alerts: Sequence[Alert]) -> None:
    """Put the messages about these new alerts on their way: one to each person and channel, a task for each alert."""
    if not alerts:
        return
    owners = Owner.objects.in_bulk({alert.owner_id for alert in alerts})
    places = list(Destination.objects.filter(portfolio=alerts[0].portfolio_id))
    by_owner: dict[int, list[Alert]] = {}
    for alert in alerts:
        by_owner.setdefault(alert.owner_id, []).append(alert)
    wanted = [
        (owner, way, about)
        for owner, mine in ((owners[pk], mine) for pk, mine in by_owner.items())
        for way, about in _ways(owner, mine, places)
    ]
    waiting = _not_begun(owners)
    links: list[tuple[Delivery, list[Alert]]] = []
    new = []
    for owner, way, about in wanted:
        message = waiting.get((owner.pk, way)) if way.channel != "crm_task" else None
        if message is None:
            message = Delivery(
                owner=owner, channel=way.channel, destination_id=way.destination_id, key=f"TL-{uuid4().hex[:12]}"
            )
            new.append(message)
        links.append((message, about))
    for some in portions(new):
        Delivery.objects.bulk_create(some)
    through = Delivery.alerts.through
    rows = [through(delivery_id=message.pk, alert_id=alert.pk) for message, about in links for alert in about]
    for part in portions(rows):
        through.objects.bulk_create(part, ignore_conflicts=True)


def _ways(owner: Owner, alerts: list[Alert], places: Iterable[Destination]) -> Iterable[tuple[Way, list[Alert]]]:
    """Each way to this person, with what is told that way."""
    if owner.email:
        yield Way("email"), alerts
    if owner.record_id:
        for alert in alerts:
            yield Way("crm_task"), [alert]
    for place in places:
        if place.only_for and place.only_for.lower() != owner.email.lower():
            continue
        fitting = [alert for alert in alerts if not place.only_high or alert.severity == "high"]
        if fitting:
            yield Way(place.kind, place.pk), fitting


def _not_begun(owners: Iterable[int]) -> dict[tuple[int, Way], Delivery]:
    """Messages to these people that nobody has tried to send yet: something can still be added to them."""
    waiting = Delivery.objects.select_for_update(of=("self",)).filter(
        Q(destination=None) | Q(destination__state=Destination.State.ENABLED),
        owner__in=list(owners),
        state=Delivery.State.PENDING,
        attempts=0,
    )
    return {(each.owner_id, Way(each.channel, each.destination_id)): each for each in waiting}
