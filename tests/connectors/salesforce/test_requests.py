"""Logging in, renewing a token, waiting, and giving up: what happens around every request."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest

from connectors.base import Change
from connectors.errors import AuthRevoked, BadInput, ConnectorError, Fatal, RateLimited, Retryable, Unavailable
from connectors.patience import Patience
from connectors.registry import open_crm
from connectors.salesforce import Client, Credentials, Salesforce

if TYPE_CHECKING:
    from tests.connectors.salesforce.conftest import CannedOrg

TOKEN = "/services/oauth2/token$"
OBJECTS = "/sobjects/$"
EXPIRED = [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}]
SOAP_FAULT = (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope '
    'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:sf="http://soap.sforce.com/2006/04/metadata">'
    "<soapenv:Body><soapenv:Fault><faultcode>sf:INVALID_SESSION_ID</faultcode><faultstring>INVALID_SESSION_ID: "
    "Invalid Session ID found in SessionHeader</faultstring></soapenv:Fault></soapenv:Body></soapenv:Envelope>"
)


def grant(canned: CannedOrg, token: str) -> None:
    reply = {"access_token": token, "instance_url": canned.url, "token_type": "Bearer", "issued_at": "1"}
    canned.on("POST", TOKEN, reply)


def with_app(canned: CannedOrg) -> Salesforce:
    return canned.open(login_url=canned.url, client_id="app", client_secret="s3cret")


def test_client_credentials_are_exchanged_for_a_token(canned: CannedOrg) -> None:
    grant(canned, "00D!one")
    canned.on("GET", OBJECTS, {"sobjects": []})
    crm = with_app(canned)
    crm.kinds()
    form = parse_qs(canned.requests[0].body.decode())
    assert form == {"grant_type": ["client_credentials"], "client_id": ["app"], "client_secret": ["s3cret"]}
    assert canned.requests[1].headers["Authorization"] == "Bearer 00D!one"
    assert crm.api_calls == 1  # the token request does not count against the org's limit


def test_a_refused_token_is_renewed_once_and_the_request_replayed(canned: CannedOrg) -> None:
    grant(canned, "00D!one")
    grant(canned, "00D!two")
    canned.on("GET", OBJECTS, EXPIRED, status=401)
    canned.on("GET", OBJECTS, {"sobjects": []})
    assert with_app(canned).kinds() == {}
    sent = [request.headers["Authorization"] for request in canned.seen("GET", OBJECTS)]
    assert sent == ["Bearer 00D!one", "Bearer 00D!two"]


def test_a_write_refused_for_its_token_is_replayed_too(canned: CannedOrg) -> None:
    grant(canned, "00D!one")
    canned.on("PATCH", "/composite/sobjects$", EXPIRED, status=401)
    canned.on("PATCH", "/composite/sobjects$", [{"id": "001000000000001AAA", "success": True, "errors": []}])
    (result,) = with_app(canned).push("account", [Change("001000000000001AAA", {"Name": "x"})])
    assert result.ok


def test_a_token_refused_twice_asks_for_a_person(canned: CannedOrg) -> None:
    grant(canned, "00D!one")
    canned.on("GET", OBJECTS, EXPIRED, status=401)
    with pytest.raises(AuthRevoked) as caught:
        with_app(canned).kinds()
    assert "Reconnect" in caught.value.next_step
    assert len(canned.seen("GET", OBJECTS)) == 2


def test_a_bare_token_cannot_be_renewed(canned: CannedOrg) -> None:
    canned.on("GET", OBJECTS, EXPIRED, status=401)
    with pytest.raises(AuthRevoked, match="Session expired or invalid"):
        canned.open().kinds()
    assert len(canned.requests) == 1


def test_many_threads_with_one_refused_token_renew_it_once(canned: CannedOrg) -> None:
    grant(canned, "00D!one")
    grant(canned, "00D!two")
    canned.on("GET", OBJECTS, {"sobjects": []})
    crm = with_app(canned)
    crm.kinds()
    canned.refused_tokens.add("00D!one")
    canned.on("GET", "/limits/$", {"DailyApiRequests": {"Max": 10, "Remaining": 9}})
    with ThreadPoolExecutor(4) as pool:
        assert [limits.used for limits in pool.map(lambda _: crm.limits(), range(4))] == [1] * 4
    assert len(canned.seen("POST", TOKEN)) == 2  # the first login and one renewal


def test_a_soap_fault_for_the_session_renews_it_in_the_envelope_too(canned: CannedOrg) -> None:
    grant(canned, "00D!one")
    grant(canned, "00D!two")
    canned.on("POST", "/services/Soap/m/", SOAP_FAULT, status=500, headers={"Content-Type": "text/xml"})
    canned.on("POST", "/services/Soap/m/", "<done/>", headers={"Content-Type": "text/xml"})
    client = Client(Credentials(login_url=canned.url, client_id="app", client_secret="s3cret"))
    assert client.soap(lambda session: f"<call>{session}</call>".encode()) == b"<done/>"
    assert [request.body for request in canned.seen("POST", "/services/Soap/m/")] == [
        b"<call>00D!one</call>",
        b"<call>00D!two</call>",
    ]


def test_a_wrong_secret_is_said_in_one_sentence_without_the_secret(canned: CannedOrg) -> None:
    refusal = {"error": "invalid_client", "error_description": "invalid client credentials"}
    canned.on("POST", TOKEN, refusal, status=400)
    with pytest.raises(AuthRevoked, match="refuses the login: invalid client credentials") as caught:
        with_app(canned).kinds()
    assert caught.value.code == "invalid_client"
    assert "s3cret" not in str(caught.value) + caught.value.next_step


@pytest.mark.parametrize("status", [420, 429, 502, 503, 504])
def test_a_read_is_tried_again_when_the_server_is_busy(canned: CannedOrg, status: int) -> None:
    for _ in range(3):
        canned.on("GET", OBJECTS, [{"errorCode": "SERVER_UNAVAILABLE", "message": "busy"}], status=status)
    canned.on("GET", OBJECTS, {"sobjects": []})
    crm = canned.open()
    assert crm.kinds() == {}
    assert crm.api_calls == 4


def test_a_read_whose_connection_dies_is_tried_again(canned: CannedOrg) -> None:
    canned.on("GET", OBJECTS, dropped=True)
    canned.on("GET", OBJECTS, {"sobjects": []})
    assert canned.open().kinds() == {}


def test_half_a_reply_is_named(canned: CannedOrg) -> None:
    canned.on("GET", OBJECTS, '{"sobjects": [')
    with pytest.raises(Unavailable, match="incomplete"):
        canned.open().kinds()


def test_patience_ends(canned: CannedOrg) -> None:
    canned.on("GET", OBJECTS, [{"errorCode": "SERVER_UNAVAILABLE", "message": "busy"}], status=503)
    with pytest.raises(Unavailable, match="HTTP 503: busy"):
        canned.open().kinds()
    assert len(canned.requests) == Patience().tries


def test_a_server_that_asks_for_a_long_pause_is_left_to_the_caller(canned: CannedOrg) -> None:
    canned.on("GET", OBJECTS, [{"errorCode": "SERVER_UNAVAILABLE"}], status=503, headers={"Retry-After": "600"})
    with pytest.raises(Retryable) as caught:
        canned.open().kinds()
    assert caught.value.after == 600
    assert len(canned.requests) == 1


def test_the_daily_limit_is_not_knocked_at_again(canned: CannedOrg) -> None:
    refusal = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]
    canned.on("GET", OBJECTS, refusal, status=403)
    with pytest.raises(RateLimited, match="TotalRequests Limit exceeded"):
        canned.open().kinds()
    assert len(canned.requests) == 1


def test_a_web_page_in_place_of_data_is_recognised(canned: CannedOrg) -> None:
    canned.on("GET", OBJECTS, "<!DOCTYPE html><title>Maintenance</title>", headers={"Content-Type": "text/html"})
    with pytest.raises(Unavailable, match="web page instead of data"):
        canned.open().kinds()


def test_an_org_that_moved_says_where_to(canned: CannedOrg) -> None:
    canned.on("GET", OBJECTS, status=302, headers={"Location": "https://new.my.salesforce.com/services"})
    with pytest.raises(AuthRevoked, match=r"on to new\.my\.salesforce\.com"):
        canned.open().kinds()


def test_an_address_where_nobody_listens_is_named() -> None:
    crm = Salesforce(
        Client(Credentials(instance_url="http://127.0.0.1:9", access_token="t"), patience=Patience(first_pause=0.01))
    )
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:9 refuses the connection"):
        crm.kinds()


def test_tokens_and_secrets_reach_no_log_and_no_repr(canned: CannedOrg, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    grant(canned, "00D!one")
    canned.on("GET", OBJECTS, EXPIRED, status=401)
    crm = with_app(canned)
    with pytest.raises(ConnectorError):
        crm.kinds()
    credentials = Credentials(login_url=canned.url, client_id="app", client_secret="s3cret", access_token="00D!x")
    seen = caplog.text + repr(credentials)
    assert "00D!" not in seen
    assert "s3cret" not in seen


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "no address"),
        ({"login_url": "http://crm.example.com", "client_id": "a", "client_secret": "b"}, "not an address"),
        ({"login_url": "acme.my.salesforce.com", "client_id": "a", "client_secret": "b"}, "not an address"),
        ({"login_url": "https://acme.my.salesforce.com", "client_id": "a"}, "no complete credentials"),
        ({"login_url": "https://acme.my.salesforce.com", "client_secrt": "hidden"}, "client_secrt"),
    ],
)
def test_unusable_settings_are_refused_in_one_sentence(settings: dict[str, str], words: str) -> None:
    with pytest.raises(BadInput, match=words) as caught:
        open_crm("salesforce", settings)
    assert "hidden" not in str(caught.value)
    assert caught.value.next_step


def test_an_unknown_kind_of_connection_is_refused() -> None:
    with pytest.raises(BadInput, match="cannot connect to 'sugar'"):
        open_crm("sugar", {})


def test_a_refusal_without_explanation_is_fatal(canned: CannedOrg) -> None:
    canned.on("GET", OBJECTS, "", status=418)
    with pytest.raises(Fatal, match="HTTP 418"):
        canned.open().kinds()
