"""What happens by the clock: runs that lost their worker go on, messages are tried again, the daily run starts.

The database is the truth and the queue only carries it: a job lost with Redis, or with a worker that was killed, is
queued again from here.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from sync import lease, queue, starting
from sync.alerts import due
from sync.models import Connection, Finding, Portfolio, Run

log = logging.getLogger(__name__)

#: A run nobody has touched for this long, though it could go on, has lost its job.
QUIET = timedelta(seconds=3)
#: Between two looks at whether a CRM still has our fields; every run looks as well.
DRIFT_EVERY = timedelta(hours=6)


def sweep() -> None:
    """Queue the next job of every run that could go on and that nobody works on."""
    freed = lease.void_dead()
    now = timezone.now()
    idle = Q(lease="") | Q(leased_until__lt=now)
    ready = Q(not_before=None, touched_at__lt=now - QUIET) | Q(not_before__lte=now) | Q(pk__in=freed)
    for pk in Run.objects.filter(idle & ready, state=Run.State.ACTIVE).values_list("pk", flat=True):
        Run.objects.filter(pk=pk).update(touched_at=now)
        queue.enqueue("advance", pk)


def resend() -> None:
    """Queue the delivery of messages that are due and that no run will send."""
    for portfolio in Portfolio.objects.all():
        busy = Run.objects.filter(portfolio=portfolio, state=Run.State.ACTIVE).exists()
        if due.notices(portfolio).exists() or (not busy and due.waiting(portfolio)):
            queue.enqueue("deliver", portfolio.pk)


def start_daily() -> None:
    """Start today's run of each portfolio once its hour has come (TIERLINE_DAILY_AT, e.g. 02:00)."""
    if settings.DAILY_AT is None:
        return
    now = timezone.localtime()
    if now.time() < settings.DAILY_AT:
        return
    for portfolio in Portfolio.objects.exclude(runs__today=now.date(), runs__requested_by="schedule"):
        try:
            starting.start(portfolio, "schedule")
        except (starting.AlreadyRunning, starting.NothingToRun) as reason:
            log.warning("daily run of %s not started: %s", portfolio, reason)


def start_micro_batches() -> None:
    """Look at accounts that wait for it, also while a full run is at work; one micro-batch at a time."""
    pause = timedelta(minutes=settings.MICRO_BATCH_MINUTES)
    for portfolio in Portfolio.objects.filter(connections__dirty__isnull=False).distinct():
        recent = Run.objects.filter(
            portfolio=portfolio, kind=Run.Kind.INCREMENTAL, started_at__gt=timezone.now() - pause
        )
        if recent.exists() or Run.objects.filter(portfolio=portfolio, state=Run.State.HELD).exists():
            continue
        try:
            starting.start(portfolio, "schedule", kind=Run.Kind.INCREMENTAL)
        except (starting.AlreadyRunning, starting.NothingToRun) as reason:
            log.info("micro-batch of %s not started: %s", portfolio, reason)


def end_overrides() -> None:
    """Queue a look at the overrides of every portfolio that has some in force."""
    in_force = Portfolio.objects.filter(connections__accounts__overrides__state="approved")
    for pk in in_force.values_list("pk", flat=True).distinct():
        queue.enqueue("end_overrides", pk)


def follow_up() -> None:
    """Queue a look at what rests or lies, of every portfolio that has something."""
    unsolved = Finding.objects.exclude(state=Finding.State.RESOLVED)
    for pk in unsolved.order_by().values_list("connection__portfolio", flat=True).distinct():
        queue.enqueue("follow_up", pk)


def check_drift() -> None:
    """Queue a comparison of every CRM's fields with the model that was last made hours ago."""
    before = timezone.now() - DRIFT_EVERY
    stale = Q(drift_checked_at__lt=before)  # never checked: not installed yet, or no run has been started
    for pk in Connection.objects.filter(stale, state=Connection.State.READY).values_list("pk", flat=True):
        Connection.objects.filter(pk=pk).update(drift_checked_at=timezone.now())
        queue.enqueue("check_drift", pk)


def look_for_requests() -> None:
    """Queue a look for requests in the records of every CRM; a CRM need not send events for that."""
    for pk in Connection.objects.filter(state=Connection.State.READY).values_list("pk", flat=True):
        queue.enqueue("look_for_requests", pk)


def loop(stopped: Callable[[], bool], pause: float = 1.0) -> None:
    """Until `stopped`: sweep every second, overrides and what lies every hour, the rest every half minute.

    Requests are looked for as often as micro-batches may start.
    """
    rare = hourly = asked = 0.0
    while not stopped():
        sweep()
        if time.monotonic() - hourly > 3600:
            hourly = time.monotonic()
            end_overrides()
            follow_up()
        if time.monotonic() - asked > 60 * settings.MICRO_BATCH_MINUTES:
            asked = time.monotonic()
            look_for_requests()
        if time.monotonic() - rare > queue.BEAT_EVERY:
            rare = time.monotonic()
            queue.beat(time.time())
            resend()
            start_daily()
            start_micro_batches()
            check_drift()
        time.sleep(pause)
