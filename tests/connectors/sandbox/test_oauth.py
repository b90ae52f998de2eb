"""Logging in: tokens by OAuth and by the old SOAP call, refresh with rotation, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
import requests

from connectors.sandbox.background import Served

TOKEN = "/services/oauth2/token"


def ask(served: Served, form: Mapping[str, str], **options: Any) -> requests.Response:
    return requests.post(served.url + TOKEN, data=form, timeout=30, **options)


def client(served: Served) -> dict[str, str]:
    return {key: served.facts[key] for key in ("client_id", "client_secret")}


def works(served: Served, token: str) -> bool:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{served.url}/services/oauth2/userinfo", headers=headers, timeout=30).status_code == 200


def test_client_credentials_are_taken_from_the_form_or_a_basic_header(served: Served) -> None:
    form = ask(served, {"grant_type": "client_credentials", **client(served)})
    pair = (served.facts["client_id"], served.facts["client_secret"])
    basic = ask(served, {"grant_type": "client_credentials"}, auth=pair)
    for answer in (form, basic):
        content = answer.json()
        assert answer.status_code == 200
        assert content["instance_url"] == served.url
        assert content["token_type"] == "Bearer"
        assert works(served, content["access_token"])


def test_the_instance_url_is_the_host_the_client_used(served: Served) -> None:
    local = served.url.replace("127.0.0.1", "localhost")
    form = {"grant_type": "client_credentials", **client(served)}
    assert requests.post(local + TOKEN, data=form, timeout=30).json()["instance_url"] == local


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": ""}, "invalid_client_id"),
        ({"grant_type": "urn:ietf:params:oauth:grant-type:device"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "invalid_request"),
        ({"grant_type": "password", "username": "nobody@example.com", "password": "x"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "never-issued"}, "invalid_grant"),
    ],
)
def test_a_refused_request_says_why(served: Served, changes: dict[str, str], error: str) -> None:
    answer = ask(served, {"grant_type": "client_credentials", **client(served), **changes})
    assert answer.status_code == 400
    assert answer.json()["error"] == error
    assert answer.json()["error_description"]


def test_a_refresh_token_is_good_once(served: Served) -> None:
    login = {key: served.facts[key] for key in ("username", "password")}
    first = ask(served, {"grant_type": "password", **client(served), **login}).json()["refresh_token"]
    renewed = ask(served, {"grant_type": "refresh_token", **client(served), "refresh_token": first}).json()
    assert works(served, renewed["access_token"])
    again = ask(served, {"grant_type": "refresh_token", **client(served), "refresh_token": first})
    assert again.json()["error"] == "invalid_grant"
    successor = {"grant_type": "refresh_token", **client(served), "refresh_token": renewed["refresh_token"]}
    assert ask(served, successor).status_code == 200


def test_a_revoked_token_is_refused_everywhere(served: Served) -> None:
    token = ask(served, {"grant_type": "client_credentials", **client(served)}).json()["access_token"]
    revoke = f"{served.url}/services/oauth2/revoke"
    assert requests.post(revoke, data={"token": token}, timeout=30).status_code == 200
    assert not works(served, token)
    assert requests.post(revoke, data={"token": token}, timeout=30).status_code == 400


def test_the_identity_resource_names_user_and_org(served: Served) -> None:
    found = served.request("GET", "/services/oauth2/userinfo").json()
    assert found["organization_id"] == served.facts["org_id"]
    assert found["preferred_username"] == served.facts["username"]
    identity = served.session.get(found["sub"], timeout=30).json()
    assert identity["user_id"] == found["user_id"]
    assert identity["urls"]["rest"].endswith("/services/data/v{version}/")
    assert requests.get(found["sub"], timeout=30).status_code == 403


def soap(served: Served, body: str, face: str = "u", version: str = "63.0") -> requests.Response:
    envelope = (
        '<se:Envelope xmlns:se="http://schemas.xmlsoap.org/soap/envelope/"><se:Body>'
        f'{body}</se:Body></se:Envelope>'
    )  # fmt: skip
    address = f"{served.url}/services/Soap/{face}/{version}"
    return requests.post(address, data=envelope.encode(), headers={"Content-Type": "text/xml"}, timeout=30)


def login_body(username: str, password: str) -> str:
    return (
        f'<login xmlns="urn:partner.soap.sforce.com"><username>{username}</username>'
        f"<password>{password}</password></login>"
    )


@pytest.mark.parametrize("face", ["u", "c"])
def test_soap_login_gives_a_session(served: Served, face: str) -> None:
    answer = soap(served, login_body(served.facts["username"], served.facts["password"]), face)
    assert answer.status_code == 200
    token = re.search(r"<sessionId>([^<]+)</sessionId>", answer.text)
    assert token
    assert works(served, token[1])
    assert f"<serverUrl>{served.url}/services/Soap/{face}/63.0/" in answer.text


def test_soap_login_with_a_wrong_password_is_a_fault(served: Served) -> None:
    answer = soap(served, login_body(served.facts["username"], "wrong"))
    assert answer.status_code == 500
    assert "<faultcode>sf:INVALID_LOGIN</faultcode>" in answer.text
    assert "<sf:exceptionCode>INVALID_LOGIN</sf:exceptionCode>" in answer.text


def test_soap_login_is_gone_from_api_65_on(served: Served) -> None:
    body = login_body(served.facts["username"], served.facts["password"])
    assert "UNSUPPORTED_API_VERSION" in soap(served, body, version="65.0").text


def test_a_document_type_definition_is_refused(served: Served) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaa">]>' + login_body("&a;", "x")
    answer = requests.post(f"{served.url}/services/Soap/u/63.0", data=bomb, timeout=30)
    assert answer.status_code == 500
    assert "document type definition" in answer.text
