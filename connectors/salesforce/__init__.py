"""Salesforce: reads records, writes our fields back, installs fields. Start with `open_salesforce`."""

from connectors.salesforce.client import Client
from connectors.salesforce.credentials import Credentials
from connectors.salesforce.crm import Salesforce
from connectors.salesforce.settings import SalesforceSettings, open_salesforce

__all__ = ["Client", "Credentials", "Salesforce", "SalesforceSettings", "open_salesforce"]
