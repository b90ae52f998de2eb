"""Messages to people as the console and the command line show them: the log, and why one has not come yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from scoring.model.days import WEEKDAYS
from sync import labels
from sync.alerts import rhythms
from sync.alerts.channels.registry import TITLES
from sync.alerts.rhythm import Hours
from sync.models import Delivery, Destination, Owner, Portfolio, Todo

PACES = {"immediate": "at once", "hourly": "every hour", "daily": "daily", "weekly": "weekly"}
TASK = "Task in the CRM"


@dataclass(frozen=True)
class Sent:
    """One line of the log. `next_at` is when it is tried, "" words for what is over; `why`: what it waits for."""

    key: str
    person: str
    person_id: int
    way: str
    about: Sequence[tuple[int, str]]
    state: str
    attempts: int
    sent_at: datetime | None
    next_at: datetime | None
    why: str
    error: str


def log(portfolio: Portfolio, *, person: int = 0, state: str = "", limit: int = 50) -> list[Sent]:
    """Messages and tasks, the newest first."""
    deliveries = Delivery.objects.filter(owner__portfolio=portfolio)
    tasks = Todo.objects.filter(owner__portfolio=portfolio)
    if person:
        deliveries, tasks = deliveries.filter(owner=person), tasks.filter(owner=person)
    if state:
        deliveries, tasks = deliveries.filter(state=state), tasks.filter(state=state)
    newest = deliveries.select_related("owner", "destination").prefetch_related("alerts").order_by("-created_at", "-pk")
    rows = [(each.created_at, _delivery(each)) for each in newest[:limit]]
    rows += [
        (each.created_at, _task(each)) for each in tasks.select_related("owner").order_by("-created_at", "-pk")[:limit]
    ]
    return [row for _, row in sorted(rows, key=lambda row: row[0], reverse=True)[:limit]]


def _delivery(found: Delivery) -> Sent:
    title = TITLES.get(found.channel, TASK if found.channel == "crm_task" else found.channel)
    about = [(alert.pk, labels.rule_title(alert.rule)) for alert in found.alerts.all()]
    way = f"{title} ({found.destination})" if found.destination else title
    return _sent(found, way, about, _why(found))


def _task(found: Todo) -> Sent:
    words = {"done": "completed: nothing is left", "person": "ended by the person"}
    why = words.get(found.ended) or ("has to be brought up to date" if found.state == "pending" else "")
    return _sent(found, TASK, [], why)


def _sent(found: Delivery | Todo, way: str, about: Sequence[tuple[int, str]], why: str) -> Sent:
    waits = found.state == Delivery.State.PENDING
    return Sent(
        key=found.key,
        person=found.owner.name,
        person_id=found.owner_id,
        way=way,
        about=about,
        state=found.state,
        attempts=found.attempts,
        sent_at=found.sent_at,
        next_at=found.not_before if waits else None,
        why=why,
        error=found.error,
    )


def _why(found: Delivery) -> str:
    """What a message that is not sent waits for."""
    if found.state != Delivery.State.PENDING:
        return ""
    if found.destination is not None and found.destination.state == Destination.State.DISABLED:
        return f"the channel {found.destination} is disabled"
    if found.attempts:
        return f"try {found.attempts + 1} after a failure"
    if found.not_before is not None and found.not_before > timezone.now():
        return "the person's rhythm"
    return "the next job that sends"


@dataclass(frozen=True)
class RhythmShown:
    """How soon and when a person is told, in words, each with who decided it."""

    owner: Owner
    paces: Sequence[tuple[str, str, str]]
    zone: str
    zone_by: str
    hours: str
    hours_by: str
    #: When something found at this moment would be told, by severity.
    next_at: Sequence[tuple[str, datetime]]


def rhythm(owner: Owner) -> RhythmShown:
    """The rhythm of a person now."""
    now = timezone.now()
    found, why = rhythms.of_portfolio(owner.portfolio)(owner)
    return RhythmShown(
        owner=owner,
        paces=[(severity, PACES[found.paces[severity]], why.paces[severity]) for severity in rhythms.SEVERITIES],
        zone=found.hours.zone.key,
        zone_by=why.zone,
        hours="; ".join(_hours(found.hours)),
        hours_by=why.hours,
        next_at=[(severity, found.due(severity, now)) for severity in rhythms.SEVERITIES],
    )


def _hours(hours: Hours) -> Iterator[str]:
    yield f"digests at {hours.at:%H:%M}, weekly ones on {WEEKDAYS[hours.weekday].capitalize()}"
    if hours.quiet:
        through = f", except {' and '.join(sorted(hours.breaking))} problems" if hours.breaking else ""
        yield f"nothing from {hours.quiet[0]:%H:%M} to {hours.quiet[1]:%H:%M}{through}"
    off = [WEEKDAYS[day].capitalize() for day in range(7) if day not in hours.working]
    if off:
        yield f"nothing on {', '.join(off)}"
