"""Reading many records of a kind by a bulk job: started, watched, taken over page by page.

Where the job and the page stand is kept with the run, so any worker goes on; a page that was taken twice merges to the
same rows. The mirror's cursor moves to its end only with the last page.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from connectors.base import BulkReads
from connectors.errors import Unavailable
from sync.mirror import Cursor, Mirror

#: Seconds of taking pages per job, and between two looks at a CRM that is still at work.
PATIENCE = 30.0
LONGEST_PAUSE = 10.0


@dataclass(frozen=True)
class Target:
    """What is read into which part of the mirror: column -> CRM field path."""

    connection: str
    kind: str
    fields: Mapping[str, str]


def start(
    crm: BulkReads,
    kind: str,
    fields: Mapping[str, str],
    *,
    known: bool,
    begun: datetime | None,
    since: datetime | None = None,
) -> dict[str, Any] | None:
    """The state of a new bulk read; None when there is not much to read.

    `known`: the records are in the mirror already, and are compared. `begun`: the CRM's clock. `since`: only what was
    modified since.
    """
    if crm.count(kind, since) < crm.bulk_from:
        return None
    return {
        "begun": begun.isoformat() if begun else "",
        "since": since.isoformat() if since else "",
        "read": crm.start_bulk_read(kind, fields, since),
        "place": "",
        "phase": "busy",
        "polls": 0,
        "pause": 0.0,
        "known": known,
    }


def advance(
    copy: Mirror, crm: BulkReads, target: Target, job: Mapping[str, Any], before_end: Callable[[], None]
) -> dict[str, Any]:
    """Look at the job or take its next pages; returns its new state. Raises `Unavailable` when the CRM lost it.

    `before_end` is called when everything has been taken and the cursor has not moved yet.
    """
    if job["phase"] == "busy":
        state = crm.bulk_read_state(job["read"])
        if state.phase in ("open", "busy"):
            pause = min(float(2 ** job["polls"]), LONGEST_PAUSE)
            return {**job, "polls": job["polls"] + 1, "pause": pause}
        if state.phase != "done":
            since = datetime.fromisoformat(job["since"]) if job["since"] else None
            again = crm.start_bulk_read(target.kind, target.fields, since)
            if job.get("restarts", 0) >= 2:
                raise Unavailable(
                    f"The bulk read of {target.kind} records failed three times: {state.message or state.phase}.",
                    next_step="Look at the bulk data load jobs in the CRM's setup, then run again.",
                )
            return {**job, "read": again, "restarts": job.get("restarts", 0) + 1, "polls": 0, "pause": 1.0}
    return _take(copy, crm, target, {**job, "phase": "pages", "pause": 0.0}, before_end)


def _take(
    copy: Mirror, crm: BulkReads, target: Target, job: dict[str, Any], before_end: Callable[[], None]
) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE
    place = job["place"]
    while True:
        page = crm.bulk_page(job["read"], target.kind, target.fields, place)
        place = page.next_place
        rows = pa.Table.from_batches([page.rows])
        underway = Cursor(None, "", complete=job["known"])
        copy.absorb(target.connection, target.kind, rows, cursor=underway, compare=job["known"])
        if not place:
            before_end()
            begun = datetime.fromisoformat(job["begun"]) if job["begun"] else None
            end = Cursor(crm.bulk_read_until(job["read"]), "", complete=True, seen_at=begun)
            copy.absorb(target.connection, target.kind, pa.table({}), cursor=end)
            return {**job, "place": "", "phase": "done"}
        if time.monotonic() > deadline:
            return {**job, "place": place}
