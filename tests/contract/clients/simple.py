"""Ways to reach a sandbox with `simple-salesforce`, which wants the vendor's own login host."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce

from connectors.sandbox.background import Served

VERSION = "63.0"


class Redirected(HTTPAdapter):
    """Sends requests for the vendor's login host to the sandbox."""

    def __init__(self, url: str) -> None:
        self.target = url
        super().__init__()

    def send(self, request: Any, *args: Any, **options: Any) -> Any:
        request.url = request.url.replace("https://test.salesforce.com", self.target)
        return super().send(request, *args, **options)


@contextmanager
def session(served: Served) -> Iterator[requests.Session]:
    """A session that logs in at the sandbox where the client asks for the vendor's host."""
    with requests.Session() as made:
        made.mount("https://test.salesforce.com", Redirected(served.url))
        yield made


def error_of(raised: Any) -> dict[str, str]:
    """The first error of a reply."""
    found: dict[str, str] = raised.content[0]
    return found


def log_in(served: Served, password: str, through: requests.Session) -> Any:
    return Salesforce(
        username=served.facts["username"],
        password=password,
        security_token="",
        domain="test",
        version=VERSION,
        session=through,
    )
