"""Credentials of connections and addresses of channels, encrypted at rest.

Fernet (AES-128-CBC with HMAC); the first key of settings.VAULT_KEYS encrypts, all of them decrypt, so a key is
rotated by putting a new one in front and calling `rotate`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import transaction

from sync.models import Connection, Destination


class VaultLocked(Exception):
    """None of the configured keys opens these credentials."""


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.VAULT_KEYS])


def seal(credentials: Mapping[str, str]) -> bytes:
    return _fernet().encrypt(json.dumps(dict(credentials)).encode())


def unseal(sealed: bytes | memoryview) -> dict[str, str]:
    """The credentials; raises VaultLocked when no key fits."""
    if not sealed:
        return {}
    try:
        opened: dict[str, str] = json.loads(_fernet().decrypt(bytes(sealed)))
    except InvalidToken as error:
        raise VaultLocked(
            "The stored credentials cannot be decrypted with the configured keys. "
            "Put the former key back into TIERLINE_KEYS, or add the connection again."
        ) from error
    return opened


def rotate(sealed: bytes | memoryview) -> bytes:
    """The same credentials under the newest key."""
    return _fernet().rotate(bytes(sealed))


def rotate_all() -> int:
    """Put the credentials of every connection and channel under the newest key, all or none; returns how many.

    Raises VaultLocked, and changes nothing, when one of them is under a key that is not configured any more.
    """
    count = 0
    with transaction.atomic():
        for connection in Connection.objects.select_for_update().exclude(credentials=b""):
            unseal(connection.credentials)
            connection.credentials = rotate(connection.credentials)
            connection.save(update_fields=["credentials"])
            count += 1
        for place in Destination.objects.select_for_update():
            unseal(place.sealed)
            place.sealed = rotate(place.sealed)
            place.save(update_fields=["sealed"])
            count += 1
    return count
