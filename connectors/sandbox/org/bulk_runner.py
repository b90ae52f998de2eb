"""The thread that works off Bulk jobs, one after another, oldest first.

It lives while there is work. A lock file keeps other processes, and other servers of this one, off the same jobs:
whoever holds it may take a job that is in progress to be one that was left by a server that is gone.
"""

from __future__ import annotations

import fcntl
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TextIO

from connectors.sandbox.org.bulk_csv import BadUpload
from connectors.sandbox.org.bulk_ingest import Ingest, JobMoved
from connectors.sandbox.org.bulk_jobs import BulkJob, BulkJobs
from connectors.sandbox.org.bulk_query import QueryRun, Stopped
from connectors.sandbox.org.org import Org, OrgError

_LOCK_SECONDS = 0.05


class BulkRunner:
    """Works for one org until the org is closed."""

    def __init__(self, org: Org, jobs: BulkJobs) -> None:
        self._org = org
        self._jobs = jobs
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._news = False
        self._stopping = threading.Event()
        org.store.before_close(self.stop)

    def wake(self) -> None:
        """There may be work."""
        with self._lock:
            self._news = True
            if self._stopping.is_set() or (self._thread is not None and self._thread.is_alive()):
                return
            self._thread = threading.Thread(target=self._work, name="bulk jobs", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Lets the chunk in hand finish; the rest waits for the next server of this org."""
        self._stopping.set()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()

    def _work(self) -> None:
        while self._has_news():
            with self._alone() as alone:
                while alone and not self._stopping.is_set() and (job := self._jobs.waiting()):
                    self._do(job)

    def _has_news(self) -> bool:
        with self._lock:
            if self._news and not self._stopping.is_set():
                self._news = False
                return True
            self._thread = None
            return False

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Holds the lock file; False if the server stops before it is free."""
        self._jobs.home.mkdir(exist_ok=True)
        with (self._jobs.home / "lock").open("w") as file:
            yield self._locked(file)

    def _locked(self, file: TextIO) -> bool:
        while not self._stopping.is_set():
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._stopping.wait(_LOCK_SECONDS)
            else:
                return True
        return False

    # --- one job ---------------------------------------------------------------------------------

    def _do(self, job: BulkJob) -> None:
        if job.state == "UploadComplete":
            if not self._pause(job):
                return
            begun = replace(job, state="InProgress")
            if not self._jobs.change(begun, "UploadComplete"):
                return
            job = begun
        started = time.monotonic()
        try:
            done = self._ingest(job) if job.kind == "ingest" else self._query(job)
        except (JobMoved, Stopped):
            return
        except (BadUpload, OrgError) as error:
            self._fail(job, str(error))
        except (OSError, sqlite3.Error) as error:
            self._fail(job, f"InternalServerError : {error}")
        else:
            total = job.total_ms + round((time.monotonic() - started) * 1000)
            self._jobs.change(replace(done, state="JobComplete", total_ms=total), "InProgress")

    def _ingest(self, job: BulkJob) -> BulkJob:
        ingest = Ingest(self._org, self._jobs, job)
        for between in ingest.batches():
            if not self._pause(between):
                raise Stopped
        return ingest.job

    def _query(self, job: BulkJob) -> BulkJob:
        return QueryRun(self._org, self._jobs, job).run(lambda: self._is_wanted(job))

    def _fail(self, job: BulkJob, message: str) -> None:
        """Rows that are done stay done."""
        current = self._jobs.get(job.kind, job.id)
        if current is not None:
            self._jobs.change(replace(current, state="Failed", error=message), "InProgress")

    def _pause(self, job: BulkJob) -> bool:
        """Waits as the org's setting says; False if the job is not to go on."""
        until = time.monotonic() + float(self._org.setting("bulk_delay") or 0)
        while (left := until - time.monotonic()) > 0:
            if self._stopping.wait(min(left, _LOCK_SECONDS)) or not self._is_wanted(job):
                return False
        return self._is_wanted(job)

    def _is_wanted(self, job: BulkJob) -> bool:
        current = self._jobs.get(job.kind, job.id)
        return current is not None and not current.is_finished and not self._stopping.is_set()
