"""What a client asks first: versions, resources of a version, limits."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.sandbox.org.bulk_jobs import BulkJobs
from connectors.sandbox.org.org import Org
from connectors.sandbox.salesforce_api.calls import Call, Entry, Reply
from connectors.sandbox.salesforce_api.gateway import VERSIONS

_RESOURCES = (
    "tooling", "metadata", "composite", "query", "queryAll", "search", "parameterizedSearch", "sobjects", "limits",
    "recent", "jobs", "actions",
)  # fmt: skip
#: Limits that the sandbox reports and does not enforce: name -> maximum.
_UNENFORCED = {
    "DailyAsyncApexExecutions": 250_000,
    "DataStorageMB": 1024,
    "FileStorageMB": 1024,
}


#: The same for Bulk jobs; what is used of them is counted.
_BATCHES, _QUERY_JOBS = 15_000, 10_000


@dataclass(frozen=True)
class Service:
    """The root of a version, and its limits."""

    org: Org
    jobs: BulkJobs

    def entries(self) -> list[Entry]:
        return [
            (("GET",), r"", self.root),
            (("GET",), r"limits", self.limits),
            (("GET",), r"limits/recordCount", self.counts),
            (("GET",), r"recent", self.recent),
        ]

    def root(self, call: Call) -> Reply:
        resources = {name: f"{call.root}/{name}" for name in _RESOURCES}
        return Reply({**resources, "identity": f"{call.base}/id/{self.org.org_id}/{call.user_id}"})

    def recent(self, call: Call) -> Reply:
        """What the user looked at last. Records that programs read or write are not among it."""
        return Reply([])

    def counts(self, call: Call) -> Reply:
        """Records per object, as of now: the service may be a while behind."""
        asked = {name.strip().lower() for name in call.query.get("sObjects", "").split(",") if name.strip()}
        grants = self.org.access.grants(call.user_id)
        counted = [
            {"count": self.org.query(f"SELECT COUNT() FROM {name}").total, "name": name}
            for name, definition in self.org.objects().items()
            if (name.lower() in asked or not asked) and "allowRead" in grants.on(definition)
        ]
        return Reply({"sObjects": counted if asked else [each for each in counted if each["count"]]})

    def limits(self, call: Call) -> Reply:
        used, most = self.org.usage.used(), self.org.usage.limit
        batches, queries = self.jobs.used_today()
        counted = {
            "DailyApiRequests": _left(most, used),
            "DailyBulkApiBatches": _left(_BATCHES, batches),
            "DailyBulkV2QueryJobs": _left(_QUERY_JOBS, queries),
        }
        return Reply({**counted, **{name: _left(value, 0) for name, value in _UNENFORCED.items()}})


def _left(most: int, used: int) -> dict[str, int]:
    return {"Max": most, "Remaining": max(0, most - used)}


def _season(version: str) -> str:
    """Release names: 60.0 is Spring '24, and there are three a year."""
    steps = int(float(version)) - 60
    return f"{('Spring', 'Summer', 'Winter')[steps % 3]} '{24 + (steps + (steps % 3 == 2)) // 3:02d}"


async def _versions(request: Request) -> Response:
    listed = [
        {"label": _season(version), "url": f"/services/data/v{version}", "version": version} for version in VERSIONS
    ]
    return JSONResponse(listed)


def routes() -> list[Route]:
    """The list of versions needs no token."""
    return [Route(f"/services/data{slash}", _versions, methods=["GET"]) for slash in ("", "/")]
