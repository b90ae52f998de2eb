"""Messages to a program, signed so that it can tell them from anybody else's and a retry from a new one."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from sync.alerts.channels import outbound
from sync.alerts.channels.base import Message

from .body import body

PREFIX = "whsec_"


def check(url: str) -> None:
    """Raises ValueError when this is no address of a webhook."""
    outbound.check_form(url)


def check_key(key: str) -> None:
    """Raises ValueError when this is no key of 24 to 64 bytes in Base64."""
    try:
        length = len(_bytes(key))
    except binascii.Error:
        length = 0
    if not 24 <= length <= 64:
        raise ValueError("The key has to be 24 to 64 bytes in Base64; openssl rand -base64 32 makes one.")


def _bytes(key: str) -> bytes:
    return base64.b64decode(key.removeprefix(PREFIX), validate=True)


def signature(key: str, message_id: str, at: datetime, content: bytes) -> str:
    """HMAC-SHA256 over id, seconds since 1970 and content, joined by dots."""
    signed = f"{message_id}.{int(at.timestamp())}.".encode() + content
    return "v1," + base64.b64encode(hmac.digest(_bytes(key), signed, hashlib.sha256)).decode()


@dataclass(frozen=True)
class Webhook:
    url: str
    key: str
    name: str = "webhook"

    def send(self, message: Message) -> str:
        content = body(message)
        headers = {
            "Content-Type": "application/json",
            "Webhook-Id": message.key,
            "Webhook-Timestamp": str(int(message.sent_at.timestamp())),
            "Webhook-Signature": signature(self.key, message.key, message.sent_at, content),
        }
        outbound.post(self.url, content, headers)
        return message.key
