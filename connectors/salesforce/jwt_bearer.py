"""Logging in with a signed assertion: no secret leaves this machine, nobody has to be there, nothing expires."""

from __future__ import annotations

import time

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from connectors.errors import BadInput
from connectors.salesforce.credentials import Credentials

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
#: Salesforce takes assertions that end within five minutes; clocks differ.
_SECONDS = 180


def form(credentials: Credentials) -> dict[str, str]:
    """The token request of an org's user. Raises `BadInput` for a key that cannot sign."""
    claims = {
        "iss": credentials.client_id,
        "sub": credentials.username,
        "aud": credentials.assertion_audience,
        "exp": int(time.time()) + _SECONDS,
    }
    assertion = jwt.encode(claims, private_key(credentials.private_key), algorithm="RS256")
    return {"grant_type": GRANT, "assertion": assertion}


def private_key(pem: str) -> RSAPrivateKey:
    """The key in this PEM text. Raises `BadInput`; never quotes the key."""
    try:
        key = load_pem_private_key(pem.encode(), None)
    except TypeError:
        raise BadInput(
            "The private key is protected by a passphrase.",
            next_step="Give one without: openssl pkey -in key.pem -out plain.pem. It is stored encrypted.",
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise BadInput(
            "This is not a private key in PEM form.",
            next_step="Give the file that begins with -----BEGIN PRIVATE KEY-----, not the certificate.",
        ) from None
    if not isinstance(key, RSAPrivateKey):
        raise BadInput(
            "Salesforce takes RSA keys only, and this is another one.",
            next_step="Make one: openssl req -x509 -newkey rsa:2048 -nodes -days 730 -keyout key.pem -out cert.pem",
        )
    return key
