"""Failures that every CRM has alike, in an administrator's words. `crm` is its name, `host` the one that was asked."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.errors import Fatal, Unavailable


def untrusted(host: str) -> Fatal:
    """The error for a certificate that nobody vouches for."""
    return Fatal(
        f"The certificate of {host} is not trusted, so nothing was sent.",
        next_step="Check the address; behind an inspecting proxy set REQUESTS_CA_BUNDLE to its CA.",
        code="CERTIFICATE",
    )


def unreachable(crm: str, host: str, how: str) -> Unavailable:
    """The error for a request without an answer; `how` says what the host does, e.g. "broke the connection"."""
    return Unavailable(
        f"{crm} cannot be reached: {host} {how}.",
        next_step="Check the address, the network and the proxy, then try again.",
        code="NO_ANSWER",
    )


def half_reply(crm: str, host: str) -> Unavailable:
    """The error for a reply that starts well and cannot be read to its end."""
    return Unavailable(
        f"The reply of {crm} at {host} is incomplete or not in the agreed form.",
        next_step=f"Try again; if it stays, a proxy between here and {crm} changes replies.",
        code="BAD_REPLY",
    )


def outcome_unknown(crm: str, host: str) -> Unavailable:
    """The error for a write whose reply does not say what became of each record."""
    return Unavailable(
        f"{crm} at {host} did not report an outcome for each record sent.",
        next_step="The records are read again before anything is repeated.",
        code="OUTCOME_UNKNOWN",
    )


def web_page(host: str, status: int) -> Unavailable:
    """The error for HTML where data was expected."""
    return Unavailable(
        f"{host} answered with a web page instead of data (HTTP {status}).",
        next_step="A proxy, login or maintenance page is in the way: open the address in a browser.",
        code=str(status),
    )


def seconds_to_wait(headers: Mapping[str, str]) -> float | None:
    """How long a reply asks to wait before the next request; None where it does not say."""
    value = headers.get("Retry-After", "")
    return float(value) if value.isdigit() else None


def because(message: str) -> str:
    """The CRM's own words as the end of a sentence: ": ..."; "" for none."""
    return f": {message.strip().rstrip('.')}" if message.strip() else ""
