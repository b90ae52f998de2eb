"""Step `pull`: bring the mirror up to date, one kind of one connection a job, at most PATIENCE seconds each."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime

import pyarrow as pa
from connectors.base import Crm
from connectors.errors import Unavailable
from duckdb import IOException
from sync import clock, crms, lease, mirror, outputs
from sync.models import Connection, Run

#: Seconds of reading per job, and rows held before they are merged into the mirror.
PATIENCE = 40.0
BUFFER = 50_000


def advance(run: Run, token: str) -> bool:
    """Read the next kind, or go on with one that was too large for one job; False when all are read."""
    plan = [
        (connection, kind)
        for connection in run.portfolio.connections.exclude(kind="files").order_by("pk")
        for kind in crms.open_crm(connection).kinds()
    ]
    finished = run.progress.get("pull", {}).get("finished", [])
    todo = [(connection, kind) for connection, kind in plan if f"{connection.pk}:{kind}" not in finished]
    try:
        if not todo:
            _conclude(run, token)
            return False
        connection, kind = todo[0]
        complete, rows = _read(run, connection, kind)
    except IOException as error:  # a process that is about to die still has the file open
        raise Unavailable(
            "The mirror is in use by another process.", next_step="Wait, or stop the other worker."
        ) from error
    if complete:
        finished = [*finished, f"{connection.pk}:{kind}"]
    progress = {"done": len(finished), "total": len(plan), "note": f"{kind}: {rows:,}", "finished": finished}
    calls = run.api_calls + crms.calls_since_last(connection)
    lease.record(run.pk, token, progress={**run.progress, "pull": progress}, api_calls=calls)
    return True


def _read(run: Run, connection: Connection, kind: str) -> tuple[bool, int]:
    """Read on from the cursor; whether the kind is complete, and how many records the mirror has of it."""
    crm = crms.open_crm(connection)
    fields = outputs.layout(run.model, connection).columns(kind, crm.kinds()[kind])
    with mirror.writing(run.portfolio_id) as copy:
        complete = _pull(copy, crm, connection.name, kind, fields)
        return complete, copy.count(kind)


def _pull(copy: mirror.Mirror, crm: Crm, name: str, kind: str, fields: Mapping[str, str]) -> bool:
    start = copy.cursor(name, kind, fields)
    if start.complete and start.modified_at is not None:
        gone = list(crm.deleted(kind, start.modified_at - mirror.LOOK_BACK))
        copy.remove(name, kind, gone)
    deadline = time.monotonic() + PATIENCE
    held: list[pa.RecordBatch] = []
    last = start
    for batch in crm.pull(kind, fields, start.since()):
        if batch.num_rows == 0:
            continue
        held.append(batch)
        last = mirror.Cursor(_last(batch, "modified_at"), _last(batch, "id"), complete=False)
        late = time.monotonic() > deadline
        if late or sum(page.num_rows for page in held) >= BUFFER:
            copy.absorb(name, kind, pa.Table.from_batches(held), cursor=last)
            held = []
        if late:
            return False
    rows = pa.Table.from_batches(held) if held else pa.table({})
    copy.absorb(name, kind, rows, cursor=mirror.Cursor(_later(start, last), last.last_id, complete=True))
    return True


def _last(batch: pa.RecordBatch, column: str) -> str | datetime:
    value: str | datetime = batch.column(column)[-1].as_py()
    return value


def _later(start: mirror.Cursor, last: mirror.Cursor) -> datetime | None:
    """A look-back read may end before the point already reached; the cursor never moves back."""
    known = [moment for moment in (start.modified_at, last.modified_at) if moment is not None]
    return max(known) if known else None


def _conclude(run: Run, token: str) -> None:
    """Publish the snapshot, and fix the date this run scores for."""
    mirror.publish(run.portfolio_id)
    with mirror.reading(run.portfolio_id) as tables:
        read = int(tables["account"].count().execute())
        as_of = clock.as_of(outputs.model(run.model), run.today, tables)
    lease.record(run.pk, token, as_of=as_of, counts={**run.counts, "accounts_read": read})
