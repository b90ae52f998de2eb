"""The HubSpot face of a portal: everything it answers, as one application."""

from __future__ import annotations

from starlette.applications import Starlette

from connectors.sandbox.hubspot_api import oauth
from connectors.sandbox.hubspot_api.account import Account
from connectors.sandbox.hubspot_api.associations import AssociationResources
from connectors.sandbox.hubspot_api.batches import Batches
from connectors.sandbox.hubspot_api.gateway import Gateway
from connectors.sandbox.hubspot_api.objects import Objects
from connectors.sandbox.hubspot_api.old_associations import OldAssociations
from connectors.sandbox.hubspot_api.people import People
from connectors.sandbox.hubspot_api.pipelines import Pipelines
from connectors.sandbox.hubspot_api.properties import Properties
from connectors.sandbox.hubspot_api.schemas import Schemas
from connectors.sandbox.hubspot_api.search import Search
from connectors.sandbox.hubspot_api.webhook_sender import ensure_sender
from connectors.sandbox.hubspot_api.webhooks import WebhookResources
from connectors.sandbox.portal.portal import Portal


def create_app(portal: Portal) -> Starlette:
    """REST API and OAuth of this portal; its webhooks are sent from now on."""
    gateway = Gateway(portal)
    gateway.add(Search(portal).entries())
    gateway.add(Batches(portal).entries())
    gateway.add(Objects(portal).entries())
    gateway.add(Properties(portal).entries())
    gateway.add(People(portal).entries())
    gateway.add(Pipelines(portal).entries())
    gateway.add(AssociationResources(portal).entries())
    gateway.add(OldAssociations(portal).entries())
    gateway.add(Schemas(portal).entries())
    gateway.add(Account(portal).entries())
    gateway.add(WebhookResources(portal).entries())
    ensure_sender(portal)
    return Starlette(routes=[*oauth.routes(portal), *gateway.routes()])
