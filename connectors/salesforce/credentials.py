"""What is needed to get into one Salesforce org, and which of the ways in it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from connectors.addresses import require_safe
from connectors.errors import BadInput

#: What an org's own address looks like.
EXAMPLE = "https://acme.my.salesforce.com"
PRODUCTION, SANDBOX = "https://login.salesforce.com", "https://test.salesforce.com"
#: Endings of My Domain addresses whose logins test.salesforce.com answers for.
_SANDBOX_HOSTS = (".sandbox.my.salesforce.com", ".scratch.my.salesforce.com")

#: "app": client credentials, as the user the app runs as. "jwt": an assertion signed with a private key. "browser": a
#: person allowed it once, and a refresh token goes on. "password": SOAP login() of old orgs, which Salesforce retires
#: in 2027. "token": a bare access token, good until it expires.
Way = Literal["app", "jwt", "browser", "password", "token"]


@dataclass(frozen=True)
class Credentials:
    """How to get into one org. Addresses are origins such as "https://acme.my.salesforce.com".

    Attributes:
        instance_url: where the org is; needed with `access_token`, else told by the login.
        login_url: where to log in: My Domain, or for "jwt" and "browser" also login or test.salesforce.com.
        private_key: RSA key as PEM, whose certificate the app knows.
        audience: who a signed assertion is meant for; by default told from `login_url`.
    """

    instance_url: str = ""
    login_url: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    audience: str = ""
    refresh_token: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    security_token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        for address in (self.instance_url, self.login_url):
            if address:
                require_safe(address, EXAMPLE)
        if not (self.login_url or self.instance_url):
            raise BadInput(
                "The connection has no address.",
                next_step="Give instance_url or login_url, e.g. https://acme.my.salesforce.com.",
            )
        if self._way is None:
            raise BadInput(
                "The connection has no complete credentials.",
                next_step="Give client_id with client_secret, with private_key and username, or with refresh_token; "
                "or access_token and instance_url; or username and password.",
            )
        if self._way == "app" and self.login_address in (PRODUCTION, SANDBOX):
            raise BadInput(
                f"{urlsplit(self.login_address).netloc} gives no token for a client secret.",
                next_step="Give your org's own address (Setup > My Domain), e.g. https://acme.my.salesforce.com.",
            )

    @property
    def way(self) -> Way:
        assert self._way is not None  # checked when it was made
        return self._way

    @property
    def _way(self) -> Way | None:
        if self.client_id and self.private_key and self.username:
            return "jwt"
        if self.client_id and self.refresh_token:
            return "browser"
        if self.client_id and self.client_secret:
            return "app"
        if self.username and self.password:
            return "password"
        return "token" if self.access_token and self.instance_url else None

    @property
    def login_address(self) -> str:
        return (self.login_url or self.instance_url).rstrip("/")

    @property
    def assertion_audience(self) -> str:
        """Who a signed assertion is meant for: production's or the sandboxes' login, whatever the org's address."""
        if self.audience:
            return self.audience
        return SANDBOX if is_sandbox(self.login_address) else PRODUCTION


def is_sandbox(address: str) -> bool:
    """Whether logins at this address belong to sandboxes, e.g. https://acme--uat.sandbox.my.salesforce.com."""
    host = urlsplit(address).hostname or ""
    return host == urlsplit(SANDBOX).hostname or host.endswith(_SANDBOX_HOSTS)
