"""Bulk jobs of an org: what a client asked for, how far it has come, and the folder with its rows and results.

A job is one row of the org's database; rows and results are files in `bulk/<job id>/` of the org's home. Both
survive a restart, and a copy of the org's folder has them too.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Literal

from connectors.sandbox.clock import Clock, instant_text
from connectors.sandbox.org import ids
from connectors.sandbox.org.records import Store

#: "batches" are the jobs of the older Bulk API, whose clients cut the rows into batches themselves.
Kind = Literal["ingest", "query", "batches"]
DELIMITERS = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
FINISHED = frozenset({"JobComplete", "Failed", "Aborted"})
_DELETED = "Deleted"


@dataclass(frozen=True)
class BulkJob:
    """One job.

    Attributes:
        operation: as the client named it, e.g. "upsert" or "queryAll".
        object: the object written to or read.
        api_version: of the call that created the job, e.g. "63.0".
        failed: how many of the `processed` rows were refused.
        read: bytes of the uploaded file that are done with; what follows is unprocessed.
        succeeded_size: bytes of the results that belong to committed rows, as is `failed_size`.
        active_ms: milliseconds spent on the job; `total_ms` those since it was closed.
    """

    id: str
    kind: Kind
    state: str
    operation: str
    object: str
    user_id: str
    created: str
    modified: str
    api_version: str
    query: str = ""
    external_id: str = ""
    assignment_rule: str = ""
    auto_assign: bool = True
    allow_duplicates: bool = False
    column_delimiter: str = "COMMA"
    line_ending: str = "LF"
    content_type: str = "CSV"
    concurrency: str = "Parallel"
    processed: int = 0
    failed: int = 0
    batches: int = 0
    read: int = 0
    succeeded_size: int = 0
    failed_size: int = 0
    active_ms: int = 0
    total_ms: int = 0
    error: str = ""

    @property
    def delimiter(self) -> str:
        return DELIMITERS[self.column_delimiter]

    @property
    def newline(self) -> str:
        return LINE_ENDINGS[self.line_ending]

    @property
    def is_finished(self) -> bool:
        return self.state in FINISHED


class BulkJobs:
    """The jobs of one org."""

    def __init__(self, store: Store, clock: Clock, home: Path) -> None:
        self._store = store
        self._clock = clock
        self.home = home / "bulk"

    def new_id(self) -> str:
        return ids.make("750", self._store.take_numbers("id:750"))

    def add(self, job: BulkJob) -> None:
        self.folder(job).mkdir(parents=True)
        with self._store.writing() as connection:
            connection.execute(
                "INSERT INTO bulk_jobs (id, kind, state, created, body) VALUES (?, ?, ?, ?, ?)",
                (job.id, job.kind, job.state, job.created, json.dumps(asdict(job))),
            )

    def get(self, kind: Kind, name: str) -> BulkJob | None:
        """The job of that id in either length, or None."""
        job_id = ids.normalize(name) or ""
        row = self._store.reader().execute("SELECT kind, state, body FROM bulk_jobs WHERE id = ?", (job_id,)).fetchone()
        if row is None or row[0] != kind or row[1] == _DELETED:
            return None
        return BulkJob(**json.loads(row[2]))

    def change(self, job: BulkJob, was: str) -> bool:
        """Saves the job if its state is still `was`; tells whether it was. Joins a transaction that is open."""
        stamped = replace(job, modified=self._clock.stamp())
        with self._store.writing() as connection:
            done = connection.execute(
                "UPDATE bulk_jobs SET state = ?, body = ? WHERE id = ? AND state = ?",
                (job.state, json.dumps(asdict(stamped)), job.id, was),
            )
        return done.rowcount == 1

    def page(self, kind: Kind, after: str, most: int) -> list[BulkJob]:
        """Jobs with ids above `after`, in the order of their ids."""
        return self._select("kind = ? AND state <> ? AND id > ?", (kind, _DELETED, after), most)

    def waiting(self) -> BulkJob | None:
        """The oldest job that is closed but not finished; those that were begun come first."""
        return next(iter(self._select("state IN ('UploadComplete', 'InProgress')", (), 1, "state, id")), None)

    def _select(self, where: str, parameters: Sequence[object], most: int, order: str = "id") -> list[BulkJob]:
        rows = self._store.reader().execute(
            f"SELECT body FROM bulk_jobs WHERE {where} ORDER BY {order} LIMIT ?",
            (*parameters, most),
        )
        return [BulkJob(**json.loads(row[0])) for row in rows.fetchall()]

    def delete(self, job: BulkJob) -> bool:
        """Removes a job and its files; False if its state changed meanwhile. It still counts as used today."""
        with self._store.writing() as connection:
            done = connection.execute(
                "UPDATE bulk_jobs SET state = ? WHERE id = ? AND state = ?", (_DELETED, job.id, job.state)
            )
        if done.rowcount == 1:
            shutil.rmtree(self.folder(job), ignore_errors=True)
        return done.rowcount == 1

    def used_today(self) -> tuple[int, int]:
        """Batches of ingest jobs and number of query jobs of the last 24 hours."""
        since = instant_text(self._clock.now() - timedelta(hours=24))
        row = self._store.reader().execute(
            "SELECT COALESCE(SUM(json_extract(body, '$.batches')), 0), COALESCE(SUM(kind = 'query'), 0) "
            "FROM bulk_jobs WHERE created > ?",
            (since,),
        )
        batches, queries = row.fetchone()
        return int(batches), int(queries)

    # --- files -----------------------------------------------------------------------------------

    def folder(self, job: BulkJob) -> Path:
        return self.home / job.id

    def upload(self, job: BulkJob) -> Path:
        """The client's CSV; there once it was uploaded in full."""
        return self.folder(job) / "upload.csv"

    def succeeded(self, job: BulkJob) -> Path:
        return self.folder(job) / "succeeded.csv"

    def refused(self, job: BulkJob) -> Path:
        return self.folder(job) / "failed.csv"

    def results(self, job: BulkJob) -> Path:
        """The rows of a query, with a header."""
        return self.folder(job) / "results.csv"
