"""The older Bulk API (1.0): jobs whose rows, or queries, the client sends in batches. Each is worked off as it
comes, one at a time."""

from __future__ import annotations

import csv
import io
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from connectors.sandbox.org import ids
from connectors.sandbox.org.bulk_columns import read_header
from connectors.sandbox.org.bulk_csv import BadUpload
from connectors.sandbox.org.bulk_ingest import BATCH, CHUNK, shown, write_rows
from connectors.sandbox.org.bulk_jobs import BulkJob, BulkJobs
from connectors.sandbox.org.bulk_query import QueryRun
from connectors.sandbox.org.org import Org, OrgError, RowOutcome
from connectors.sandbox.org.queries import QueryOptions

WRITING = ("insert", "update", "upsert", "delete", "hardDelete")
READING = ("query", "queryAll")
MOST_BYTES = 10_000_000
Row = dict[str, Any]


class BatchError(Exception):
    """A refused request, with one of the codes that the Bulk API documents."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


@dataclass(frozen=True)
class Batch:
    """One batch. `result` is the id of a query's result."""

    id: str
    job_id: str
    state: str
    created: str
    processed: int = 0
    failed: int = 0
    message: str = ""
    result: str = ""


@dataclass(frozen=True)
class BatchJobs:
    """The jobs of one org, and the work on their batches."""

    org: Org
    jobs: BulkJobs
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def job(self, job_id: str) -> BulkJob:
        found = self.jobs.get("batches", job_id)
        if found is None:
            raise BatchError("InvalidJob", f"Invalid job id: {job_id}")
        return found

    def set_state(self, job: BulkJob, state: str) -> BulkJob:
        if state not in ("Closed", "Aborted"):
            raise BatchError("InvalidJobState", f"Invalid job state: {state}")
        if job.state != "Open" or not self.jobs.change(replace(job, state=state), "Open"):
            raise BatchError("InvalidJobState", f"The job is already {job.state}")
        return self.job(job.id)

    def batches(self, job: BulkJob) -> list[Batch]:
        files = sorted(self.jobs.folder(job).glob("751*.json"))
        return [Batch(**json.loads(file.read_text(encoding="utf-8"))) for file in files]

    def batch(self, job: BulkJob, batch_id: str) -> Batch:
        wanted = ids.normalize(batch_id)
        for found in self.batches(job):
            if found.id == wanted:
                return found
        raise BatchError("InvalidBatch", f"Invalid batch id: {batch_id}")

    def request_of(self, batch: Batch) -> bytes:
        return (self.jobs.home / batch.job_id / f"{batch.id}.request").read_bytes()

    def result_of(self, batch: Batch) -> bytes:
        """Outcomes of the rows in their order, or the records of a query."""
        file = self.jobs.home / batch.job_id / f"{batch.id}.result"
        if batch.state != "Completed" or not file.exists():
            raise BatchError("InvalidBatch", f"The batch has no result: it is {batch.state}. {batch.message}".strip())
        return file.read_bytes()

    def add(self, job_id: str, content: bytes) -> Batch:
        """Clients send several batches of a job at once."""
        with self._turn:
            return self._add(self.job(job_id), content)

    def _add(self, job: BulkJob, content: bytes) -> Batch:
        if job.state != "Open":
            raise BatchError("InvalidJobState", f"The job is {job.state}: it takes no batches")
        if len(content) > MOST_BYTES:
            raise BatchError("InvalidBatch", f"A batch can have at most {MOST_BYTES} bytes")
        number = self.org.store.take_numbers("id:751")
        batch = Batch(ids.make("751", number), job.id, "Completed", self.org.clock.stamp())
        work: Callable[[BulkJob, Batch, bytes, bool], Batch] = self._read if job.operation in READING else self._write
        try:
            batch = work(job, batch, content, job.content_type == "JSON")
        except (BadUpload, OrgError) as error:
            batch = replace(batch, state="Failed", message=str(error))
        (self.jobs.folder(job) / f"{batch.id}.request").write_bytes(content)
        (self.jobs.folder(job) / f"{batch.id}.json").write_text(json.dumps(asdict(batch)), encoding="utf-8")
        counted = replace(
            job, batches=job.batches + 1, processed=job.processed + batch.processed, failed=job.failed + batch.failed
        )
        self.jobs.change(counted, "Open")
        return batch

    def _write(self, job: BulkJob, batch: Batch, content: bytes, is_json: bool) -> Batch:
        rows = _rows_of_json(content) if is_json else self._rows_of_csv(job, content)
        if len(rows) > BATCH:
            raise BadUpload(f"InvalidBatch : A batch can have at most {BATCH} records")
        outcomes: list[RowOutcome] = []
        for at in range(0, len(rows), CHUNK):
            outcomes += write_rows(self.org, job, rows[at : at + CHUNK])
        made = job.operation == "insert"
        told = _json_results(outcomes, made) if is_json else _csv_results(outcomes, made)
        (self.jobs.folder(job) / f"{batch.id}.result").write_text(told, encoding="utf-8")
        failed = sum(not outcome.success for outcome in outcomes)
        return replace(batch, processed=len(rows), failed=failed)

    def _rows_of_csv(self, job: BulkJob, content: bytes) -> list[Row]:
        try:
            lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
        except (UnicodeDecodeError, csv.Error) as error:
            raise BadUpload(f"InvalidBatch : Failed to parse CSV: {error}") from None
        if not lines:
            raise BadUpload("InvalidBatch : Field name not found : ")
        header = read_header(self.org, job, lines[0])
        cells = [line for line in lines[1:] if line]
        if any(len(line) != len(lines[0]) for line in cells):
            raise BadUpload("InvalidBatch : A row has not as many cells as the header")
        return [header.row(line) for line in cells]

    def _read(self, job: BulkJob, batch: Batch, content: bytes, is_json: bool) -> Batch:
        asked = replace(job, query=content.decode(errors="replace").strip())
        done = QueryRun(self.org, self.jobs, asked).run(lambda: True)
        results, kept = self.jobs.results(job), self.jobs.folder(job) / f"{batch.id}.result"
        results.rename(kept)
        if is_json:
            kept.write_text(json.dumps(self._records(asked)), encoding="utf-8")
        result = ids.make("752", self.org.store.take_numbers("id:752"))
        return replace(batch, processed=done.processed, result=result)

    def _records(self, job: BulkJob) -> list[Row]:
        """In JSON a moment is the number of milliseconds since 1970."""
        options = QueryOptions(
            include_deleted=job.operation == "queryAll", page=None, hidden=self.org.access.hidden(job.user_id),
            version=job.api_version,
        )  # fmt: skip
        return [_with_numbers(row) for row in self.org.queries.run(job.query, options).records]


def _with_numbers(row: Row) -> Row:
    return {name: _with_numbers(value) if isinstance(value, dict) else _number(value) for name, value in row.items()}


def _number(value: Any) -> Any:
    if isinstance(value, str) and value.endswith("+0000") and len(value) == len("2026-01-01T00:00:00.000+0000"):
        return round(datetime.fromisoformat(value).timestamp() * 1000)
    return value


def _rows_of_json(content: bytes) -> list[Row]:
    try:
        rows = json.loads(content)
    except ValueError as error:
        raise BadUpload(f"InvalidBatch : Failed to parse JSON: {error}") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadUpload("InvalidBatch : The records must be a list of objects")
    return [
        {("Id" if name.lower() == "id" else name): value for name, value in row.items() if name != "attributes"}
        for row in rows
    ]


def _json_results(outcomes: Sequence[RowOutcome], made: bool) -> str:
    told = [
        {
            "success": outcome.success,
            "created": outcome.success and (made or bool(outcome.created)),
            "id": outcome.id if outcome.success else None,
            "errors": [
                {
                    "message": error.message, "statusCode": error.status_code, "fields": list(error.fields),
                    "extendedErrorDetails": None,
                }
                for error in outcome.errors
            ],
        }
        for outcome in outcomes
    ]  # fmt: skip
    return json.dumps(told)


def _csv_results(outcomes: Sequence[RowOutcome], made: bool) -> str:
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    lines.writerow(["Id", "Success", "Created", "Error"])
    for outcome in outcomes:
        if outcome.success:
            created = "true" if made or outcome.created else "false"
            lines.writerow([outcome.id, "true", created, ""])
        else:
            lines.writerow(["", "false", "false", shown(outcome.errors[0])])
    return text.getvalue()
