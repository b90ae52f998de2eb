"""Messages that wait to be sent now: to the administrator about the product, and to the people who own data."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from sync.models import Delivery, Destination, Notice, Portfolio, Todo


def notices(portfolio: Portfolio) -> QuerySet[Notice]:
    """To the administrator, oldest first."""
    return Notice.objects.filter(_ready(), portfolio=portfolio, state=Notice.State.PENDING).order_by("pk")


def deliveries(portfolio: Portfolio, now: datetime | None = None) -> QuerySet[Delivery]:
    """About alerts, oldest first. What a disabled channel would take waits until it is enabled."""
    open_way = Q(destination=None) | Q(destination__state=Destination.State.ENABLED)
    waiting = Delivery.objects.filter(_ready(now), open_way, owner__portfolio=portfolio, state=Delivery.State.PENDING)
    return waiting.select_related("owner__connection", "owner__portfolio", "destination__portfolio").order_by("pk")


def todos(portfolio: Portfolio, now: datetime | None = None) -> QuerySet[Todo]:
    """Tasks in the CRM that have to be brought up to date, oldest first."""
    waiting = Todo.objects.filter(_ready(now), owner__portfolio=portfolio, state=Todo.State.PENDING)
    return waiting.select_related("owner__connection", "owner__portfolio").order_by("pk")


def waiting(portfolio: Portfolio) -> int:
    """How many messages and tasks about alerts are due."""
    return deliveries(portfolio).count() + todos(portfolio).count()


def _ready(now: datetime | None = None) -> Q:
    return Q(not_before=None) | Q(not_before__lte=now or timezone.now())
