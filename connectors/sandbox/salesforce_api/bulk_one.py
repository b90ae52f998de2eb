"""`/services/async/{version}/job`: the requests and replies of Bulk API 1.0, in XML and in JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.sandbox.org.bulk_jobs import BulkJob
from connectors.sandbox.org.org import OrgError
from connectors.sandbox.salesforce_api.bearer import bearer_token, usage_told
from connectors.sandbox.salesforce_api.bulk_batches import READING, WRITING, Batch, BatchError, BatchJobs
from connectors.sandbox.salesforce_api.gateway import VERSIONS
from connectors.sandbox.salesforce_api.xmltree import XmlError, from_json, parse, render

NAMESPACE = "http://www.force.com/2009/06/asyncapi/dataload"
#: Clients name the mode or, as JSON allows, its number.
_MODES = {"Parallel": "Parallel", "Serial": "Serial", "0": "Parallel", "1": "Serial"}
_BASE = "/services/async/{version}/job"


@dataclass(frozen=True)
class _Asked:
    request: Request
    body: bytes
    user_id: str

    @property
    def is_json(self) -> bool:
        return "json" in self.request.headers.get("content-type", "").lower()


def routes(batch_jobs: BatchJobs) -> list[Route]:
    face = _Face(batch_jobs)

    async def endpoint(request: Request) -> Response:
        body = await request.body()
        return await run_in_threadpool(face.answer, request, body)

    methods = ["GET", "POST"]
    paths = ("", "/{job}", "/{job}/batch", "/{job}/batch/{batch}", "/{job}/batch/{batch}/{part}",
             "/{job}/batch/{batch}/{part}/{result}")  # fmt: skip
    return [Route(_BASE + path + slash, endpoint, methods=methods) for path in paths for slash in ("", "/")]


@dataclass(frozen=True)
class _Face:
    jobs: BatchJobs

    def answer(self, request: Request, body: bytes) -> Response:
        org = self.jobs.org
        token = request.headers.get("x-sfdc-session", "") or bearer_token(request)
        user_id = org.sessions.user_of(token)
        asked = _Asked(request, body, user_id or "")
        try:
            if user_id is None:
                raise BatchError("InvalidSessionId", "Invalid session id")
            if request.path_params["version"] not in VERSIONS:
                raise BatchError("InvalidVersion", f"Unsupported API version: {request.path_params['version']}")
            if not org.usage.count():
                raise BatchError("ExceededQuota", "TotalRequests Limit exceeded.", 403)
            answer = self._routed(asked)
        # unverified: the HTTP statuses with which Bulk API 1.0 refuses, other than 400 for an ended session.
        except BatchError as refusal:
            told = {"exceptionCode": refusal.code, "exceptionMessage": refusal.message}
            answer = _told("error", told, asked.is_json, refusal.status)
        except OrgError as refusal:
            told = {"exceptionCode": "InvalidEntity", "exceptionMessage": refusal.message}
            answer = _told("error", told, asked.is_json, 400)
        answer.headers["Sforce-Limit-Info"] = usage_told(org)
        return answer

    def _routed(self, asked: _Asked) -> Response:
        path, posted = asked.request.path_params, asked.request.method == "POST"
        if "job" not in path:
            if not posted:
                raise BatchError("InvalidUrl", "A job is created with POST", 405)
            return self._create(asked)
        job = self.jobs.job(path["job"])
        if "batch" not in path:
            if asked.request.url.path.rstrip("/").endswith("/batch"):
                return self._add(asked, job) if posted else self._batches(job)
            return self._told(self.jobs.set_state(job, _state(asked)) if posted else job)
        batch = self.jobs.batch(job, path["batch"])
        if "part" not in path:
            return _told("batchInfo", _info(batch), _in_json(job), 200)
        if path["part"] == "request":
            return _data(job, self.jobs.request_of(batch))
        if path["part"] != "result":
            raise BatchError("InvalidUrl", f"There is no {path['part']} of a batch", 404)
        return self._result(job, batch, path.get("result", ""))

    def _create(self, asked: _Asked) -> Response:
        given = _fields(asked)
        operation, content = str(given.get("operation") or ""), str(given.get("contentType") or "XML").upper()
        if operation not in WRITING + READING:
            raise BatchError("InvalidJob", f"Invalid operation: {operation}")
        if content not in ("CSV", "JSON"):
            raise BatchError("InvalidJob", f"The sandbox takes batches of CSV and JSON, not of {content}")
        definition = self.jobs.org.object(str(given.get("object") or ""))
        key = str(given.get("externalIdFieldName") or "")
        field = definition.find(key) if key else None
        if operation == "upsert" and (field is None or not (field.external_id or field.name == "Id")):
            raise BatchError("InvalidJob", f"The field is no external id of {definition.name}: {key}")
        stamp = self.jobs.org.clock.stamp()
        job = BulkJob(
            id=self.jobs.jobs.new_id(), kind="batches", state="Open", operation=operation, object=definition.name,
            user_id=asked.user_id, created=stamp, modified=stamp, api_version=asked.request.path_params["version"],
            external_id=field.name if field and operation == "upsert" else "",
            assignment_rule=str(given.get("assignmentRuleId") or ""),
            content_type=content, concurrency=_MODES.get(str(given.get("concurrencyMode") or "Parallel"), "Parallel"),
        )  # fmt: skip
        self.jobs.jobs.add(job)
        return self._told(job, 201)

    def _told(self, job: BulkJob, status: int = 200) -> Response:
        failed = sum(batch.state == "Failed" for batch in self.jobs.batches(job))
        return _told("jobInfo", _job(job, failed), _in_json(job), status)

    def _add(self, asked: _Asked, job: BulkJob) -> Response:
        batch = self.jobs.add(job.id, asked.body)
        return _told("batchInfo", {**_info(batch), "state": "Queued", "stateMessage": None}, _in_json(job), 201)

    def _batches(self, job: BulkJob) -> Response:
        listed = [_info(batch) for batch in self.jobs.batches(job)]
        return _told("batchInfoList", {"batchInfo": listed}, _in_json(job), 200)

    def _result(self, job: BulkJob, batch: Batch, result: str) -> Response:
        content = self.jobs.result_of(batch)
        if job.operation in WRITING or result:
            if result and result != batch.result:
                raise BatchError("InvalidBatch", f"Invalid result id: {result}")
            return _data(job, content)
        if _in_json(job):
            return Response(json.dumps([batch.result]), media_type="application/json")
        return _told("result-list", {"result": [batch.result]}, False, 200)


def _in_json(job: BulkJob) -> bool:
    return job.content_type == "JSON"


def _fields(asked: _Asked) -> Mapping[str, Any]:
    try:
        if not asked.is_json:
            return {child.name: child.text.strip() for child in parse(asked.body).children}
        given = json.loads(asked.body)
    except XmlError as error:
        raise BatchError("InvalidXML", str(error)) from None
    except ValueError as error:
        raise BatchError("InvalidJob", f"The body is not JSON: {error}") from None
    if not isinstance(given, dict):
        raise BatchError("InvalidJob", "The body is not a JSON object")
    return given


def _state(asked: _Asked) -> str:
    return str(_fields(asked).get("state") or "")


def _job(job: BulkJob, failed: int) -> dict[str, Any]:
    return {
        "id": job.id, "operation": job.operation, "object": job.object, "createdById": job.user_id,
        "createdDate": job.created, "systemModstamp": job.modified, "state": job.state,
        "externalIdFieldName": job.external_id or None, "concurrencyMode": job.concurrency,
        "contentType": job.content_type, "numberBatchesQueued": 0, "numberBatchesInProgress": 0,
        "numberBatchesCompleted": job.batches - failed, "numberBatchesFailed": failed,
        "numberBatchesTotal": job.batches,
        "numberRecordsProcessed": job.processed, "numberRetries": 0, "apiVersion": float(job.api_version),
        "numberRecordsFailed": job.failed, "totalProcessingTime": 0, "apiActiveProcessingTime": 0,
        "apexProcessingTime": 0,
    }  # fmt: skip


def _info(batch: Batch) -> dict[str, Any]:
    return {
        "id": batch.id, "jobId": batch.job_id, "state": batch.state, "stateMessage": batch.message or None,
        "createdDate": batch.created, "systemModstamp": batch.created, "numberRecordsProcessed": batch.processed,
        "numberRecordsFailed": batch.failed, "totalProcessingTime": 0, "apiActiveProcessingTime": 0,
        "apexProcessingTime": 0,
    }  # fmt: skip


def _data(job: BulkJob, content: bytes) -> Response:
    return Response(content, media_type="application/json" if _in_json(job) else "text/csv")


def _told(name: str, content: Mapping[str, Any], in_json: bool, status: int) -> Response:
    """What is None is absent in XML."""
    if in_json:
        return Response(json.dumps(dict(content)), status, media_type="application/json")
    present = {key: value for key, value in content.items() if value is not None}
    inside = render(from_json(name, present).children)
    document = f'<?xml version="1.0" encoding="UTF-8"?><{name} xmlns="{NAMESPACE}">{inside}</{name}>'
    return Response(document, status, media_type="application/xml")
