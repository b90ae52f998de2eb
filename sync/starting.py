"""Begin a run: its row in the database and its first job. The work itself is in `sync.run`.

Apart from that, so that the scheduler, which only queues, does not load what reads and scores.
"""

from __future__ import annotations

import logging
from datetime import date

from django.db import IntegrityError, transaction
from django.utils import timezone

from sync import queue
from sync.models import AuditEvent, Connection, Portfolio, Run

log = logging.getLogger(__name__)


class AlreadyRunning(Exception):
    """Another run of this portfolio is active."""

    def __init__(self, run: Run) -> None:
        since = timezone.localtime(run.started_at)
        super().__init__(f"Run {run.pk} of {run.portfolio} is still at work since {since:%H:%M}.")
        self.run = run


class NothingToRun(Exception):
    """The portfolio has no connection or no published model; the message says what to do."""


def start(portfolio: Portfolio, requested_by: str, *, today: date | None = None, kind: Run.Kind = Run.Kind.FULL) -> Run:
    """Begin a run and queue its first job.

    Raises AlreadyRunning, NothingToRun, and `sync.queue.QueueUnreachable` before anything is recorded.
    """
    queue.redis().close()
    run = create(portfolio, requested_by, today=today, kind=kind)
    try:
        queue.enqueue("advance", run.pk)
    except queue.QueueUnreachable as error:  # it answered a moment ago; the scheduler queues the run when it is back
        log.warning("run %s waits for the job queue: %s", run.pk, error)
    return run


def create(
    portfolio: Portfolio, requested_by: str, *, today: date | None = None, kind: Run.Kind = Run.Kind.FULL
) -> Run:
    """The row of a new run, not queued yet.

    An incremental run looks only at accounts that something touched since the last run; it waits while a run is held,
    because it would write some of what that run may not, and while a CRM takes none of our credentials.
    """
    if not portfolio.crms().exists():
        raise NothingToRun(f"{portfolio} has no CRM yet. Add one: tierline connection add NAME --help")
    kinds = list(portfolio.crms().values_list("kind", flat=True))
    if twice := next((each for each in kinds if kinds.count(each) > 1), None):
        raise NothingToRun(
            f"{portfolio} has several CRMs of the kind {twice}, whose record ids may mean different companies: nothing "
            "is written to any. Set up each in a portfolio of its own, under a new name: tierline connection add NAME "
            "--portfolio OTHER, then tierline model publish FILE --portfolio OTHER"
        )
    model = portfolio.model_in_force()
    if model is None:
        raise NothingToRun(f"{portfolio} has no model yet. Publish one: tierline model publish FILE")
    held = Run.objects.filter(portfolio=portfolio, state=Run.State.HELD).first()
    if held and kind == Run.Kind.INCREMENTAL:
        raise NothingToRun(f"{held} waits for approval. Approve or drop it first, or start a full run: tierline run")
    lost = portfolio.crms().filter(state=Connection.State.RECONNECT).first()
    answering = portfolio.crms().filter(state=Connection.State.READY).exists()
    if lost and not answering and kind == Run.Kind.INCREMENTAL:
        raise NothingToRun(f"{lost} takes our credentials no longer. Reconnect: tierline connection reconnect {lost}")
    try:
        with transaction.atomic():
            run = Run.objects.create(
                portfolio=portfolio,
                kind=kind,
                model=model,
                requested_by=requested_by,
                today=today or timezone.localdate(),
            )
            AuditEvent.objects.create(portfolio=portfolio, actor=requested_by, action="run started", subject=str(run))
    except IntegrityError as error:
        incremental = kind == Run.Kind.INCREMENTAL
        others = Run.objects.filter(portfolio=portfolio, state=Run.State.ACTIVE)
        active = others.filter(kind=kind) if incremental else others.filter(kind__in=(Run.Kind.FULL, Run.Kind.UNDO))
        found = active.first()
        if found is None:
            raise
        raise AlreadyRunning(found) from error
    return run
