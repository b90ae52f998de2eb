"""Bulk API 2.0, reading: jobs that answer a query with CSV in pages."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.sandbox.org.bulk_jobs import BulkJob, BulkJobs
from connectors.sandbox.org.bulk_query import page_of, prepare
from connectors.sandbox.org.bulk_runner import BulkRunner
from connectors.sandbox.org.org import Org
from connectors.sandbox.salesforce_api import bulk_resources as bulk
from connectors.sandbox.salesforce_api.calls import ApiError, Call, Entry, Reply

OPERATIONS = ("query", "queryAll")
# unverified: without maxRecords a page of the results of a Bulk query has at most 100,000 rows.
PAGE = 100_000


@dataclass(frozen=True)
class QueryJobs:
    """The resource `jobs/query`."""

    org: Org
    jobs: BulkJobs
    runner: BulkRunner

    def entries(self) -> list[Entry]:
        return [
            (("POST",), r"jobs/query", self.create),
            (("GET",), r"jobs/query", self.list),
            (("GET",), r"jobs/query/(\w+)", self.show),
            (("PATCH",), r"jobs/query/(\w+)", self.set_state),
            (("DELETE",), r"jobs/query/(\w+)", self.delete),
            (("GET",), r"jobs/query/(\w+)/results", self.results),
        ]

    def create(self, call: Call) -> Reply:
        asked = call.mapping()
        operation = bulk.choice(asked, "operation", OPERATIONS, "")
        soql = str(asked.get("query") or "").strip()
        if not soql:
            raise ApiError("MALFORMED_QUERY", "SOQL statement is empty")
        prepared = prepare(self.org, soql, call.user_id, include_deleted=operation == "queryAll")
        delimiter, line_ending = bulk.shape(asked)
        stamp = self.org.clock.stamp()
        job = BulkJob(
            id=self.jobs.new_id(), kind="query", state="UploadComplete", operation=operation, object=prepared.object,
            user_id=call.user_id, created=stamp, modified=stamp, api_version=call.version, query=soql,
            column_delimiter=delimiter, line_ending=line_ending,
        )  # fmt: skip
        self.jobs.add(job)
        self.runner.wake()
        return Reply(bulk.basic_info(job))

    def list(self, call: Call) -> Reply:
        return bulk.listing(self.jobs, "query", call, _info)

    def show(self, call: Call) -> Reply:
        return Reply(_info(bulk.find(self.jobs, "query", call)))

    def set_state(self, call: Call) -> Reply:
        job = bulk.find(self.jobs, "query", call)
        bulk.choice(call.mapping(), "state", ("Aborted",), "")
        return Reply(bulk.basic_info(bulk.abort(self.jobs, job)))

    def delete(self, call: Call) -> Reply:
        return bulk.delete(self.jobs, bulk.find(self.jobs, "query", call))

    def results(self, call: Call) -> Reply:
        job = bulk.find(self.jobs, "query", call)
        if job.state != "JobComplete":
            # unverified: results of a Bulk query job that is not complete are refused with status 400.
            raise bulk.wrong_state(f"Results of a Job in state {job.state} are not available")
        if float(call.version) != float(job.api_version):
            message = f"The results of this Job are available in API version {job.api_version} only"
            raise ApiError("API_VERSION_MISMATCH", message, status=409)
        first = _row(call.query.get("locator", ""), job)
        page = page_of(self.jobs, job, first, _most(call.query.get("maxRecords", "")))
        after = first + page.rows
        locator = bulk.encoded(str(after)) if after < job.processed else "null"
        headers = {"Sforce-Locator": locator, "Sforce-NumberOfRecords": str(page.rows)}
        return Reply(content=page.content(), headers=headers)


def _info(job: BulkJob) -> bulk.Info:
    info = bulk.basic_info(job) | {
        "jobType": "V2Query",
        "numberRecordsProcessed": job.processed,
        "retries": 0,
        "totalProcessingTime": job.total_ms,
        "isPkChunkingSupported": True,
    }
    return info | ({"errorMessage": job.error} if job.error else {})


def _row(locator: str, job: BulkJob) -> int:
    """The row a locator stands for. Raises ApiError."""
    row = bulk.decoded(locator) or "0"
    if not row.isdecimal() or int(row) > job.processed:
        raise ApiError("INVALID_QUERY_LOCATOR", "invalid query locator")
    return int(row)


def _most(given: str) -> int:
    if not given:
        return PAGE
    if not given.isdecimal() or int(given) == 0:
        raise ApiError("INVALID_QUERY", f"maxRecords must be a positive number, not {given}")
    return int(given)
