"""The main job, one straight line: read, score, plan, send, verify, check, alert.

A run is a row in the database. Each call of `advance` does one unit of its current step, at most a minute of work,
and records progress in the same transaction as the unit's result; so any worker continues any run, and a run that was
killed anywhere goes on where it stood.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from connectors.errors import AuthRevoked, ConnectorError, RateLimited, Retryable
from sync import absent, figures, lease
from sync.alerts import notices
from sync.fixing import planning as answers
from sync.governance import asking
from sync.models import Change, Connection, Run
from sync.quality import checks, rechecking
from sync.reading import refresh
from sync.scores import evaluate
from sync.writing import canary, holding, planning, refusals, sending, undoing

log = logging.getLogger(__name__)

Step = Run.Step
#: Does one unit; True while the step has more to do.
Unit = Callable[[Run, str], bool]

_UNITS: dict[str, Unit] = {
    Step.PULL: refresh.advance,
    Step.SCORE: evaluate.advance,
    Step.PLAN: planning.advance,
    Step.GUARD: holding.advance,
    Step.CANARY: canary.advance,
    Step.SEND: sending.send,
    Step.VERIFY: sending.verify_sent,
    Step.FINDINGS: checks.find,
    Step.ALERTS: checks.deliver,
}
#: What other kinds of run do in a step instead.
_INSTEAD: dict[str, dict[str, Unit]] = {
    Run.Kind.UNDO: {Step.PLAN: undoing.advance},
    Run.Kind.ANSWER: {Step.PLAN: answers.advance, Step.FINDINGS: rechecking.advance},
}
#: Attempts in a row at one unit before the run gives up, pausing 1, 2, 4 ... seconds, at most a minute.
TRIES = 7
#: Refusals in a row for a limit that are counted; the pause grows no further then.
MOST_REFUSALS = TRIES // 2
#: Seconds until we ask again when the CRM refused a call for its limit and did not say how long.
LONGEST_WAIT = 900.0


def advance(run: Run, token: str) -> None:
    """Do one unit of the run's step, and move on to the next step when it was the last."""
    unit = _INSTEAD.get(run.kind, {}).get(run.step) or _UNITS[run.step]
    more = unit(run, token)
    if Run.objects.filter(pk=run.pk, state=Run.State.HELD).exists():
        return
    if more:
        lease.record(run.pk, token, attempts=0, notice="")
        return
    position = run.steps.index(Step(run.step)) + 1
    if position < len(run.steps):
        lease.record(run.pk, token, step=run.steps[position], attempts=0, notice="")
    else:
        finish(run, token)


def wait_for_budget(run: Run, token: str, error: RateLimited) -> None:
    """The API budget is used up for now: wait as long as it takes, losing nothing.

    Where that is long, another CRM of the portfolio does not wait for it: the run goes on there.
    """
    wait = error.after or min(60.0 * 2**run.attempts, LONGEST_WAIT)
    lasting = wait >= LONGEST_WAIT or (error.after is None and run.attempts >= MOST_REFUSALS)
    if lasting and absent.leave_out(run, token, error):
        return
    until = timezone.now() + timedelta(seconds=wait)
    lease.record(
        run.pk,
        token,
        attempts=min(run.attempts + 1, MOST_REFUSALS),
        not_before=until,
        notice=f"Paused: {error.message} It goes on at {until:%H:%M} UTC.",
    )


def pause(run: Run, token: str, error: Retryable) -> None:
    """The CRM does not take our calls now: go on later, or give up after TRIES in a row."""
    if run.attempts + 1 >= TRIES:
        if absent.leave_out(run, token, error):
            return
        fail(run, token, error.message, error.next_step)
        return
    wait = error.after or min(2**run.attempts, 60)
    lease.record(
        run.pk,
        token,
        attempts=run.attempts + 1,
        not_before=timezone.now() + timedelta(seconds=wait),
        notice=f"{error.message} Trying again in {wait:.0f} s."[:500],
    )


def stop_for(run: Run, token: str, error: ConnectorError) -> None:
    """A failure that needs a person."""
    if isinstance(error, AuthRevoked) and absent.leave_out(run, token, error):
        return
    next_step, tell = error.next_step, True
    if isinstance(error, AuthRevoked):
        lost = run.portfolio.crms().filter(state=Connection.State.RECONNECT)
        commands = " or ".join(f"tierline connection reconnect {connection}" for connection in lost)
        next_step = f"{next_step} Reconnect: {commands}" if commands else next_step
        tell = not notices.told_to_reconnect(run)
    fail(run, token, error.message, next_step, tell=tell)


def fail(run: Run, token: str, message: str, next_step: str, *, tell: bool = True) -> None:
    """End a run that cannot go on; every row of it gets an outcome. `tell` the administrator by mail."""
    log.error("run %s failed in step %s: %s", run.pk, run.step, message)
    with transaction.atomic():
        lease.record(
            run.pk,
            token,
            state=Run.State.FAILED,
            error=message[:1000],
            next_step=next_step[:1000],
            notice="",
            finished_at=timezone.now(),
        )
        run.changes.filter(state=Change.State.PLANNED).update(
            state=Change.State.UNPROCESSED, message="The run ended before this change was sent."
        )
        run.changes.filter(state=Change.State.SENDING).update(
            state=Change.State.UNPROCESSED,
            message="The run ended before the CRM's answer arrived; the next run reads what it holds.",
        )
        run.changes.filter(state=Change.State.SENT).update(
            state=Change.State.UNPROCESSED,
            message="Accepted by the CRM, but the run ended before it was read back.",
        )
        lease.record(run.pk, token, counts=figures.counts(run))
        if tell and run.kind != Run.Kind.ANSWER:  # whoever answered is told on the page
            notices.failed(run, message, next_step)


def finish(run: Run, token: str) -> None:
    """Close the run; it fails loudly when a row has no outcome."""
    open_rows = run.changes.filter(state__in=Change.OPEN).count()
    if open_rows:
        fail(
            run,
            token,
            f"{open_rows} planned changes have no outcome.",
            "Run again: what is missing is planned anew. Please report this, it must not happen.",
        )
        return
    counts = figures.counts(run)
    if absent.names(run):  # what is due there stays due; it is no run over everything that others may build on
        counts = {**counts, "whole": False}
    else:
        refresh.forget_touched(run)
    asking.note_confirmed(run)
    with transaction.atomic():
        lease.record(
            run.pk,
            token,
            state=Run.State.DONE,
            counts=counts,
            notice=absent.sentence(run),
            finished_at=timezone.now(),
        )
        if run.kind != Run.Kind.ANSWER:  # whoever answered is told on the page
            refusals.tell(run)
