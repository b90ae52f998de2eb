"""The JWT bearer grant's assertion: read, checked against the client's certificate, and turned into client and user."""

from __future__ import annotations

import base64
import binascii
import json
import time
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from connectors.sandbox.org.org import Org
from connectors.sandbox.salesforce_api.oauth_errors import OAuthError, invalid_grant

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")
# unverified: a JWT assertion may be good for at most 5 minutes.
_LONGEST_SECONDS = 300
_SKEW_SECONDS = 5


def checked(org: Org, assertion: str, base: str) -> tuple[str, str]:
    """Client id and user name that the assertion proves. Raises OAuthError."""
    signed, _, signature = assertion.rpartition(".")
    head, _, body = signed.partition(".")
    header, claims = _json(head), _json(body)
    client_id = claims.get("iss")
    if not isinstance(client_id, str) or not org.sessions.knows_client(client_id):
        raise OAuthError("invalid_client_id", "client identifier invalid")
    if header.get("alg") != "RS256":
        raise _bad()
    _verify(org.sessions.certificate(client_id), signed, _decoded(signature))
    audience = str(claims.get("aud", "")).removesuffix("/services/oauth2/token").rstrip("/")
    if audience not in (*_AUDIENCES, base):
        raise invalid_grant("audience is invalid")
    _check_expiry(claims.get("exp"))
    username = claims.get("sub")
    if not isinstance(username, str) or not username:
        raise _bad()
    return client_id, username


def _bad() -> OAuthError:
    # unverified: an assertion with a wrong form or signature is refused as "invalid_grant: invalid assertion".
    return invalid_grant("invalid assertion")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _bad() from None


def _json(part: str) -> dict[str, Any]:
    try:
        content = json.loads(_decoded(part))
    except ValueError:
        raise _bad() from None
    if not isinstance(content, dict):
        raise _bad()
    return content


def _verify(pem: str, signed: str, signature: bytes) -> None:
    key = _public_key(pem.encode())
    if key is None:
        raise _bad()
    try:
        key.verify(signature, signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        raise _bad() from None


def _public_key(pem: bytes) -> RSAPublicKey | None:
    """The key in a certificate or on its own; None for anything else."""
    try:
        if b"BEGIN CERTIFICATE" in pem:
            key = x509.load_pem_x509_certificate(pem).public_key()
        else:
            key = serialization.load_pem_public_key(pem)  # type: ignore[assignment, unused-ignore]
    except ValueError:
        return None
    return key if isinstance(key, RSAPublicKey) else None


def _check_expiry(expires: object) -> None:
    if isinstance(expires, str) and expires.isdecimal():  # the form simple-salesforce sends
        expires = int(expires)
    if isinstance(expires, bool) or not isinstance(expires, int | float):
        raise _bad()
    left = expires - time.time()
    if left <= -_SKEW_SECONDS:
        # unverified: an assertion that has expired is refused as "invalid_grant: expired authorization code".
        raise invalid_grant("expired authorization code")
    if left > _LONGEST_SECONDS + _SKEW_SECONDS:
        raise _bad()
