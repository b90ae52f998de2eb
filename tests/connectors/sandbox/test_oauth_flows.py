"""The flows by which real apps log in: signed assertions, the page that lets an app in, and the org's policy."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from connectors.sandbox.background import Served
from connectors.sandbox.org.org import Org

JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUTHORIZE, TOKEN = "/services/oauth2/authorize", "/services/oauth2/token"
BACK = "http://127.0.0.1:9/callback?keep=1"
OTHER = "rob@sandbox.invalid"


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="module", autouse=True)
def registered(org: Org, key: rsa.RSAPrivateKey) -> None:
    """The client's certificate, and a second user with a password."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, form)
    org.sessions.register_certificate(org.credentials().client_id, pem.decode())
    add_user(org, OTHER)


def add_user(org: Org, name: str) -> None:
    """With the password "secret"."""
    profile = org.query("SELECT Id FROM Profile LIMIT 1").records[0]["Id"]
    row = {"Username": name, "LastName": "Rob", "Email": name, "Alias": "rob", "ProfileId": profile, "IsActive": True}
    (outcome,) = org.insert("User", [row])
    org.sessions.set_password(name, str(outcome.id), "secret")


@pytest.fixture(autouse=True)
def no_policy_left(org: Org) -> Iterator[None]:
    yield
    org.set_setting("client_policy", None)
    org.set_setting("client_user", None)


def ask(served: Served, **form: str) -> requests.Response:
    return requests.post(served.url + TOKEN, data=form, timeout=30)


def client(served: Served) -> dict[str, str]:
    return {name: served.facts[name] for name in ("client_id", "client_secret")}


def user_of(served: Served, answer: requests.Response) -> str:
    assert answer.status_code == 200, answer.text
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    found = requests.get(f"{served.url}/services/oauth2/userinfo", headers=headers, timeout=30)
    return str(found.json()["preferred_username"])


def said(answer: requests.Response) -> tuple[str, str]:
    assert answer.status_code == 400
    return answer.json()["error"], answer.json()["error_description"]


# --- signed assertions ---------------------------------------------------------------------------


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def assertion(served: Served, key: rsa.RSAPrivateKey, algorithm: str = "RS256", **changes: Any) -> str:
    claims = {
        "iss": served.facts["client_id"],
        "aud": "https://login.salesforce.com",
        "sub": served.facts["username"],
        "exp": int(time.time()) + 180,
        **changes,
    }
    signed = f"{encoded(json.dumps({'alg': algorithm}).encode())}.{encoded(json.dumps(claims).encode())}"
    return f"{signed}.{encoded(key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def approved(served: Served, org: Org, *usernames: str) -> None:
    org.set_setting("client_policy", {"permitted_users": "admin_approved", "approved_users": usernames})


@pytest.mark.parametrize("audience", ["https://login.salesforce.com", "https://test.salesforce.com/", "own"])
def test_an_approved_user_needs_no_secret_but_a_signature(
    served: Served, org: Org, key: rsa.RSAPrivateKey, audience: str
) -> None:
    approved(served, org, served.facts["username"])
    signed = assertion(served, key, aud=served.url if audience == "own" else audience)
    answer = ask(served, grant_type=JWT, assertion=signed)
    assert user_of(served, answer) == served.facts["username"]
    assert "refresh_token" not in answer.json()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"iss": "nobody"}, ("invalid_client_id", "client identifier invalid")),
        ({"aud": "https://example.com"}, ("invalid_grant", "audience is invalid")),
        ({"exp": 1}, ("invalid_grant", "expired authorization code")),
        ({"exp": time.time() + 86_400}, ("invalid_grant", "invalid assertion")),
        ({"exp": "soon"}, ("invalid_grant", "invalid assertion")),
        ({"algorithm": "HS256"}, ("invalid_grant", "invalid assertion")),
        ({"sub": "nobody@example.com"}, ("invalid_grant", "user hasn't approved this consumer")),
        ({"sub": OTHER}, ("invalid_app_access", "user is not admin approved to access this app")),
    ],
)
def test_a_wrong_assertion_is_refused(
    served: Served, org: Org, key: rsa.RSAPrivateKey, changes: dict[str, Any], error: tuple[str, str]
) -> None:
    approved(served, org, served.facts["username"])
    assert said(ask(served, grant_type=JWT, assertion=assertion(served, key, **changes))) == error


def test_another_key_or_a_changed_claim_is_refused(served: Served, org: Org, key: rsa.RSAPrivateKey) -> None:
    approved(served, org, served.facts["username"])
    forged = assertion(served, rsa.generate_private_key(65537, 2048))
    head, body, signature = assertion(served, key).split(".")
    changed = encoded(base64.urlsafe_b64decode(body + "==").replace(b"login", b"test"))
    for text in (forged, f"{head}.{changed}.{signature}", f"{head}.{body}.", "nonsense", ""):
        assert said(ask(served, grant_type=JWT, assertion=text))[1] in (
            "invalid assertion",
            "client identifier invalid",
        )


def test_a_user_who_approved_the_app_once_may_be_named_from_then_on(
    served: Served, org: Org, key: rsa.RSAPrivateKey
) -> None:
    name = "new@sandbox.invalid"
    add_user(org, name)
    signed = assertion(served, key, sub=name)
    assert said(ask(served, grant_type=JWT, assertion=signed))[1] == "user hasn't approved this consumer"
    login = {"username": name, "password": "secret"}
    assert redeem(served, let_in(served, login, scope="api")["code"]).status_code == 200
    assert said(ask(served, grant_type=JWT, assertion=signed))[1] == "user hasn't approved this consumer"
    assert redeem(served, let_in(served, login, scope="api refresh_token")["code"]).status_code == 200
    assert user_of(served, ask(served, grant_type=JWT, assertion=signed)) == name


# --- the page ------------------------------------------------------------------------------------


def question(served: Served, **changes: str) -> dict[str, str]:
    asked = {"response_type": "code", "client_id": served.facts["client_id"], "redirect_uri": BACK, "state": "a b&c"}
    return {**asked, **changes}


def decide(served: Served, login: dict[str, str], approve: str = "yes", **changes: str) -> requests.Response:
    form = {**question(served, **changes), **login, "approve": approve}
    return requests.post(served.url + AUTHORIZE, data=form, timeout=30, allow_redirects=False)


def sent_back(answer: requests.Response) -> dict[str, str]:
    assert answer.status_code == 302, answer.text
    assert answer.headers["location"].startswith(BACK + "&")
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


def me(served: Served) -> dict[str, str]:
    return {name: served.facts[name] for name in ("username", "password")}


def let_in(served: Served, login: dict[str, str], **changes: str) -> dict[str, str]:
    return sent_back(decide(served, login, **changes))


def redeem(served: Served, code: str, **changes: str) -> requests.Response:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, **client(served), **changes}
    return ask(served, **form)


def test_the_page_carries_the_request_through_the_login(served: Served) -> None:
    asked = question(served, scope='api "x" <b>', login_hint=OTHER)
    answer = requests.get(served.url + AUTHORIZE, params=asked, timeout=30)
    assert answer.status_code == 200
    assert "<b>" not in answer.text
    assert f'value="{OTHER}"' in answer.text
    assert "form-action 'self' http://127.0.0.1:9;" in answer.headers["Content-Security-Policy"]
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', answer.text))
    assert hidden["state"] == "a b&amp;c"
    assert set(hidden) == {"response_type", "client_id", "redirect_uri", "state", "scope"}


def test_a_code_is_good_once_and_its_refresh_token_rotates(served: Served) -> None:
    back = let_in(served, me(served))
    assert (back["state"], back["keep"]) == ("a b&c", "1")
    first = redeem(served, back["code"])
    assert user_of(served, first) == served.facts["username"]
    assert said(redeem(served, back["code"])) == ("invalid_grant", "expired authorization code")
    token = first.json()["refresh_token"]
    renewed = ask(served, grant_type="refresh_token", refresh_token=token, **client(served))
    assert renewed.json()["refresh_token"] != token
    assert said(ask(served, grant_type="refresh_token", refresh_token=token, **client(served)))[0] == "invalid_grant"


def test_a_refresh_token_is_for_the_app_it_was_given_to(served: Served, org: Org) -> None:
    token = redeem(served, let_in(served, me(served))["code"]).json()["refresh_token"]
    org.sessions.register_client("other-app", "other-secret")
    other = ask(served, grant_type="refresh_token", refresh_token=token, client_id="other-app",
                client_secret="other-secret")  # fmt: skip
    assert said(other)[0] == "invalid_grant"
    assert ask(served, grant_type="refresh_token", refresh_token=token, **client(served)).status_code == 200


def test_the_policy_may_let_a_refresh_token_stay(served: Served, org: Org) -> None:
    org.set_setting("client_policy", {"rotate_refresh_tokens": False, "require_secret": False})
    code = let_in(served, me(served))["code"]
    token = redeem(served, code, client_secret="").json()["refresh_token"]
    for _ in range(2):
        answer = ask(served, grant_type="refresh_token", refresh_token=token, client_id=served.facts["client_id"])
        assert answer.status_code == 200
        assert "refresh_token" not in answer.json()


def test_pkce_binds_the_code_to_who_asked_for_it(served: Served) -> None:
    challenge = encoded(hashlib.sha256(b"the verifier").digest())
    code = let_in(served, me(served), code_challenge=challenge, code_challenge_method="S256")["code"]
    assert said(redeem(served, code, code_verifier="another")) == ("invalid_grant", "invalid code verifier")
    code = let_in(served, me(served), code_challenge=challenge)["code"]
    assert redeem(served, code, code_verifier="the verifier").status_code == 200


def test_a_code_needs_the_address_and_the_secret_of_its_request(served: Served) -> None:
    assert said(redeem(served, let_in(served, me(served))["code"], redirect_uri="http://127.0.0.1:9/"))[0] == (
        "redirect_uri_mismatch"
    )
    assert said(redeem(served, let_in(served, me(served))["code"], client_secret="wrong"))[0] == "invalid_client"


def test_no_and_a_wrong_password_give_no_code(served: Served) -> None:
    assert sent_back(decide(served, {}, approve="no"))["error"] == "access_denied"
    wrong = decide(served, {**me(served), "password": "wrong"})
    assert wrong.status_code == 401
    assert "check your username" in wrong.text
    assert "wrong" not in wrong.text


@pytest.mark.parametrize(
    ("changes", "policy", "error"),
    [
        ({"response_type": "token"}, {}, "unsupported_response_type"),
        ({"code_challenge": "x", "code_challenge_method": "plain"}, {}, "invalid_request"),
        ({}, {"require_pkce": True}, "invalid_request"),
        ({}, {"permitted_users": "admin_approved"}, "OAUTH_APP_ACCESS_DENIED"),
    ],
)
def test_the_app_is_told_what_it_did_wrong(
    served: Served, org: Org, changes: dict[str, str], policy: dict[str, object], error: str
) -> None:
    org.set_setting("client_policy", policy)
    assert sent_back(decide(served, me(served), **changes))["error"] == error


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_id": "nobody"}, "invalid_client_id"),
        ({"redirect_uri": "https://elsewhere.example.com/"}, "redirect_uri_mismatch"),
        ({"redirect_uri": ""}, "invalid_request"),
    ],
)
def test_nobody_is_sent_to_an_address_the_app_does_not_own(served: Served, changes: dict[str, str], error: str) -> None:
    answer = requests.get(served.url + AUTHORIZE, params=question(served, **changes), timeout=30, allow_redirects=False)
    assert answer.status_code == 400
    assert f"error={error}" in answer.text


def test_with_callbacks_registered_only_those_will_do(served: Served, org: Org) -> None:
    org.set_setting("client_policy", {"callbacks": ["https://tiers.example.com/back"]})
    refused = requests.get(served.url + AUTHORIZE, params=question(served), timeout=30)
    assert refused.status_code == 400
    registered = question(served, redirect_uri="https://tiers.example.com/back")
    assert requests.get(served.url + AUTHORIZE, params=registered, timeout=30).status_code == 200


# --- client credentials --------------------------------------------------------------------------


def test_client_credentials_run_as_the_user_that_is_set(served: Served, org: Org) -> None:
    org.set_setting("client_user", OTHER.upper())
    assert user_of(served, ask(served, grant_type="client_credentials", **client(served))) == OTHER
    org.set_setting("client_user", "nobody@example.com")
    answer = ask(served, grant_type="client_credentials", **client(served))
    assert said(answer) == ("invalid_grant", "no client credentials user enabled")


def test_the_policy_may_turn_client_credentials_off(served: Served, org: Org) -> None:
    org.set_setting("client_policy", {"client_credentials": False})
    answer = ask(served, grant_type="client_credentials", **client(served))
    assert said(answer) == ("invalid_grant", "no client credentials user enabled")


def test_an_inactive_user_gets_no_token(served: Served, org: Org) -> None:
    token = redeem(served, let_in(served, {"username": OTHER, "password": "secret"})["code"]).json()["refresh_token"]
    (user,) = org.find_ids("User", "Username", OTHER)
    org.update("User", [{"Id": user, "IsActive": False}])
    try:
        answer = ask(served, grant_type="refresh_token", refresh_token=token, **client(served))
    finally:
        org.update("User", [{"Id": user, "IsActive": True}])
    assert said(answer) == ("invalid_grant", "inactive user")
