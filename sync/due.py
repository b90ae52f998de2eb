"""Messages that wait to be sent now: to the administrator about the product, and to the people who own data."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils import timezone

from sync.models import Alert, Delivery, Notice, Portfolio


def notices(portfolio: Portfolio) -> QuerySet[Notice]:
    """To the administrator, oldest first."""
    return Notice.objects.filter(_ready(), portfolio=portfolio, state=Notice.State.PENDING).order_by("pk")


def deliveries(portfolio: Portfolio) -> QuerySet[Delivery]:
    """Of open alerts, oldest first."""
    return Delivery.objects.filter(
        _ready(), alert__portfolio=portfolio, alert__state=Alert.State.OPEN, state=Delivery.State.PENDING
    ).order_by("pk")


def _ready() -> Q:
    return Q(not_before=None) | Q(not_before__lte=timezone.now())
