"""How often a message is tried: the same rule for messages about alerts and for those about the product."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sync.alerts.channels.base import DeliveryError
from sync.models import Outgoing

log = logging.getLogger(__name__)

#: Attempts before a message is given up. The pauses between them are 1, 4, 16, 64 minutes and then 4 hours, so that a
#: server that is away for a night is outlasted.
TRIES = 8
LONGEST = timedelta(hours=4)
_OUTCOME = ("state", "error", "not_before", "sent_at")


class Needless(Exception):
    """There is nothing to tell any more."""


def pause(attempts: int) -> timedelta:
    """How long to wait after so many attempts."""
    return min(timedelta(minutes=4 ** min(attempts - 1, 6)), LONGEST)


def at_any_time(moment: datetime) -> datetime:
    """Nothing has to be waited for."""
    return moment


def postponed(message: Outgoing, now: datetime, opening: Callable[[datetime], datetime]) -> bool:
    """Whether the message comes at a time at which its person wants none; it waits for the next that he does."""
    later = opening(now)
    if later <= now:
        return False
    untried = type(message)._default_manager.filter(
        pk=message.pk, state=Outgoing.State.PENDING, attempts=message.attempts
    )
    untried.update(not_before=later)
    return True


def attempt(
    message: Outgoing,
    send: Callable[[], object],
    now: datetime,
    own: Sequence[str] = (),
    opening: Callable[[datetime], datetime] = at_any_time,
) -> DeliveryError | None:
    """Send once and record what became of it; the failure, if it failed.

    `own`: fields beside those of every message that `send` sets. `opening`: from a moment on, the first at which the
    message may be tried again.

    The attempt is written down before: a process that dies in between leaves a message that is tried again, after the
    pause of a failure, under the same key. Of two that try at the same time only one does.
    """
    later = opening(now + pause(message.attempts + 1))
    ours = type(message)._default_manager.filter(pk=message.pk, state=Outgoing.State.PENDING, attempts=message.attempts)
    if not ours.update(attempts=message.attempts + 1, not_before=later):
        return None
    message.attempts, message.not_before = message.attempts + 1, later
    try:
        send()
    except DeliveryError as error:
        message.error = str(error)[:500]
        if (error.permanent and not error.broken) or message.attempts >= TRIES:
            message.state = Outgoing.State.FAILED
        else:
            message.not_before = max(later, opening(now + min(error.wait, LONGEST)))
        log.error("%s not delivered: %s", message, message.error)
        message.save(update_fields=[*_OUTCOME, *own])
        return error
    except Needless:
        message.state, message.error = Outgoing.State.NEEDLESS, ""
    else:
        message.state, message.sent_at, message.error = Outgoing.State.SENT, now, ""
    message.save(update_fields=[*_OUTCOME, *own])
    return None
