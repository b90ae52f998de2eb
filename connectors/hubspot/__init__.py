"""HubSpot: reads records, writes our properties back, installs them. Start with `open_hubspot`."""

from connectors.hubspot.client import Client
from connectors.hubspot.credentials import Credentials
from connectors.hubspot.crm import Hubspot
from connectors.hubspot.settings import HubspotSettings, open_hubspot

__all__ = ["Client", "Credentials", "Hubspot", "HubspotSettings", "open_hubspot"]
