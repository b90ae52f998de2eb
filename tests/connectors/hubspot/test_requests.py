"""Requests to HubSpot: who may send them, how often, and what becomes of those that fail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import pytest

from connectors.access import MemoryTokens, Token
from connectors.base import Change, Limits, Pace
from connectors.errors import AuthRevoked, BadInput, Fatal, MissingScope, RateLimited, Unavailable
from connectors.hubspot import Client, Credentials, Hubspot, oauth, open_hubspot
from connectors.patience import Patience
from tests.connectors.hubspot.conftest import Reply

if TYPE_CHECKING:
    from tests.connectors.hubspot.conftest import CannedAccount, Request

DETAILS = {
    "portalId": 4711, "accountType": "STANDARD", "timeZone": "Europe/Helsinki", "companyCurrency": "EUR",
    "uiDomain": "app-eu1.hubspot.com", "dataHostingLocation": "eu1",
}  # fmt: skip
NAME = {"name": "name", "label": "Name", "type": "string", "fieldType": "text", "hubspotDefined": True}
SECONDLY = {
    "status": "error", "message": "You have reached your ten_secondly_rolling limit.", "errorType": "RATE_LIMIT",
    "policyName": "TEN_SECONDLY_ROLLING",
}  # fmt: skip
DAILY = {**SECONDLY, "message": "You have reached your daily limit.", "policyName": "DAILY"}
BATCH = r"/crm/v3/objects/companies/batch/update$"
CHANGE = [Change("101", {"name": "new"})]


@pytest.fixture
def companies(canned: CannedAccount) -> CannedAccount:
    canned.has("companies", NAME)
    canned.on("GET", "/account-info/v3/details", DETAILS)
    canned.on(
        "POST",
        "/oauth/v2/private-apps/get/access-token-info",
        {"userId": 9, "hubId": 4711, "appId": 77, "scopes": ["crm.objects.companies.read"]},
    )
    return canned


class Noted:
    """A budget that lets everything through and remembers."""

    def __init__(self) -> None:
        self.paces: list[list[Pace]] = []
        self.seen: list[Limits] = []

    @contextmanager
    def call(self, paces: Sequence[Pace] = ()) -> Iterator[None]:
        self.paces.append(list(paces))
        yield

    def observe(self, limits: Limits) -> None:
        self.seen.append(limits)


def test_the_account_says_who_and_where_it_is(companies: CannedAccount) -> None:
    crm = companies.open()
    assert crm.server_time() is None
    me = crm.identity()
    assert (me.org_id, me.user_id, me.user_name) == ("4711", "9", "app 77")
    assert me.instance_url == "https://app-eu1.hubspot.com/contacts/4711"
    assert crm.record_url("account", "101") == f"{me.instance_url}/record/0-2/101"
    assert crm.server_time() is not None
    assert crm.limits() == Limits(used=1000, allowed=625_000)
    assert crm.api_calls == len(companies.requests) == 3
    assert not any("pat-first" in each.path for each in companies.requests)


def test_we_are_the_owner_that_the_user_is(companies: CannedAccount) -> None:
    owner = {
        "id": "31",
        "firstName": "Aino",
        "lastName": "Berg",
        "email": "aino@x.fi",
        "updatedAt": "2026-01-01T00:00:00Z",
    }
    companies.on("GET", r"/crm/v3/owners/9\?idProperty=userId", owner)
    me = companies.open().identity()
    assert (me.user_id, me.user_name, me.user_email) == ("31", "Aino Berg", "aino@x.fi")


def test_each_request_is_counted_in_the_pace_that_the_account_told(companies: CannedAccount) -> None:
    noted = Noted()
    crm = companies.open(budget=noted)
    crm.describe("account")
    companies.on("POST", "/companies/search", {"total": 3, "results": []})
    assert crm.holders("account", "name", "x") == 3
    assert noted.paces == [
        [Pace("all", 100, 10.0)],
        [Pace("all", 190, 10.0), Pace("search", 5, 1.0)],
    ]
    assert noted.seen[-1] == Limits(used=1000, allowed=625_000)


@pytest.mark.parametrize("version", ["v3", "2026-03"])
def test_the_version_is_part_of_every_address(canned: CannedAccount, version: str) -> None:
    dated = version != "v3"
    crm = Hubspot(Client(Credentials(api_url=canned.url, access_token="t", api_version=version)))
    canned.on("GET", f"/crm/properties/{version}/" if dated else "/crm/v3/properties/", {"results": [NAME]})
    canned.on("GET", f"/account-info/{version}/details", DETAILS)
    canned.on("POST", "/access-token-info", {"userId": 9})
    canned.on("POST", "/companies/batch/read", {"results": [{"id": "1", "properties": {"name": "A"}}]})
    assert crm.identity().org_id == "4711"
    assert crm.fetch("account", ["1"], ["name"]) == {"1": {"name": "A"}}
    assert canned.seen("POST", f"^/crm/objects/{version}/companies" if dated else "^/crm/v3/objects/companies")


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_read_is_tried_again_when_the_server_is_busy(companies: CannedAccount, status: int) -> None:
    busy = Reply(SECONDLY if status == 429 else {"message": "busy"}, status)
    companies.on("POST", "/companies/search", busy, busy, {"total": 1, "results": []})
    assert companies.open().holders("account", "name", "x") == 1


def test_the_limit_of_the_day_is_a_pause_and_no_retry(companies: CannedAccount) -> None:
    companies.on("POST", "/companies/search", DAILY, status=429)
    with pytest.raises(RateLimited, match="today") as caught:
        companies.open().holders("account", "name", "x")
    assert caught.value.after
    assert len(companies.seen("POST", "/search")) == 1


@pytest.mark.parametrize(
    "reply", [Reply(dropped=True), Reply({"message": "busy"}, 503), Reply(b'{"results": [{"id"', 200), Reply({}, 200)]
)
def test_a_write_in_doubt_is_sent_once(companies: CannedAccount, reply: Reply) -> None:
    companies.on("POST", BATCH, reply)
    with pytest.raises(Unavailable) as caught:
        companies.open().push("account", CHANGE)
    assert caught.value.code in ("NO_ANSWER", "503", "BAD_REPLY")
    assert len(companies.seen("POST", BATCH)) == 1


def test_a_page_instead_of_data_is_told(companies: CannedAccount) -> None:
    page = Reply(b"<!DOCTYPE html><title>Sign in</title>", 200, {"Content-Type": "text/html"})
    companies.on("POST", BATCH, page)
    with pytest.raises(Unavailable, match="web page"):
        companies.open().push("account", CHANGE)


def test_a_missing_scope_is_named(companies: CannedAccount) -> None:
    body = {
        "status": "error",
        "message": "This app hasn't been granted all required scopes to make this call.",
        "category": "MISSING_SCOPES",
        "errors": [
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": ["crm.objects.companies.write"]},
            }
        ],
    }
    companies.on("POST", BATCH, body, status=403)
    with pytest.raises(MissingScope, match=r"crm\.objects\.companies\.write") as caught:
        companies.open().push("account", CHANGE)
    assert "crm.objects.companies.write" in caught.value.next_step


def test_a_private_apps_token_that_is_refused_asks_for_a_person(companies: CannedAccount) -> None:
    companies.refused_tokens.add("pat-first")
    crm = companies.open()
    with pytest.raises(AuthRevoked, match="credentials") as caught:
        crm.identity()
    assert "Reconnect" in caught.value.next_step
    assert len(companies.requests) == 1
    assert "pat-first" not in f"{caught.value!r}{crm._client.credentials!r}"


APP = {"client_id": "app", "client_secret": "s3cret", "refresh_token": "r1"}


def grants(request: Request) -> Reply:
    form = dict(parse_qsl(request.body.decode()))
    assert form["client_secret"] == "s3cret"
    assert "s3cret" not in request.path
    if form.get("refresh_token") == "gone":
        return Reply({"status": "BAD_REFRESH_TOKEN", "message": "missing or unknown refresh token"}, 400)
    return Reply({"access_token": "a2", "refresh_token": form.get("refresh_token", "r1"), "expires_in": 1800})


def test_an_apps_token_is_renewed_and_the_request_replayed(companies: CannedAccount) -> None:
    companies.on("POST", "/oauth/v3/token$", grants)
    companies.on("POST", BATCH, {"status": "COMPLETE", "results": [{"id": "101", "properties": {}}]})
    companies.refused_tokens.add("a1")
    kept = MemoryTokens()
    crm = companies.open(APP, tokens=kept)
    kept.renew("", lambda _: Token("a1", companies.url, "r1"))
    assert crm.push("account", CHANGE)[0].ok
    assert len(companies.seen("POST", BATCH)) == 2
    assert (current := kept.current())
    assert (current.access, current.refresh) == ("a2", "r1")


def test_an_app_that_was_uninstalled_asks_for_a_person(companies: CannedAccount) -> None:
    companies.on("POST", "/oauth/v3/token$", grants)
    crm = companies.open({**APP, "refresh_token": "gone"})
    with pytest.raises(AuthRevoked, match="refuses the login") as caught:
        crm.identity()
    assert "Log in again" in caught.value.next_step


def test_a_person_installs_the_app_in_a_browser(companies: CannedAccount) -> None:
    companies.on("POST", "/oauth/v3/token$", grants)
    settings = {"api_url": companies.url, "app_url": "https://app-eu1.hubspot.com", **APP}
    begun = oauth.begin(settings, "http://localhost:8717/callback")
    asked = dict(parse_qsl(begun.address.partition("?")[2]))
    assert begun.address.startswith("https://app-eu1.hubspot.com/oauth/authorize?")
    assert asked["redirect_uri"] == "http://localhost:8717/callback"
    assert {"crm.objects.companies.write", "oauth"} <= set(asked["scope"].split())
    assert "s3cret" not in begun.address
    token = begun.finish({"code": "c", "state": asked["state"]})
    assert (token.access, token.refresh, token.address) == ("a2", "r1", companies.url)
    (sent,) = companies.seen("POST", "/oauth/v3/token$")
    form = dict(parse_qsl(sent.body.decode()))
    assert (form["code"], form["grant_type"]) == ("c", "authorization_code")
    assert form["code_verifier"] == begun.verifier
    with pytest.raises(Fatal, match="state"):
        begun.finish({"code": "c", "state": "another"})
    with pytest.raises(AuthRevoked, match="denied"):
        begun.finish({"error": "access_denied", "error_description": "denied by the user", "state": asked["state"]})


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "no complete credentials"),
        ({"access_token": "t", "api_url": "http://api.hubapi.com"}, "not an address credentials"),
        ({"access_token": "t", "api_version": "v9"}, "no version"),
        ({"access_token": "t", "colour": "red"}, "colour"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, str], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        open_hubspot(settings)


def test_an_address_nobody_answers_at_is_told() -> None:
    crm = Hubspot(Client(Credentials(api_url="http://127.0.0.1:9", access_token="t"), patience=Patience(1)))
    with pytest.raises(Unavailable, match="refuses the connection"):
        crm.identity()
