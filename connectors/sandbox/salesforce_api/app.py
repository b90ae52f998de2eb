"""The Salesforce face of an org: every protocol it speaks, as one application."""

from __future__ import annotations

from starlette.applications import Starlette

from connectors.sandbox.org.org import Org
from connectors.sandbox.salesforce_api import deploy, metadata_soap, oauth, service, soap_login, tooling
from connectors.sandbox.salesforce_api.collections import Collections
from connectors.sandbox.salesforce_api.composite import Composite
from connectors.sandbox.salesforce_api.describe import Describe
from connectors.sandbox.salesforce_api.gateway import Gateway
from connectors.sandbox.salesforce_api.query import QueryResource
from connectors.sandbox.salesforce_api.service import Service
from connectors.sandbox.salesforce_api.sobjects import Records


def create_app(org: Org) -> Starlette:
    """REST, OAuth, SOAP login, Metadata and Tooling API of this org."""
    gateway = Gateway(org)
    gateway.add(Service(org).entries())
    gateway.add(QueryResource(org).entries())
    gateway.add(Describe(org).entries())
    gateway.add(Records(org).entries())
    gateway.add(Collections(org).entries())
    gateway.add(Composite(gateway).entries())
    return Starlette(
        routes=[
            *oauth.routes(org),
            *soap_login.routes(org),
            *metadata_soap.routes(org),
            *deploy.routes(org),
            *tooling.routes(org),
            *service.routes(),
            *gateway.routes(),
        ]
    )
