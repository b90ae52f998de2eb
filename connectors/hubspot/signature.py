"""Whether a request comes from HubSpot: version 3 of its signature, over method, address, body and time."""

from __future__ import annotations

import base64
import hashlib
import hmac

SIGNATURE, TIMESTAMP = "X-HubSpot-Signature-V3", "X-HubSpot-Request-Timestamp"
#: Seconds that the time stamp may lie before or after our clock: an old request may be somebody's copy, and one from
#: the future would stay good for whoever copies it.
TOLERANCE = 300


def doubt(secret: str, method: str, address: str, body: bytes, signature: str, timestamp: str, now: float) -> str:
    """Why the request is not to be believed; "" when it is HubSpot's.

    `address` is the public one, as HubSpot has it, whatever stands between it and us. `timestamp` is in milliseconds,
    `now` in seconds since 1970. `body` is what came, byte for byte.
    """
    if not (timestamp.isascii() and timestamp.isdigit()):
        return "It has no time stamp."
    if abs(now - int(timestamp) / 1000) > TOLERANCE:
        return f"Its time stamp is more than {TOLERANCE} seconds off our clock."
    if not hmac.compare_digest(signed(secret, method, address, body, timestamp), signature.encode()):
        return "Its signature is not that of this address and client secret."
    return ""


def signed(secret: str, method: str, address: str, body: bytes, timestamp: str) -> bytes:
    """The signature that a genuine request has."""
    content = method.encode() + address.encode() + body + timestamp.encode()
    return base64.b64encode(hmac.new(secret.encode(), content, hashlib.sha256).digest())
