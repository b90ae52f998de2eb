"""The settings of a HubSpot connection, as a person types them or a store keeps them."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from connectors import settings as settings_of
from connectors.access import TokenStore
from connectors.base import Budget
from connectors.hubspot.client import Client
from connectors.hubspot.credentials import API, Credentials
from connectors.hubspot.crm import Hubspot


class HubspotSettings(BaseModel):
    """Settings of one account. Complete sets: `access_token`, or `client_id`, `client_secret` and `refresh_token`.

    Attributes:
        api_url: where the API answers.
        app_url: where people log in and see records; told by HubSpot where it is empty.
        api_version: "v3", or the date of a newer version such as "2026-03".
        client_secret: of the app; beside an access token it proves that webhooks come from HubSpot.
    """

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True)

    api_url: str = API
    app_url: str = ""
    api_version: str = "v3"
    access_token: str = ""
    client_id: str = ""
    client_secret: str = ""
    refresh_token: str = ""


def open_hubspot(
    settings: Mapping[str, str], budget: Budget | None = None, tokens: TokenStore | None = None
) -> Hubspot:
    """The account that the settings name; nothing is sent yet. Raises `BadInput` for unusable settings."""
    read = settings_of.read(HubspotSettings, "HubSpot", settings)
    credentials = Credentials(**read.model_dump(exclude={"app_url"}))
    return Hubspot(Client(credentials, budget=budget, tokens=tokens), app_url=read.app_url)
