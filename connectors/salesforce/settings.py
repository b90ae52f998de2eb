"""The settings of a Salesforce connection, as a person types them or a store keeps them."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from connectors import settings as settings_of
from connectors.access import TokenStore
from connectors.base import Budget
from connectors.salesforce.client import API_VERSION, Client
from connectors.salesforce.credentials import Credentials
from connectors.salesforce.crm import Salesforce


class SalesforceSettings(BaseModel):
    """Settings of one org. Complete sets: `login_url` + `client_id` with `client_secret`, with `private_key` +
    `username`, or with `refresh_token` (+ `client_secret`); `instance_url` + `access_token`; `login_url` + `username`
    + `password` (+ `security_token`).

    Attributes:
        login_url: the org's My Domain address, e.g. "https://acme.my.salesforce.com".
        instance_url: where the org is, for a bare access token.
        client_id: consumer key of the External Client App or connected app.
        audience: of signed assertions, if it is neither login nor test.salesforce.com.
        api_version: e.g. "63.0".
    """

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True)

    login_url: str = ""
    instance_url: str = ""
    client_id: str = ""
    client_secret: str = ""
    private_key: str = ""
    audience: str = ""
    refresh_token: str = ""
    access_token: str = ""
    username: str = ""
    password: str = ""
    security_token: str = ""
    api_version: str = API_VERSION


def open_salesforce(
    settings: Mapping[str, str], budget: Budget | None = None, tokens: TokenStore | None = None
) -> Salesforce:
    """The org that the settings name; nothing is sent yet. Raises `BadInput` for unusable settings."""
    read = settings_of.read(SalesforceSettings, "Salesforce", settings)
    credentials = Credentials(**read.model_dump(exclude={"api_version"}))
    return Salesforce(Client(credentials, version=read.api_version, budget=budget, tokens=tokens))
