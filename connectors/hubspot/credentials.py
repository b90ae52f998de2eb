"""What is needed to get into one HubSpot account, and which of the two ways in it is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from connectors.addresses import require_safe
from connectors.errors import BadInput

#: Where the API answers, and where people log in.
API, APP = "https://api.hubapi.com", "https://app.hubspot.com"
_VERSION = re.compile(r"v3|20\d\d-\d\d")

#: "token": that of a private app or a service key, good until somebody replaces it. "browser": a person installed an
#: app once, and a refresh token goes on.
Way = Literal["token", "browser"]


@dataclass(frozen=True)
class Credentials:
    """How to get into one account.

    Attributes:
        api_url: where the API answers.
        api_version: "v3", or the date of a newer one such as "2026-03".
    """

    api_url: str = API
    api_version: str = "v3"
    access_token: str = field(default="", repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        require_safe(self.api_url, API)
        if not _VERSION.fullmatch(self.api_version):
            raise BadInput(
                f"'{self.api_version}' is no version of HubSpot's API.",
                next_step='Give "v3", or the date of a newer version such as "2026-03".',
            )
        if not (self.access_token or (self.client_id and self.client_secret and self.refresh_token)):
            raise BadInput(
                "The connection has no complete credentials.",
                next_step="Give access_token, or client_id with client_secret and refresh_token.",
            )

    @property
    def way(self) -> Way:
        return "token" if self.access_token else "browser"

    @property
    def address(self) -> str:
        return self.api_url.rstrip("/")
