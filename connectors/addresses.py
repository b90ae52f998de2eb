"""Addresses that credentials may be sent to."""

from __future__ import annotations

from urllib.parse import urlsplit

from connectors.errors import BadInput

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def require_safe(address: str, example: str) -> None:
    """Raises `BadInput` unless the address is https, or http to this very machine. `example`: one that is right."""
    parts = urlsplit(address)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http" and parts.hostname in LOOPBACK:
        return
    raise BadInput(
        f"'{address}' is not an address credentials may be sent to.",
        next_step=f"Give an https address, e.g. {example}.",
    )
