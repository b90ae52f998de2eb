"""Installing our app in a HubSpot account by a browser: the page of the sandbox, a token that goes on, and its end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from connectors import registry
from connectors.access import MemoryTokens
from connectors.errors import AuthRevoked
from connectors.sandbox.background import ServedPortal, serving_portal
from connectors.sandbox.portal.portal import Portal

BACK = "http://localhost:8717/callback"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[ServedPortal]:
    with Portal.open(tmp_path) as portal, serving_portal(portal) as served:
        yield served


def decided(hub: ServedPortal, page: str, answer: str) -> dict[str, str]:
    """What the browser brings back once a person has decided on the page."""
    asked = dict(parse_qsl(urlsplit(page).query))
    person = {"email": hub.facts["email"], "password": hub.facts["password"], "approve": answer}
    reply = requests.post(page.partition("?")[0], data={**asked, **person}, allow_redirects=False, timeout=10)
    assert reply.status_code == 302, reply.text
    return dict(parse_qsl(urlsplit(reply.headers["Location"]).query))


def test_an_installed_app_goes_on_by_itself_until_it_is_uninstalled(hub: ServedPortal) -> None:
    app = {"api_url": hub.url, "client_id": hub.facts["client_id"], "client_secret": hub.facts["client_secret"]}
    login = registry.begin_browser_login("hubspot", app, BACK)
    token = login.finish(decided(hub, login.address, "yes"))
    kept = MemoryTokens(token)
    crm = registry.open_crm("hubspot", {**app, "refresh_token": token.refresh}, tokens=kept)
    assert crm.identity().user_id == str(hub.portal.admin.id)
    hub.portal.apps.end(token.access)
    assert crm.limits().allowed > 0
    renewed = kept.current()
    assert renewed is not None
    assert renewed.access != token.access
    hub.portal.apps.end(token.refresh)
    hub.portal.apps.end(renewed.access)
    with pytest.raises(AuthRevoked) as caught:
        crm.describe("account")
    assert "Log in again" in caught.value.next_step


def test_a_person_may_say_no(hub: ServedPortal) -> None:
    app = {"api_url": hub.url, "client_id": hub.facts["client_id"], "client_secret": hub.facts["client_secret"]}
    login = registry.begin_browser_login("hubspot", app, BACK)
    with pytest.raises(AuthRevoked, match="denied"):
        login.finish(decided(hub, login.address, "no"))
