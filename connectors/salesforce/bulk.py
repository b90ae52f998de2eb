"""Bulk API 2.0: jobs that read or write many records, as requests of one org.

A job outlives the request and the process that made it; its id is all that is needed to go on. Nothing here waits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from connectors.base import BulkState
from connectors.errors import Fatal
from connectors.salesforce.client import Client
from connectors.salesforce.errors import half_reply
from connectors.salesforce.sending import host_of

Kind = Literal["ingest", "query"]
_PHASES: Mapping[str, Literal["open", "busy", "done", "failed"]] = {
    "Open": "open",
    "UploadComplete": "busy",
    "InProgress": "busy",
    "JobComplete": "done",
    "Failed": "failed",
    "Aborted": "failed",
}
_JSON = {"Content-Type": "application/json; charset=UTF-8"}


@dataclass(frozen=True)
class Results:
    """One page of CSV. `locator` is where the next one starts, "" at the end."""

    content: bytes
    rows: int
    locator: str


class Jobs:
    """Bulk jobs of one sort."""

    def __init__(self, client: Client, kind: Kind) -> None:
        self._client = client
        self._kind = kind

    def create(self, body: Mapping[str, str], headers: Mapping[str, str] | None = None) -> str:
        """The id of a new job. An upload starts open, a query starts at once."""
        reply = self._client.http(
            "POST", f"jobs/{self._kind}", data=json.dumps(body).encode(), headers={**_JSON, **(headers or {})}
        )
        return str(self._json(reply.content)["id"])

    def state(self, job: str) -> BulkState:
        """How far a job is; phase "gone" when the org does not know it any more (they are kept seven days)."""
        try:
            reply = self._client.http("GET", f"jobs/{self._kind}/{job}")
        except Fatal as error:
            if error.code in ("NOT_FOUND", "INVALIDJOB"):
                return BulkState("gone", message="Salesforce does not know the job any more.")
            raise
        info = self._json(reply.content)
        return BulkState(
            phase=_PHASES.get(info["state"], "busy"),
            processed=int(info.get("numberRecordsProcessed") or 0),
            failed=int(info.get("numberRecordsFailed") or 0),
            message=str(info.get("errorMessage") or ""),
        )

    def upload(self, job: str, content: bytes) -> None:
        """The rows of a job, once. Raises `Unavailable` when nobody knows whether they arrived."""
        self._client.http(
            "PUT", f"jobs/{self._kind}/{job}/batches", data=content, headers={"Content-Type": "text/csv; charset=UTF-8"}
        )

    def close(self, job: str) -> None:
        """All rows are uploaded: the org may begin."""
        self._set(job, "UploadComplete")

    def abort(self, job: str) -> None:
        self._set(job, "Aborted")

    def _set(self, job: str, state: str) -> None:
        body = json.dumps({"state": state}).encode()
        self._client.http("PATCH", f"jobs/{self._kind}/{job}", data=body, headers=_JSON)

    def results(self, job: str, part: str = "results", *, locator: str = "", page: int = 0) -> Results:
        """A page of what a query found, or all rows of one outcome of an upload."""
        asked = {"maxRecords": str(page)} if page else {}
        if locator:
            asked["locator"] = locator
        reply = self._client.http("GET", f"jobs/{self._kind}/{job}/{part}", params=asked)
        following = reply.headers.get("Sforce-Locator", "null")
        rows = int(reply.headers.get("Sforce-NumberOfRecords") or 0)
        return Results(reply.content, rows, "" if following == "null" else following)

    def _json(self, content: bytes) -> dict[str, Any]:
        try:
            read: dict[str, Any] = json.loads(content)
        except ValueError:
            raise half_reply(host_of(self._client.address)) from None
        return read
