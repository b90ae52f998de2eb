"""How often a message is tried: the same rule for messages about alerts and for those about the product."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from sync.alerts.channels.base import DeliveryError
from sync.models import Outgoing

log = logging.getLogger(__name__)

#: Attempts before a message is given up. The pauses between them are 1, 4, 16, 64 minutes and then 4 hours, so that a
#: server that is away for a night is outlasted.
TRIES = 8
LONGEST = timedelta(hours=4)


class Needless(Exception):
    """There is nothing to tell any more."""


def pause(attempts: int) -> timedelta:
    """How long to wait after so many attempts."""
    return min(timedelta(minutes=4 ** min(attempts - 1, 6)), LONGEST)


def attempt(message: Outgoing, send: Callable[[], object], now: datetime) -> DeliveryError | None:
    """Send once and record what became of it; the failure, if it failed.

    The attempt is written down before: a process that dies in between leaves a message that is tried again under the
    same key. Of two that try at the same time only one does.
    """
    ours = type(message)._default_manager.filter(pk=message.pk, state=Outgoing.State.PENDING, attempts=message.attempts)
    if not ours.update(attempts=message.attempts + 1):
        return None
    message.attempts += 1
    try:
        send()
    except DeliveryError as error:
        message.error = str(error)[:500]
        if (error.permanent and not error.broken) or message.attempts >= TRIES:
            message.state = Outgoing.State.FAILED
        else:
            message.not_before = now + max(pause(message.attempts), min(error.wait, LONGEST))
        log.error("%s not delivered: %s", message, message.error)
        message.save()
        return error
    except Needless:
        message.state, message.error = Outgoing.State.NEEDLESS, ""
        message.save()
        return None
    message.state, message.sent_at, message.error = Outgoing.State.SENT, now, ""
    message.save()
    return None
