"""Working off an ingest job: its rows are written in chunks, and each row ends among the done or the refused.

A chunk, the job's counters and the sizes of the result files are committed together. Whatever stands in a result file
beyond the committed size belongs to a chunk that was undone, so a job that goes on after a crash cuts it off and
neither loses a row nor writes one twice.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from connectors.sandbox.org.bulk_columns import Header, read_header
from connectors.sandbox.org.bulk_csv import Lines, Upload
from connectors.sandbox.org.bulk_jobs import BulkJob, BulkJobs
from connectors.sandbox.org.org import Org, RowError, RowOutcome, WriteOptions
from connectors.sandbox.org.records import table

#: Rows written together, as the service does inside a batch.
CHUNK = 200
BATCH = 10_000


class JobMoved(Exception):
    """The job was aborted while it was worked on; the chunk in hand is undone."""


@dataclass
class Ingest:
    """One job at work. `job` is what was last committed."""

    org: Org
    jobs: BulkJobs
    job: BulkJob

    def batches(self) -> Iterator[BulkJob]:
        """Works off one internal batch at a time and yields the job after each. Raises BadUpload, OrgError, JobMoved.

        At the end the job is in its last chunk's state, still InProgress.
        """
        size = self.org.setting("bulk_batch_size") or BATCH
        with ExitStack() as files:
            upload = files.enter_context(Upload(self.job, self.jobs.upload(self.job)))
            header = read_header(self.org, self.job, upload.header())
            done = files.enter_context(self.jobs.succeeded(self.job).open("ab"))
            refused = files.enter_context(self.jobs.refused(self.job).open("ab"))
            done.truncate(self.job.succeeded_size)
            refused.truncate(self.job.failed_size)
            results = _Results(Lines(self.job, done), Lines(self.job, refused))
            if self.job.read:
                upload.skip_to(self.job.read)
            else:
                results.start(header)
            rows = upload.rows(len(header.columns))
            left = size
            while chunk := list(islice(rows, min(CHUNK, left))):
                self._chunk(header, chunk, results, upload.at, opens_batch=left == size)
                left -= len(chunk)
                if left == 0:
                    left = size
                    yield self.job

    def _chunk(self, header: Header, chunk: list[list[str]], results: _Results, at: int, *, opens_batch: bool) -> None:
        started = time.monotonic()
        with self.org.store.writing():
            rows = [header.row(cells) for cells in chunk]
            outcomes = write_rows(self.org, self.job, rows)
            failed = results.add(self.job, chunk, rows, outcomes)
            changed = replace(
                self.job,
                processed=self.job.processed + len(chunk),
                failed=self.job.failed + failed,
                batches=self.job.batches + opens_batch,
                read=at,
                succeeded_size=results.done.size,
                failed_size=results.refused.size,
                active_ms=self.job.active_ms + round((time.monotonic() - started) * 1000),
            )
            if not self.jobs.change(changed, "InProgress"):
                raise JobMoved
        self.job = changed


def write_rows(org: Org, job: BulkJob, rows: Sequence[dict[str, Any]]) -> list[RowOutcome]:
    """What the job's operation does to the rows, one outcome each."""
    options = WriteOptions(
        user_id=job.user_id, auto_assign=job.auto_assign, allow_duplicates=job.allow_duplicates, secured=True
    )
    if job.operation == "insert":
        return org.insert(job.object, rows, options=options)
    if job.operation == "update":
        return org.update(job.object, rows, options=options)
    if job.operation == "upsert":
        return org.upsert(job.object, job.external_id, rows, options=options)
    outcomes = org.delete(job.object, [str(row.get("Id") or "") for row in rows], options=options)
    if job.operation == "hardDelete":
        _empty_bin(org, job.object, [outcome.id for outcome in outcomes if outcome.success])
    return outcomes


def _empty_bin(org: Org, object_name: str, record_ids: Sequence[str | None]) -> None:
    name = table(org.object(object_name).name)
    with org.store.writing() as connection:
        connection.executemany(f"DELETE FROM {name} WHERE Id = ?", ([each] for each in record_ids))


@dataclass(frozen=True)
class _Results:
    """The two result files of a job."""

    done: Lines
    refused: Lines

    def start(self, header: Header) -> None:
        self.done.row(["sf__Id", "sf__Created", *header.names])
        self.refused.row(["sf__Id", "sf__Error", *header.names])

    def add(
        self, job: BulkJob, chunk: list[list[str]], rows: Sequence[dict[str, Any]], outcomes: Sequence[RowOutcome]
    ) -> int:
        """Writes the chunk's results, not in the order of the input; returns how many rows were refused."""
        failed = 0
        for at in _order(f"{job.id}{job.processed}", len(chunk)):
            outcome = outcomes[at]
            if outcome.success:
                created = "true" if outcome.created or job.operation == "insert" else "false"
                self.done.row([outcome.id, created, *chunk[at]])
            else:
                failed += 1
                self.refused.row([rows[at].get("Id") or "", shown(outcome.errors[0]), *chunk[at]])
        self.done.flush()
        self.refused.flush()
        return failed


def _order(seed: str, count: int) -> list[int]:
    """The same order every time, and never the input's where there are two rows or more."""
    order = list(range(count))
    random.Random(seed).shuffle(order)  # noqa: S311 - not for secrets
    return order if order != sorted(order) else order[::-1]


def shown(error: RowError) -> str:
    """The text in `sf__Error`."""
    return f"{error.status_code}:{error.message}:{','.join(error.fields)} --"
