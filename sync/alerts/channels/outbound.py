"""Requests to addresses that people typed in: they reach the public internet, and nothing behind our own firewall.

The name is resolved once, every address it has must be public or in settings.WEBHOOK_NETWORKS, and the connection goes
to an address that was looked at, so that a name cannot answer differently the second time. Redirects are not followed.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from threading import Timer
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from .base import DeliveryError

#: Seconds for connecting, and for each part of the answer; seconds for all of it; addresses that are tried; characters
#: of an answer that are looked at.
TIMEOUT, LONGEST = 8.0, 20.0
ADDRESSES = 2
SHOWN = 300
_NAT64 = ip_network("64:ff9b::/96")
_LATER = {408, 425, 429}
_GONE = {401, 403, 404, 405, 410}

Address = IPv4Address | IPv6Address


@dataclass(frozen=True)
class Target:
    """An address that may be reached, taken apart."""

    parts: SplitResult
    host: str
    port: int
    addresses: Sequence[str]

    @property
    def path(self) -> str:
        path = self.parts.path or "/"
        return f"{path}?{self.parts.query}" if self.parts.query else path


def check_form(url: str) -> SplitResult:
    """The address taken apart; raises ValueError with a sentence when it cannot be one. Nothing is looked up."""
    if not url.isascii() or any(character.isspace() for character in url):
        raise ValueError("The address holds a blank, or a letter that has to be escaped.")
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError("The address has to begin with https:// and a host name.")
    if parts.username or parts.password:
        raise ValueError("The address must not hold a name or a password.")
    if parts.port == 0:
        raise ValueError("The port is not a number between 1 and 65535.")
    return parts


def resolve(url: str) -> Target:
    """Where the address leads. Raises DeliveryError: broken when that is a place we must not reach."""
    try:
        parts = check_form(url)
    except ValueError as error:
        raise DeliveryError(str(error), permanent=True, broken=True) from error
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise DeliveryError(f"The name {host} is not known to the network's name server.", permanent=False) from error
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    for address in addresses:
        if not _allowed(ip_address(address.partition("%")[0]), parts.scheme):
            raise DeliveryError(_refusal(host, address, parts.scheme), permanent=True, broken=True)
    return Target(parts, host, port, addresses)


def _allowed(address: Address, scheme: str) -> bool:
    """Whether it is public, or an administrator allowed its network. Unencrypted is for allowed networks only."""
    inner = _inner(address)
    if any(inner in network for network in settings.WEBHOOK_NETWORKS if network.version == inner.version):
        return True
    public = all(each.is_global and not each.is_multicast for each in (address, inner))
    return public and scheme == "https"


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or teredo or address


def _refusal(host: str, address: str, scheme: str) -> str:
    if scheme == "http" and ip_address(address.partition("%")[0]).is_global:
        return f"{host} is reached unencrypted, which only networks in TIERLINE_WEBHOOK_NETWORKS may be; use https."
    return (
        f"{host} leads to {address}, which is no public address. If that is meant, an administrator of this "
        "installation adds its network to TIERLINE_WEBHOOK_NETWORKS."
    )


def post(url: str, body: bytes, headers: Mapping[str, str]) -> str:
    """Send; returns the beginning of the answer. Raises DeliveryError for everything but a 2xx."""
    target = resolve(url)
    connection: HTTPConnection = (
        HTTPSConnection(target.host, target.port, timeout=TIMEOUT)
        if target.parts.scheme == "https"
        else HTTPConnection(target.host, target.port, timeout=TIMEOUT)
    )
    watch: Timer | None = None
    try:
        connection.sock = _connect(target)
        watch = Timer(LONGEST, _cut, (connection.sock,))
        watch.start()
        connection.request("POST", target.path, body, {"User-Agent": "Tierline", **headers})
        reply = connection.getresponse()
        text = reply.read(SHOWN).decode("utf-8", "replace")
        status, wait = reply.status, _wait(reply.getheader("Retry-After", ""))
    except ssl.SSLCertVerificationError as error:
        raise DeliveryError(f"The certificate of {target.host} is not valid.", permanent=False) from error
    except (OSError, HTTPException) as error:
        raise DeliveryError(f"{target.host} did not answer: {type(error).__name__}.", permanent=False) from error
    finally:
        if watch is not None:
            watch.cancel()
        connection.close()
    if not 200 <= status < 300:
        raise _refused(target.host, status, text, wait)
    return text


def _cut(line: socket.socket) -> None:
    """End a conversation in which the other side says a little now and then, and never comes to its end."""
    with suppress(OSError):
        socket.socket.shutdown(line, socket.SHUT_RDWR)  # not that of TLS, which would wait for an answer


def _connect(target: Target) -> socket.socket:
    """A connection to one of the addresses that were looked at."""
    addresses = target.addresses[:ADDRESSES]
    for number, address in enumerate(addresses, 1):
        try:
            line = socket.create_connection((address, target.port), TIMEOUT)
        except OSError:
            if number == len(addresses):
                raise
        else:
            if target.parts.scheme == "http":
                return line
            try:
                return ssl.create_default_context().wrap_socket(line, server_hostname=target.host)
            except OSError:
                line.close()
                raise
    raise OSError("no address")


def _refused(host: str, status: int, text: str, wait: timedelta) -> DeliveryError:
    said = f"{host} answered {status}{f': {_clean(text)}' if _clean(text) else ''}."
    if 300 <= status < 400:
        return DeliveryError(
            f"{host} answered with a redirect ({status}), which is not followed.", permanent=True, broken=True
        )
    if status in _LATER or status >= 500:
        return DeliveryError(said, permanent=False, wait=wait)
    return DeliveryError(said, permanent=True, broken=status in _GONE)


def _clean(text: str) -> str:
    """One line of an answer that may be anything."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())[:160].rstrip(".")


def _wait(text: str) -> timedelta:
    return timedelta(seconds=min(int(text), 86_400)) if text.isascii() and text.isdigit() else timedelta(0)
