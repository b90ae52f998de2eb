"""What ingest and query jobs of Bulk API 2.0 share: reading the request, finding a job, listing, states, deletion."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from connectors.sandbox.org.bulk_jobs import DELIMITERS, LINE_ENDINGS, BulkJob, BulkJobs, Kind
from connectors.sandbox.salesforce_api.calls import MISSING, ApiError, Call, Reply

Info = dict[str, Any]
JOB_TYPES: dict[Kind, str] = {"ingest": "V2Ingest", "query": "V2Query", "batches": "Classic"}
#: Jobs in one answer of a listing.
LISTED = 1000


def invalid_job(message: str) -> ApiError:
    # unverified: the error code of a Bulk 2.0 job with a wrong property is INVALIDJOB.
    return ApiError("INVALIDJOB", message)


def wrong_state(message: str) -> ApiError:
    # unverified: the error code of a step that the state of a Bulk 2.0 job forbids is INVALIDJOBSTATE.
    return ApiError("INVALIDJOBSTATE", message)


def find(jobs: BulkJobs, kind: Kind, call: Call) -> BulkJob:
    """The job named in the path. Raises ApiError."""
    job = jobs.get(kind, call.parts[0])
    if job is None:
        raise ApiError("NOT_FOUND", MISSING)
    return job


def choice(asked: Mapping[str, Any], name: str, allowed: Mapping[str, str] | tuple[str, ...], default: str) -> str:
    """A property with a few values, or its default where the client left it out. Raises ApiError."""
    value = asked.get(name) or default
    if value not in allowed:
        raise invalid_job(f"Value '{value}' is not valid for {name}: use one of {', '.join(allowed)}")
    return str(value)


def shape(asked: Mapping[str, Any]) -> tuple[str, str]:
    """Column delimiter and line ending of the CSV. Raises ApiError."""
    choice(asked, "contentType", ("CSV",), "CSV")
    return choice(asked, "columnDelimiter", DELIMITERS, "COMMA"), choice(asked, "lineEnding", LINE_ENDINGS, "LF")


def basic_info(job: BulkJob) -> Info:
    return {
        "id": job.id,
        "operation": job.operation,
        "object": job.object,
        "createdById": job.user_id,
        "createdDate": job.created,
        "systemModstamp": job.modified,
        "state": job.state,
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(job.api_version),
        "lineEnding": job.line_ending,
        "columnDelimiter": job.column_delimiter,
    }


def listing(jobs: BulkJobs, kind: Kind, call: Call, info: Callable[[BulkJob], Info]) -> Reply:
    """Jobs of this kind; a filter for others finds none."""
    fitting = (
        call.query.get("jobType", JOB_TYPES[kind]) == JOB_TYPES[kind]
        and call.query.get("concurrencyMode", "parallel").lower() == "parallel"
        and call.query.get("isPkChunkingEnabled", "false").lower() == "false"
    )
    after = decoded(call.query.get("queryLocator", ""))
    found = jobs.page(kind, after, LISTED + 1) if fitting else []
    shown = found[:LISTED]
    more = len(found) > LISTED
    address = f"{call.root}/jobs/{kind}?queryLocator={encoded(shown[-1].id)}" if more else None
    return Reply({"done": not more, "records": [info(job) for job in shown], "nextRecordsUrl": address})


def encoded(text: str) -> str:
    """A locator that may stand in an address."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decoded(locator: str) -> str:
    """What `encoded` took. Raises ApiError for a locator that is not ours."""
    try:
        return base64.urlsafe_b64decode(locator + "=" * (-len(locator) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise ApiError("INVALID_QUERY_LOCATOR", "invalid query locator") from None


def abort(jobs: BulkJobs, job: BulkJob) -> BulkJob:
    """The job, aborted; rows that are done stay done. Raises ApiError if it has finished."""
    while not job.is_finished:
        aborted = replace(job, state="Aborted")
        if jobs.change(aborted, job.state):
            return aborted
        job = jobs.get(job.kind, job.id) or aborted
    raise wrong_state(f"Aborting already {job.state} Job not allowed")


def delete(jobs: BulkJobs, job: BulkJob) -> Reply:
    if job.state in ("UploadComplete", "InProgress") or not jobs.delete(job):
        raise wrong_state(f"Job with id {job.id} is in state {job.state} and cannot be deleted: abort it first")
    return Reply(status=204)
