"""Logging in to a portal the OAuth way: the page, the code, tokens that end, and one that refreshes them for good."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from connectors.sandbox.background import ServedPortal
from connectors.sandbox.portal.standard import OBJECT_TYPES

BACK = "http://localhost:9/back"


def asked(hub: ServedPortal, **more: str) -> dict[str, str]:
    scope = "oauth crm.objects.companies.read"
    return {"client_id": hub.facts["client_id"], "redirect_uri": BACK, "scope": scope, "state": "s1", **more}


def decided(hub: ServedPortal, **more: str) -> requests.Response:
    login = {"email": hub.facts["email"], "password": hub.facts["password"], "approve": "yes"}
    form = asked(hub, **{**login, **more})
    return requests.post(f"{hub.url}/oauth/authorize", data=form, timeout=30, allow_redirects=False)


def token(hub: ServedPortal, **form: str) -> requests.Response:
    known = {"client_id": hub.facts["client_id"], "client_secret": hub.facts["client_secret"]}
    return requests.post(f"{hub.url}/oauth/v1/token", data={**known, **form}, timeout=30)


def test_a_user_lets_the_app_in_and_it_stays_in(hub: ServedPortal) -> None:
    shown = requests.get(f"{hub.url}/oauth/authorize", params=asked(hub), timeout=30)
    assert "crm.objects.companies.read" in shown.text
    back = urlsplit(decided(hub).headers["location"])
    answer = parse_qs(back.query)
    assert answer["state"] == ["s1"]
    code = {"grant_type": "authorization_code", "code": answer["code"][0], "redirect_uri": BACK}
    granted = token(hub, **code).json()
    assert (granted["token_type"], granted["expires_in"]) == ("bearer", 1800)
    assert token(hub, **code).json()["status"] == "BAD_AUTH_CODE"  # good once
    bearer = {"Authorization": f"Bearer {granted['access_token']}"}
    assert hub.request("GET", "/crm/v3/objects/companies", headers=bearer).status_code == 200
    assert hub.request("GET", "/crm/v3/objects/deals", headers=bearer).status_code == 403
    info = requests.get(f"{hub.url}/oauth/v1/access-tokens/{granted['access_token']}", timeout=30).json()
    assert (info["user"], info["hub_id"]) == ("admin@example.com", hub.portal.portal_id)
    hub.portal.apps.end(granted["access_token"])
    assert hub.request("GET", "/crm/v3/objects/companies", headers=bearer).status_code == 401
    refresh = {"grant_type": "refresh_token", "refresh_token": granted["refresh_token"]}
    again = [token(hub, **refresh).json() for _ in range(2)]
    assert {each["refresh_token"] for each in again} == {granted["refresh_token"]}
    hub.portal.apps.end(granted["refresh_token"])
    assert token(hub, **refresh).json()["status"] == "BAD_REFRESH_TOKEN"


def test_the_page_sends_nobody_astray(hub: ServedPortal) -> None:
    denied = parse_qs(urlsplit(decided(hub, approve="no").headers["location"]).query)
    assert denied["error"] == ["access_denied"]
    assert decided(hub, password="wrong").status_code == 401
    hub.portal.owners.add("seller@example.com", "S", "Eller")
    assert "super admin" in decided(hub, email="seller@example.com").text
    for wrong in ({"client_id": "other"}, {"redirect_uri": "https://evil.example/"}, {"scope": "nonsense"}):
        answer = requests.get(
            f"{hub.url}/oauth/authorize", params=asked(hub, **wrong), timeout=30, allow_redirects=False
        )
        assert answer.status_code == 400
    assert token(hub, client_secret="wrong", grant_type="refresh_token").status_code == 400


@pytest.mark.parametrize("path", ["/oauth/v2/private-apps/get/access-token-info"])
def test_a_private_app_learns_who_it_is(hub: ServedPortal, path: str) -> None:
    info = hub.request("POST", path, json={"tokenKey": hub.facts["access_token"]}).json()
    assert (info["hubId"], info["userId"]) == (hub.portal.portal_id, hub.portal.admin.user_id)
    assert "crm.objects.companies.write" in info["scopes"]


def test_a_person_can_be_forgotten(hub: ServedPortal) -> None:
    (person,) = hub.portal.create(OBJECT_TYPES["contacts"], [{"email": "gone@example.com"}])
    body = {"objectId": "gone@example.com", "idProperty": "email"}
    assert hub.request("POST", "/crm/v3/objects/contacts/gdpr-delete", json=body).status_code == 204
    assert hub.request("GET", f"/crm/v3/objects/contacts/{person}?archived=true").status_code == 404
