"""Ways in: what is sent for each, where, and what the replies mean; and a preflight against documented replies."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connectors.access import MemoryTokens, Token
from connectors.errors import AuthRevoked, BadInput, Unavailable
from connectors.patience import Patience
from connectors.salesforce import Client, Credentials, Salesforce
from connectors.salesforce.credentials import PRODUCTION, SANDBOX
from tests.connectors.salesforce.conftest import CannedOrg

TOKEN = "/services/oauth2/token$"
OBJECTS = "/sobjects/$"
EXPIRED = [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}]


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def pem(key: rsa.RSAPrivateKey) -> str:
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode()


def grant(canned: CannedOrg, token: str, **more: str) -> None:
    canned.on("POST", TOKEN, {"access_token": token, "instance_url": canned.url, "token_type": "Bearer", **more})


def forms(canned: CannedOrg) -> list[dict[str, str]]:
    return [
        {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        for request in canned.seen("POST", TOKEN)
    ]


@pytest.mark.parametrize(
    ("address", "given", "audience"),
    [
        ("https://acme.my.salesforce.com", "", PRODUCTION),
        ("https://acme--uat.sandbox.my.salesforce.com/", "", SANDBOX),
        ("https://test.salesforce.com", "", SANDBOX),
        ("https://acme--uat.sandbox.my.salesforce.com", "https://acme.my.site.com", "https://acme.my.site.com"),
    ],
)
def test_an_assertion_is_meant_for_the_right_login(address: str, given: str, audience: str) -> None:
    made = Credentials(login_url=address, client_id="app", private_key="pem", username="ada", audience=given)
    assert (made.way, made.assertion_audience) == ("jwt", audience)


def test_an_assertion_says_who_and_for_how_long_and_is_signed(canned: CannedOrg, key: rsa.RSAPrivateKey) -> None:
    grant(canned, "00D!one")
    canned.on("GET", OBJECTS, {"sobjects": []})
    canned.open(login_url=canned.url, client_id="app", private_key=pem(key), username="ada@acme.example").kinds()
    (form,) = forms(canned)
    assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    claims = jwt.decode(form["assertion"], key.public_key(), ["RS256"], audience=PRODUCTION)
    assert (claims["iss"], claims["sub"]) == ("app", "ada@acme.example")


def test_a_refresh_token_that_rotates_is_used_once(canned: CannedOrg) -> None:
    grant(canned, "00D!one", refresh_token="second")
    grant(canned, "00D!two")
    grant(canned, "00D!three")
    for status, body in ((401, EXPIRED), (200, {"sobjects": []}), (401, EXPIRED), (200, {"sobjects": []})):
        canned.on("GET", OBJECTS, body, status=status)
    crm = canned.open(login_url=canned.url, client_id="app", refresh_token="first")
    crm.kinds()
    crm.kinds()
    assert [form["refresh_token"] for form in forms(canned)] == ["first", "second", "second"]
    assert all("client_secret" not in form for form in forms(canned))


def test_the_org_may_move_with_a_new_token(canned: CannedOrg) -> None:
    canned.on("POST", TOKEN, {"access_token": "00D!one", "instance_url": f"{canned.url}/"})
    canned.on("GET", OBJECTS, {"sobjects": []})
    login = Credentials(login_url=canned.url, client_id="app", client_secret="s3cret")
    before = Token("00D!old", "http://127.0.0.1:9")
    crm = Salesforce(Client(login, patience=Patience(first_pause=0.01), tokens=MemoryTokens(before)))
    assert crm.record_url("account", "001000000000001AAA").startswith("http://127.0.0.1:9/")
    with pytest.raises(Unavailable):
        crm.kinds()
    here = Salesforce(Client(login, tokens=MemoryTokens(Token("00D!old", canned.url))))
    canned.refused_tokens.add("00D!old")
    assert here.kinds() == {}


@pytest.mark.parametrize(
    ("error", "description", "step"),
    [
        ("invalid_grant", "user hasn't approved this consumer", "pre-authorized"),
        ("invalid_app_access", "user is not admin approved to access this app", "pre-authorized"),
        ("invalid_client_id", "client identifier invalid", "consumer key"),
        ("invalid_grant", "audience is invalid", "--sandbox"),
        ("invalid_grant", "expired access/refresh token", "Log in again"),
        ("something_new", "", "then reconnect"),
    ],
)
def test_a_refused_login_says_what_to_do(canned: CannedOrg, error: str, description: str, step: str) -> None:
    canned.on("POST", TOKEN, {"error": error, "error_description": description}, status=400)
    with pytest.raises(AuthRevoked, match=description or error) as caught:
        canned.open(login_url=canned.url, client_id="app", refresh_token="first").kinds()
    assert step in caught.value.next_step
    assert "first" not in str(caught.value)


def test_a_login_that_fails_for_now_is_no_lost_login(canned: CannedOrg) -> None:
    canned.on("POST", TOKEN, {"error": "unknown_error", "error_description": "retry your request"}, status=400)
    with pytest.raises(Unavailable, match="retry your request"):
        canned.open(login_url=canned.url, client_id="app", client_secret="s3cret").kinds()


def test_a_secret_needs_the_orgs_own_address() -> None:
    with pytest.raises(BadInput, match=r"login\.salesforce\.com gives no token"):
        Credentials(login_url="https://login.salesforce.com", client_id="app", client_secret="s3cret")


def test_what_cannot_be_looked_at_is_said(canned: CannedOrg) -> None:
    hidden: Any = [{"errorCode": "INVALID_TYPE", "message": "sObject type 'FlowDefinitionView' is not supported."}]
    org = {"OrganizationType": "Enterprise Edition", "IsSandbox": False, "InstanceName": "SWE12"}
    canned.on("GET", "FROM\\+Organization", {"records": [org], "done": True})
    canned.on("GET", "FROM\\+FlowDefinitionView", hidden, status=400)
    canned.on("GET", "FROM\\+ValidationRule", hidden, status=400)
    canned.on("GET", "FROM\\+UserPermissionAccess", {"records": [dict.fromkeys(PERMISSIONS, False)], "done": True})
    canned.on("GET", "FROM\\+", {"records": [], "done": True})
    canned.on("GET", OBJECTS, {"sobjects": [{"name": "Account", "queryable": True, "updateable": True}]})
    canned.on("GET", "/services/data/v63.0/$", {"identity": f"{canned.url}/id/00D000000000001/005000000000001"})
    found = canned.open().preflight(["account"], [])
    assert (found.edition, found.is_sandbox) == ("Enterprise Edition", False)
    assert [sentence.partition(" cannot")[0] for sentence in found.unread] == ["Flows", "Validation rules"]
    assert all("View Setup and Configuration" in sentence for sentence in found.unread)
    assert [each.permission for each in found.missing] == [
        "Edit Tasks",
        "API Enabled",
        "View Setup and Configuration",
        "Customize Application",
        "Modify Metadata Through Metadata API Functions",
        "Assign Permission Sets",
    ]


PERMISSIONS = [
    f"Permissions{name}"
    for name in (
        "ApiEnabled", "ViewSetup", "CustomizeApplication", "ModifyMetadata", "ModifyAllData", "AssignPermissionSets",
        "ManageUsers",
    )
]  # fmt: skip
