"""A CRM of several that does not answer, or takes no calls for a long while: the run goes on with the others.

Nothing is judged by half of its data. Its records count as they were last read. Nothing of its own is planned, checked
or matched, nothing is carried from or to it, and what was due there stays due: the next run does it, which is a
micro-batch if none comes first.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from connectors.errors import ConnectorError
from sync import lease, mirror
from sync.alerts import notices
from sync.models import Change, Connection, Run
from sync.reading import dirty, events

_KEY = "absent"


@contextmanager
def asking(connection: Connection) -> Iterator[None]:
    """What fails inside is about this CRM."""
    try:
        yield
    except ConnectorError as error:
        error.source = error.source or connection.name
        raise


def names(run: Run) -> list[str]:
    """The CRMs that this run goes on without."""
    return sorted(run.progress.get(_KEY, {}))


def crms(run: Run) -> list[Connection]:
    """The CRMs of the run's portfolio that answer, the oldest first."""
    gone = names(run)
    return [connection for connection in run.portfolio.crms() if connection.name not in gone]


def sentence(run: Run) -> str:
    """What an administrator should know; "" where all CRMs answered."""
    told = run.progress.get(_KEY, {})
    return " ".join(f"{name} was left out: {told[name]} The next run takes it up." for name in sorted(told))[:500]


def leave_out(run: Run, token: str, error: ConnectorError) -> bool:
    """Go on without the CRM that this is about; False where the run cannot.

    It cannot where no other CRM is left, and where this one was never read to its end.
    """
    run.refresh_from_db(fields=["progress"])
    here = crms(run)
    gone = next((connection for connection in here if connection.name == error.source), None)
    if gone is None or len(here) < 2 or run.kind not in (Run.Kind.FULL, Run.Kind.INCREMENTAL):
        return False
    if run.step == Run.Step.PULL and not mirror.is_whole(run.portfolio_id, gone.name):
        return False
    told = {**run.progress.get(_KEY, {}), gone.name: error.message}
    with transaction.atomic():
        lease.record(run.pk, token, progress={**run.progress, _KEY: told}, attempts=0, notice="")
        theirs = run.changes.filter(connection=gone)
        theirs.filter(state=Change.State.PLANNED).update(
            state=Change.State.UNPROCESSED, message=f"{gone} was left out; the next run plans it anew."
        )
        theirs.filter(state__in=(Change.State.SENDING, Change.State.SENT)).update(
            state=Change.State.UNPROCESSED, message=f"{gone} was left out; the next run reads what it holds."
        )
        dirty.mark(gone, {events.ANY}, f"{run} went on without it")
        notices.left_out(run, gone, error.message, error.next_step)
    return True
