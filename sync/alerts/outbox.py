"""Send what is due, a little at a time: a job lives for a minute, and a server may be slow."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

from django.utils import timezone

from sync.alerts import delivery, due, notices, todos
from sync.models import Portfolio

#: Seconds after which no further message is begun. A server that answers nothing holds one for half a minute.
PATIENCE = 15.0


def send(portfolio: Portfolio, before_each: Callable[[], None] = lambda: None) -> int:
    """Try what is due about alerts, each once, until PATIENCE ends; how many were tried.

    `before_each` may raise to stop: what was not begun waits.
    """
    tried = 0
    for step in _in_time(_about_alerts(portfolio)):
        before_each()
        step()
        tried += 1
    return tried


def send_notices(portfolio: Portfolio) -> None:
    """Try what the administrator has to hear, until PATIENCE ends."""
    for step in _in_time(partial(notices.send, each, timezone.now()) for each in due.notices(portfolio)):
        step()


def _about_alerts(portfolio: Portfolio) -> Iterator[Callable[[], None]]:
    for message in due.deliveries(portfolio):
        yield partial(delivery.deliver, message, timezone.now())
    for todo in due.todos(portfolio):
        yield partial(todos.send, todo, timezone.now())


def _in_time(steps: Iterator[Callable[[], None]]) -> Iterator[Callable[[], None]]:
    started = time.monotonic()
    for step in steps:
        if time.monotonic() - started > PATIENCE:
            return
        yield step
