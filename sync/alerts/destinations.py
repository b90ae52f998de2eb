"""Places outside that messages go to: added, tested, enabled and removed by a person, disabled when they are gone."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from sync import audit, vault
from sync.alerts import administrator, attempts, notices, ways
from sync.alerts.channels import outbound
from sync.alerts.channels.base import Channel, DeliveryError, Item, Listed, Message
from sync.alerts.channels.crm_notification.channel import can_ring
from sync.alerts.channels.registry import IN_CRM, KINDS, Inside, Outside
from sync.models import Delivery, Destination, Owner, Portfolio


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
    """Keep a place; `secret` holds "url", and "key" for a webhook, and nothing for a place in the CRM.

    Raises Unusable.
    """
    if kind not in KINDS:
        raise Unusable(f"'{kind}' is no kind of channel. There are {', '.join(KINDS)}.")
    chosen = KINDS[kind]
    host = _where_in(portfolio) if isinstance(chosen, Inside) else _host(chosen, secret)
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


def _host(chosen: Outside, secret: dict[str, str]) -> str:
    """The part of the address that is no secret."""
    try:
        chosen.check(secret["url"])
        if chosen.check_key is not None:
            chosen.check_key(secret.get("key", ""))
    except ValueError as error:
        raise Unusable(str(error)) from None
    return outbound.check_form(secret["url"]).hostname or ""


def _where_in(portfolio: Portfolio) -> str:
    """The CRMs whose users can be notified."""
    connections = list(portfolio.crms())
    if not connections:
        raise Unusable("No CRM is connected. Connect one: tierline connection add NAME --help")
    able = [each.name for each in connections if can_ring(each)]
    if not able:
        names = " and ".join(each.name for each in connections)
        raise Unusable(
            f"Only Salesforce takes notifications from a program. The people of {names} get mails and tasks."
        )
    return ", ".join(able)


def channel(destination: Destination, owner: Owner) -> Channel:
    """The channel, ready to send to this person. Raises vault.VaultLocked."""
    kind = KINDS[destination.kind]
    if isinstance(kind, Outside):
        return kind.open(vault.unseal(destination.sealed))
    if owner.connection is None:
        raise attempts.Needless
    return kind.open(owner.connection)


def test(destination: Destination, now: datetime) -> str:
    """Send a message that says it is a test; whom or what it went to. Raises DeliveryError."""
    inside = destination.kind in IN_CRM
    tester = _tester(destination.portfolio) if inside else Owner(name="nobody")
    key = f"TL-test-{uuid4().hex[:8]}"
    url = settings.TIERLINE_URL
    item = Item("Nothing is wrong", url, "This is a test of the channel.", "Nothing has to be done.")
    listed = Listed("Test of this channel", "test", "Somebody tests this channel.", [item], 1, _day(now), url)
    message = Message(
        key, tester.name, "", tester.record_id, listed.title, [listed], 1, _day(now), url, now, first_attempt=True
    )
    channel(destination, tester).send(message)
    return f"The bell of {tester.name}" if inside else destination.shown


def preparation(destination: Destination) -> str:
    """What to do before the first message, up to the command that tries it."""
    if destination.kind not in IN_CRM:
        return "Try it"
    crm = next(filter(can_ring, destination.portfolio.crms()))
    return f"Bring what it needs to the CRM: tierline schema apply {crm}. Then try it"


def advice(destination: Destination) -> str:
    """What to do after a test that failed."""
    if destination.kind in IN_CRM:
        return f"When it is mended: tierline channels test {destination}"
    return "Check the address, and that this machine may reach it."


def _tester(portfolio: Portfolio) -> Owner:
    """Whose bell rings for a test: the administrator's where he is a user of the CRM, else that of our own user."""
    connection = next(filter(can_ring, portfolio.crms()), None)
    if connection is None:
        raise DeliveryError("No CRM that takes notifications is connected any more.", permanent=True)
    email = administrator.address(portfolio).lower()
    found = [each for each in ways.users(connection).values() if email and each.email.lower() == email]
    if found:
        return Owner(connection=connection, record_id=found[0].record_id, name=found[0].name)
    identity = connection.identity
    return Owner(connection=connection, record_id=identity["user_id"], name=identity["user_name"])


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
            notices.channel_gone(destination, why, has_address=destination.kind not in IN_CRM)
            audit.note(destination.portfolio, "Tierline", "channel disabled", destination.name, why=why)
