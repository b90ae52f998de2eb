"""Accounts to look at soon, kept in the database until a run has done so.

Events only mark accounts; nobody acts on an event's content. So an event that comes twice, late or out of order does no
harm, and what it was about is read from the CRM when the account's turn comes.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Max

from sync.models import Connection, Dirty, Portfolio, Run


def mark(connection: Connection, record_ids: Collection[str], reason: str) -> None:
    """Have the next micro-batch look at these accounts.

    A mark that is there already is no reason to spare one: a run may have taken that up before this event came.
    """
    Dirty.objects.bulk_create(
        [
            Dirty(connection=connection, record_id=record_id, reason=reason[:120])
            for record_id in sorted(set(record_ids))
        ],
        batch_size=500,
    )


def waiting(portfolio: Portfolio) -> int:
    """How many accounts wait for a micro-batch."""
    return Dirty.objects.filter(connection__portfolio=portfolio).values("connection", "record_id").distinct().count()


def newest(run: Run) -> int:
    """The last mark there is; a run takes it up when it begins to read."""
    found = Dirty.objects.filter(connection__portfolio=run.portfolio).aggregate(last=Max("pk"))["last"]
    return int(found or 0)


def upto(run: Run) -> int:
    """The last mark this run has taken up."""
    return int(run.progress.get("pull", {}).get("dirty", 0))


def forget(run: Run) -> None:
    """The run has ended well: the marks it had taken up are dealt with."""
    Dirty.objects.filter(connection__portfolio=run.portfolio, pk__lte=upto(run)).delete()
