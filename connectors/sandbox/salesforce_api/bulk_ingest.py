"""Bulk API 2.0, writing: jobs that take a CSV file and answer with what became of each row."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from connectors.sandbox.org.bulk_jobs import BulkJob, BulkJobs
from connectors.sandbox.org.bulk_runner import BulkRunner
from connectors.sandbox.org.org import Org
from connectors.sandbox.org.schema import ObjectDef
from connectors.sandbox.salesforce_api import bulk_resources as bulk
from connectors.sandbox.salesforce_api.calls import ApiError, Call, Entry, Reply

OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")
#: What a file may measure after it was turned into base64.
MOST_ENCODED = 150 * 1024 * 1024
_ASSIGNED = ("Case", "Lead")
_PIECE = 1 << 16


def fits(size: int) -> bool:
    """Whether a file of so many bytes may be uploaded."""
    return -(-size // 3) * 4 <= MOST_ENCODED


@dataclass(frozen=True)
class IngestJobs:
    """The resource `jobs/ingest`."""

    org: Org
    jobs: BulkJobs
    runner: BulkRunner

    def entries(self) -> list[Entry]:
        return [
            (("POST",), r"jobs/ingest", self.create),
            (("GET",), r"jobs/ingest", self.list),
            (("GET",), r"jobs/ingest/(\w+)", self.show),
            (("PATCH",), r"jobs/ingest/(\w+)", self.set_state),
            (("DELETE",), r"jobs/ingest/(\w+)", self.delete),
            (("PUT",), r"jobs/ingest/(\w+)/batches", self.upload),
            (("GET",), r"jobs/ingest/(\w+)/(successfulResults|failedResults|unprocessedRecords)", self.results),
        ]

    def create(self, call: Call) -> Reply:
        asked = call.mapping()
        operation = bulk.choice(asked, "operation", OPERATIONS, "")
        definition = self.org.object(str(asked.get("object") or ""))
        options, rule = call.write_options(), _rule(asked, definition)
        delimiter, line_ending = bulk.shape(asked)
        stamp = self.org.clock.stamp()
        job = BulkJob(
            id=self.jobs.new_id(), kind="ingest", state="Open", operation=operation, object=definition.name,
            user_id=call.user_id, created=stamp, modified=stamp, api_version=call.version,
            external_id=_key(asked, operation, definition), assignment_rule=rule,
            # unverified: a Bulk job obeys the Sforce-Auto-Assign header of the call that creates it, on unless FALSE.
            auto_assign=options.auto_assign or bool(rule),
            # unverified: a Bulk job obeys the Sforce-Duplicate-Rule-Header of the call that creates it.
            allow_duplicates=options.allow_duplicates,
            column_delimiter=delimiter, line_ending=line_ending,
        )  # fmt: skip
        self.jobs.add(job)
        return Reply(_info(job, full=False))

    def list(self, call: Call) -> Reply:
        return bulk.listing(self.jobs, "ingest", call, lambda job: _info(job, full=False))

    def show(self, call: Call) -> Reply:
        return Reply(_info(bulk.find(self.jobs, "ingest", call)))

    def upload(self, call: Call) -> Reply:
        job = bulk.find(self.jobs, "ingest", call)
        if job.state != "Open":
            raise bulk.wrong_state(f"Uploading data to already {job.state} Job not allowed")
        kind = call.headers.get("content-type", "text/csv").partition(";")[0].strip().lower()
        if kind != "text/csv":
            raise ApiError("UNSUPPORTED_MEDIA_TYPE", f"Content-Type {kind} is not supported: use text/csv", status=415)
        if call.upload is None or not fits(call.upload.stat().st_size):
            # unverified: an upload that is too large is answered with status 413.
            raise ApiError("REQUEST_ENTITY_TOO_LARGE", "The uploaded data exceeds 150 MB in base64", status=413)
        try:
            os.link(call.upload, self.jobs.upload(job))  # fails if there is a file, so that only one upload wins
        except FileExistsError:
            raise bulk.wrong_state(
                f"Found multiple contents for job: <{job.id}>, please 'Close' / 'Abort' / 'Delete' the current Job "
                "then create a new Job and make sure you only do 'PUT' once on a given Job."
            ) from None
        return Reply(status=201)

    def set_state(self, call: Call) -> Reply:
        job = bulk.find(self.jobs, "ingest", call)
        wanted = bulk.choice(call.mapping(), "state", ("UploadComplete", "Aborted"), "")
        if wanted == "Aborted":
            return Reply(_info(bulk.abort(self.jobs, job), full=False))
        if not self.jobs.upload(job).exists():
            # unverified: a Bulk job to which nothing was uploaded cannot be closed.
            raise bulk.wrong_state("No data was uploaded to the job")
        closed = replace(job, state="UploadComplete")
        if job.state != "Open" or not self.jobs.change(closed, "Open"):
            raise bulk.wrong_state(f"Closing already {job.state} Job not allowed")
        self.runner.wake()
        return Reply(_info(closed, full=False))

    def delete(self, call: Call) -> Reply:
        return bulk.delete(self.jobs, bulk.find(self.jobs, "ingest", call))

    def results(self, call: Call) -> Reply:
        job = bulk.find(self.jobs, "ingest", call)
        if not job.is_finished:
            # unverified: results of a Bulk ingest job are refused until it has finished.
            raise bulk.wrong_state(f"Results of a Job in state {job.state} are not available")
        which = call.parts[1].lower()
        if which == "unprocessedrecords":
            return Reply(content=_unprocessed(self.jobs.upload(job), job.read))
        done = which == "successfulresults"
        path = self.jobs.succeeded(job) if done else self.jobs.refused(job)
        return Reply(content=_part(path, 0, job.succeeded_size if done else job.failed_size))


def _key(asked: dict[str, Any], operation: str, definition: ObjectDef) -> str:
    if operation != "upsert":
        return ""
    name = str(asked.get("externalIdFieldName") or "")
    found = definition.find(name) if name else None
    if found is None or not (found.external_id or found.name == "Id"):
        raise bulk.invalid_job(f"InvalidJob : Field name provided, {name} does not match an External ID, "
                               f"Salesforce Id, or indexed field for {definition.name}")  # fmt: skip
    return found.name


def _rule(asked: dict[str, Any], definition: ObjectDef) -> str:
    rule = str(asked.get("assignmentRuleId") or "")
    if rule and definition.name not in _ASSIGNED:
        raise bulk.invalid_job(f"assignmentRuleId is for {' and '.join(_ASSIGNED)} only, not for {definition.name}")
    return rule


def _info(job: BulkJob, *, full: bool = True) -> bulk.Info:
    info = bulk.basic_info(job)
    if job.state == "Open":
        info["contentUrl"] = f"services/data/v{job.api_version}/jobs/ingest/{job.id}/batches"
    if job.external_id:
        info["externalIdFieldName"] = job.external_id
    if job.assignment_rule:
        info["assignmentRuleId"] = job.assignment_rule
    if full:
        info |= {
            "jobType": "V2Ingest",
            "retries": 0,
            "totalProcessingTime": job.total_ms,
            "apiActiveProcessingTime": job.active_ms,
            "apexProcessingTime": 0,
            "numberRecordsProcessed": job.processed,
            "numberRecordsFailed": job.failed,
        }
    if job.error:
        info["errorMessage"] = job.error
    return info


def _unprocessed(path: Path, read: int) -> Iterator[bytes]:
    """The header and the rows behind the last one that was dealt with, as the client sent them."""
    if not path.exists():
        return
    with path.open("rb") as file:
        header = file.readline()
    yield header
    yield from _part(path, max(read, len(header)), path.stat().st_size)


def _part(path: Path, start: int, end: int) -> Iterator[bytes]:
    if not path.exists():
        return
    with path.open("rb") as file:
        file.seek(start)
        left = end - start
        while left > 0 and (piece := file.read(min(left, _PIECE))):
            left -= len(piece)
            yield piece
