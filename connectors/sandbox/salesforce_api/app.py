"""The Salesforce face of an org: every protocol it speaks, as one application."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from connectors.sandbox.org.bulk_jobs import BulkJobs
from connectors.sandbox.org.bulk_runner import BulkRunner
from connectors.sandbox.org.org import Org
from connectors.sandbox.salesforce_api import (
    actions,
    bulk_one,
    deploy,
    metadata_soap,
    oauth,
    service,
    soap_login,
    tooling,
)
from connectors.sandbox.salesforce_api.bearer import refused
from connectors.sandbox.salesforce_api.bulk_batches import BatchJobs
from connectors.sandbox.salesforce_api.bulk_ingest import IngestJobs
from connectors.sandbox.salesforce_api.bulk_query import QueryJobs
from connectors.sandbox.salesforce_api.calls import MISSING
from connectors.sandbox.salesforce_api.collections import Collections
from connectors.sandbox.salesforce_api.composite import Composite
from connectors.sandbox.salesforce_api.compressed import Unpacked
from connectors.sandbox.salesforce_api.describe import Describe
from connectors.sandbox.salesforce_api.gateway import Gateway
from connectors.sandbox.salesforce_api.passwords import Passwords
from connectors.sandbox.salesforce_api.query import QueryResource
from connectors.sandbox.salesforce_api.relationships import Relationships
from connectors.sandbox.salesforce_api.search import SearchResource
from connectors.sandbox.salesforce_api.service import Service
from connectors.sandbox.salesforce_api.sobjects import Records
from connectors.sandbox.salesforce_api.tree import Trees


def create_app(org: Org) -> Starlette:
    """REST, Bulk, OAuth, SOAP login, Metadata and Tooling API of this org."""
    gateway = Gateway(org)
    jobs = BulkJobs(org.store, org.clock, org.home)
    runner = BulkRunner(org, jobs)
    gateway.add(Service(org, jobs).entries())
    gateway.add(QueryResource(org).entries())
    gateway.add(SearchResource(org).entries())
    gateway.add(Describe(org).entries())
    gateway.add(Passwords(org).entries())
    gateway.add(Relationships(org).entries())
    gateway.add(Records(org).entries())
    gateway.add(Collections(org).entries())
    gateway.add(Composite(gateway).entries())
    gateway.add(Trees(org).entries())
    gateway.add(actions.Actions(org).entries())
    gateway.add(IngestJobs(org, jobs, runner).entries())
    gateway.add(QueryJobs(org, jobs, runner).entries())
    if jobs.waiting():
        runner.wake()
    return Starlette(
        middleware=[Middleware(Unpacked)],
        exception_handlers={404: _unknown, 405: _not_allowed},
        routes=[
            *oauth.routes(org),
            *soap_login.routes(org),
            *metadata_soap.routes(org),
            *deploy.routes(org),
            *tooling.routes(org),
            *bulk_one.routes(BatchJobs(org, jobs)),
            *service.routes(),
            *gateway.routes(),
        ],
    )


def _unknown(request: Request, error: Exception) -> Response:
    return refused("NOT_FOUND", MISSING, 404)


def _not_allowed(request: Request, error: Exception) -> Response:
    return refused("METHOD_NOT_ALLOWED", f"HTTP Method '{request.method}' not allowed", 405)
