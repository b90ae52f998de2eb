"""Places outside that messages go to: added, tested, enabled and removed by a person, disabled when they are gone."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from sync import audit, vault
from sync.alerts import notices
from sync.alerts.channels import outbound
from sync.alerts.channels.base import Channel, Item, Listed, Message
from sync.alerts.channels.registry import KINDS
from sync.models import Delivery, Destination, Portfolio


class Unusable(ValueError):
    """The address, the key or the name cannot be used; the message says why."""


def add(
    portfolio: Portfolio,
    kind: str,
    name: str,
    secret: dict[str, str],
    actor: str,
    *,
    only_for: str = "",
    only_high: bool = False,
) -> Destination:
    """Keep a place; `secret` holds "url", and "key" for a webhook. Raises Unusable."""
    if kind not in KINDS:
        raise Unusable(f"'{kind}' is no kind of channel. There are {', '.join(KINDS)}.")
    chosen = KINDS[kind]
    try:
        chosen.check(secret["url"])
        if chosen.check_key is not None:
            chosen.check_key(secret.get("key", ""))
    except ValueError as error:
        raise Unusable(str(error)) from None
    host = outbound.check_form(secret["url"]).hostname or ""
    try:
        with transaction.atomic():
            made = Destination.objects.create(
                portfolio=portfolio,
                name=name,
                kind=kind,
                sealed=vault.seal(secret),
                shown=host[:200],
                only_for=only_for.lower(),
                only_high=only_high,
            )
            audit.note(portfolio, actor, "channel added", name, kind=kind, host=host, only_for=only_for)
    except IntegrityError:
        raise Unusable(f"There is a channel '{name}' already.") from None
    return made


def channel(destination: Destination) -> Channel:
    """The channel, ready to send. Raises vault.VaultLocked."""
    return KINDS[destination.kind].open(vault.unseal(destination.sealed))


def test(destination: Destination, now: datetime) -> None:
    """Send a message that says it is a test. Raises DeliveryError."""
    key = f"TL-test-{uuid4().hex[:8]}"
    url = settings.TIERLINE_URL
    item = Item("Nothing is wrong", url, "This is a test of the channel.", "Nothing has to be done.")
    listed = Listed("Test of this channel", "test", "Somebody tests this channel.", [item], 1, _day(now), url)
    channel(destination).send(
        Message(key, "nobody", "", "", "Test of this channel", [listed], 1, _day(now), url, now, first_attempt=True)
    )


def _day(now: datetime) -> date:
    return timezone.localtime(now).date() + timedelta(days=1)


def switch(destination: Destination, enabled: bool, actor: str) -> None:
    """Enable or disable by a person's wish. What waits for an enabled place is sent then."""
    destination.state = Destination.State.ENABLED if enabled else Destination.State.DISABLED
    destination.problem = ""
    with transaction.atomic():
        destination.save(update_fields=["state", "problem"])
        if enabled:
            waiting = Delivery.objects.filter(destination=destination, state=Delivery.State.PENDING)
            waiting.update(not_before=None)
        audit.note(destination.portfolio, actor, f"channel {destination.state}", destination.name)


def remove(destination: Destination, actor: str) -> None:
    """Forget a place and its secret. What was sent there stays in the log; what waits is given up."""
    with transaction.atomic():
        waiting = Delivery.objects.filter(destination=destination, state=Delivery.State.PENDING)
        waiting.update(state=Delivery.State.NEEDLESS, error=f"The channel {destination.name} was removed.")
        audit.note(destination.portfolio, actor, "channel removed", destination.name)
        destination.delete()


def disable_broken(destination: Destination, why: str) -> None:
    """Stop sending to a place that is gone, and tell the administrator once."""
    with transaction.atomic():
        enabled = Destination.objects.filter(pk=destination.pk, state=Destination.State.ENABLED)
        if enabled.update(state=Destination.State.DISABLED, problem=why[:500]):
            notices.channel_gone(destination, why)
            audit.note(destination.portfolio, "Tierline", "channel disabled", destination.name, why=why)
