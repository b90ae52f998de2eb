"""What the workers run: functions that take ids and may be run twice."""

from __future__ import annotations

import logging

from django.db import InterfaceError, OperationalError, close_old_connections
from django.utils import timezone
from rq.timeouts import JobTimeoutException

from connectors.errors import ConnectorError, RateLimited, Retryable, Unavailable
from sync import crms, lease, outputs, queue, run, vault
from sync.alerts import escalation, outbox, returning
from sync.governance import overriding, requests
from sync.models import Connection, Portfolio, Run
from sync.reading import dirty, drift, events
from sync.scores import helping

log = logging.getLogger(__name__)


def advance(run_id: int) -> None:
    """Do one unit of a run and queue the next; nothing when another worker has it, or it must wait."""
    if work(run_id):
        queue.enqueue("advance", run_id)
        places = helping.places(queue.workers_alive(queue.redis())) if helping.wanted(run_id) else 0
        for place in range(places):
            queue.enqueue("help_score", run_id, place, places)


def help_score(run_id: int, place: int, places: int) -> None:
    """Score chunks of a run that another worker has; what is left undone that one does itself."""
    try:
        more = helping.help_out(run_id, place, places)
    except Exception:  # what is wrong shows in the run itself, which comes to the same chunk and has the words for it
        log.exception("helping run %s to score ended early", run_id)
        return
    if more:
        queue.enqueue("help_score", run_id, place, places)


def work(run_id: int) -> bool:
    """One unit of a run, with every failure recorded on it; True when there is more to do right now."""
    token = lease.claim(run_id)
    if token is None:
        return False
    current = Run.objects.select_related("portfolio", "model", "calibration").get(pk=run_id)
    try:
        _guarded(current, token)
    except lease.LeaseLost:
        log.warning("run %s was taken over by another worker", run_id)
        return False
    finally:
        lease.release(run_id, token)
    after = Run.objects.get(pk=run_id)
    return after.state == Run.State.ACTIVE and after.not_before is None


def _guarded(current: Run, token: str) -> None:
    if current.not_before is not None:
        lease.record(current.pk, token, not_before=None)
    try:
        run.advance(current, token)
    except RateLimited as error:
        run.wait_for_budget(current, token, error)
    except Retryable as error:
        run.pause(current, token, error)
    except ConnectorError as error:
        run.stop_for(current, token, error)
    except vault.VaultLocked as error:
        run.fail(current, token, str(error), "Then start the run again.")
    except JobTimeoutException:
        late = Unavailable(
            f"One unit of the step '{current.get_step_display()}' took longer than {queue.JOB_TIMEOUT} s.",
            next_step="Check how fast the CRM and this machine answer, then run again.",
        )
        run.pause(current, token, late)
    except (OperationalError, InterfaceError) as error:
        close_old_connections()  # one that broke is of no use any more
        run.pause(current, token, _no_database(error))
    except OSError as error:
        run.pause(current, token, _no_file(error))
    except lease.LeaseLost:
        raise
    except Exception as error:  # the one place: a run must end with a sentence, never hang
        log.exception("run %s broke in step %s", current.pk, current.step)
        run.fail(
            current,
            token,
            f"An unexpected error in the step '{current.get_step_display()}': {type(error).__name__}: {error}",
            "The worker's log has the details; please report it. Nothing was lost: a new run continues.",
        )


def _no_database(error: Exception) -> Unavailable:
    return Unavailable(
        f"The state database did not do what was asked of it: {str(error).strip() or type(error).__name__}.",
        next_step="Check that DATABASE_URL answers, that nothing else locks it for long (a backup?) and that its disk "
        "has room; then run again.",
    )


def _no_file(error: OSError) -> Unavailable:
    which = f", {error.filename}" if error.filename else ""
    return Unavailable(
        f"A file of this machine cannot be used{which}: {error.strerror or error}.",
        next_step="Check that there is room below TIERLINE_HOME, that Tierline may write there and that all workers "
        "see the same folder; then run again.",
    )


def deliver(portfolio_id: int) -> None:
    """Send the messages of a portfolio that are due, to the administrator first; the scheduler queues another job."""
    portfolio = Portfolio.objects.get(pk=portfolio_id)
    outbox.send_notices(portfolio)
    outbox.send(portfolio)


def check_drift(connection_id: int) -> None:
    """Compare a CRM's fields with the model, between runs."""
    connection = Connection.objects.select_related("portfolio").get(pk=connection_id)
    model = connection.portfolio.model_in_force()
    if model is None:
        return
    try:
        drift.check(connection, crms.open_crm(connection), model)
    except (ConnectorError, vault.VaultLocked) as error:
        log.warning("the fields of %s were not compared with the model: %s", connection, error)


def look_for_requests(connection_id: int) -> None:
    """One call: whether somebody asks something in a record. Then the next micro-batch reads what has changed."""
    connection = Connection.objects.select_related("portfolio").get(pk=connection_id)
    published = connection.portfolio.model_in_force()
    if published is None:
        return
    name = outputs.layout(published, connection).names.get(requests.REQUEST)
    if name is None:
        return
    try:
        found = crms.open_crm(connection).holders("account", name, None)
    except (ConnectorError, vault.VaultLocked) as error:
        log.warning("requests in the records of %s were not looked for: %s", connection, error)
        return
    if found:
        dirty.mark(connection, {events.ANY}, "somebody asks something in a record")


def follow_up(portfolio_id: int) -> None:
    """Findings whose rest is over wait again; what has lain too long is told further up."""
    portfolio, now = Portfolio.objects.get(pk=portfolio_id), timezone.now()
    returning.bring_back(portfolio, now)
    escalation.escalate(portfolio, now)


def end_overrides(portfolio_id: int) -> None:
    """Overrides whose time is up end; those that end soon are told."""
    overriding.expire(Portfolio.objects.get(pk=portfolio_id), timezone.localdate())
