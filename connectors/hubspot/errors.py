"""HubSpot's answers in our words: the one place that turns a reply or a broken line into an error class.

Every field of HubSpot's error bodies may be missing. Request-level failures become `connectors.errors` exceptions; a
refused record is data, see `rejections`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError, LocationValueError, NameResolutionError, NewConnectionError, SSLError
from urllib3.exceptions import TimeoutError as TimedOut

from connectors import replies
from connectors.errors import (
    AuthRevoked,
    BadInput,
    ConnectorError,
    Fatal,
    Locked,
    MissingScope,
    RateLimited,
    SchemaMismatch,
    Unavailable,
)

#: HubSpot's categories of a request that is in order and asks for what is not there.
_SCHEMA = frozenset({"OBJECT_NOT_FOUND", "PROPERTY_DOESNT_EXIST"})
#: The limit of the day: it comes back at midnight of the account, so nobody waits for it.
DAILY = "DAILY"
_LOOK_AGAIN = 900.0
CRM = "HubSpot"
_RECONNECT = "Reconnect: enter a token or log in again, so that HubSpot accepts this connection."
_WAIT = "Try again in some minutes; if it stays, look at https://status.hubspot.com."


@dataclass(frozen=True)
class Fault:
    """One error of a reply. `details` are HubSpot's own sub-errors."""

    status: int = 0
    category: str = ""
    message: str = ""
    sub_category: str = ""
    policy: str = ""
    details: tuple[Mapping[str, Any], ...] = ()
    context: Mapping[str, Any] = field(default_factory=dict)


def fault_of(entry: object, status: int = 0) -> Fault:
    """An error entry of a reply, or of a batch; everything it lacks is empty."""
    if not isinstance(entry, Mapping):
        return Fault(status)
    details = entry.get("errors")
    context = entry.get("context")
    return Fault(
        status=status,
        category=str(entry.get("category") or entry.get("errorType") or ""),
        message=" ".join(str(entry.get("message") or "").split()),
        sub_category=str(entry.get("subCategory") or ""),
        policy=str(entry.get("policyName") or ""),
        details=tuple(each for each in details if isinstance(each, Mapping)) if isinstance(details, list) else (),
        context=context if isinstance(context, Mapping) else {},
    )


def is_web_page(response: urllib3.BaseHTTPResponse) -> bool:
    """True for HTML where data was expected: a proxy, a login page or a maintenance page answered."""
    if "html" in response.headers.get("Content-Type", ""):
        return True
    return response.data[:200].lstrip().lower().startswith((b"<!doctype html", b"<html"))


class Refused(Fatal):
    """HubSpot found something wrong with what was sent. `fault` says what, for whoever sent several records."""

    def __init__(self, fault: Fault, message: str, *, next_step: str) -> None:
        super().__init__(message, next_step=next_step, code=fault.category or str(fault.status))
        self.fault = fault


class Missing(SchemaMismatch):
    """HubSpot does not have what was asked for. `fault` as in `Refused`."""

    def __init__(self, fault: Fault, message: str, *, next_step: str) -> None:
        super().__init__(message, next_step=next_step, code=fault.category or "404")
        self.fault = fault


def from_response(response: urllib3.BaseHTTPResponse, host: str) -> ConnectorError:
    """The error for a reply that is not a usable success."""
    status = response.status
    try:
        fault = fault_of(json.loads(response.data), status)
    except ValueError:
        fault = Fault(status)
    if status == 401:
        return AuthRevoked(
            f"HubSpot at {host} does not accept our credentials{replies.because(fault.message)}.",
            next_step=_RECONNECT,
            code=fault.category or "401",
        )
    if status == 429:
        return _limited(response, fault, host)
    if is_web_page(response) and status < 500:
        return replies.web_page(host, status)
    if status >= 500:
        return Unavailable(
            f"HubSpot at {host} is not available (HTTP {status}{replies.because(fault.message)}).",
            next_step=_WAIT,
            code=str(status),
            after=replies.seconds_to_wait(response.headers),
        )
    return from_fault(fault, host)


def _limited(response: urllib3.BaseHTTPResponse, fault: Fault, host: str) -> RateLimited:
    if fault.policy == DAILY or "daily" in fault.message.lower():
        return RateLimited(
            f"HubSpot at {host} takes no more API calls today{replies.because(fault.message)}.",
            next_step="Nothing to do: it goes on when HubSpot counts anew, at midnight in the account's time zone.",
            code=DAILY,
            after=replies.seconds_to_wait(response.headers) or _LOOK_AGAIN,
        )
    return RateLimited(
        f"HubSpot at {host} takes no more API calls for some seconds{replies.because(fault.message)}.",
        next_step="Nothing to do: it is tried again.",
        code=fault.policy or "429",
        after=replies.seconds_to_wait(response.headers),
    )


def from_fault(fault: Fault, host: str) -> ConnectorError:
    """The error for a request that HubSpot understood and refused."""
    if fault.status == 403:
        scopes = missing_scopes(fault)
        what = f" It lacks the scope{'s' if len(scopes) > 1 else ''} {', '.join(scopes)}." if scopes else ""
        return MissingScope(
            f"HubSpot at {host} refuses this to our app{replies.because(fault.message)}.{what}",
            next_step=f"Give the app the scope{'s' if len(scopes) > 1 else ''} {', '.join(scopes)}, then reconnect."
            if scopes
            else "Check the scopes of the app and the permissions of the user who made it.",
            code=fault.category or "403",
        )
    if fault.status == 404 or fault.category in _SCHEMA:
        return Missing(
            fault,
            f"HubSpot at {host} does not have this{replies.because(fault.message)}.",
            next_step="Correct the name in the model, create the property, or give the app access.",
        )
    if fault.status == 423:
        return Locked(
            "Another process is changing the same records in HubSpot.",
            next_step="It is tried again; if it stays, look for an import that runs at the same time.",
            code="423",
        )
    if 300 <= fault.status < 400:
        return Fatal(
            f"HubSpot at {host} sends us on to another address.",
            next_step="Check the address of the connection.",
            code=str(fault.status),
        )
    return Refused(
        fault,
        f"HubSpot at {host} refused the request{replies.because(fault.message) or ' without saying why'}.",
        next_step="Look up what the message names in HubSpot's settings, then try again.",
    )


def missing_scopes(fault: Fault) -> list[str]:
    """Scopes that HubSpot names as missing. One of a list is enough for it, so the first is the one to give."""
    found = [fault.context.get("missingScopes"), fault.context.get("requiredGranularScopes")]
    for detail in fault.details:
        context = detail.get("context")
        if isinstance(context, Mapping):
            found += [
                context.get("requiredGranularScopes"),
                context.get("requiredScopes"),
                context.get("missingScopes"),
            ]
    return list(dict.fromkeys(str(scope) for scopes in found if isinstance(scopes, list) for scope in scopes))


def from_exception(error: HTTPError, host: str) -> ConnectorError:
    """The error for a request that got no usable answer."""
    if isinstance(error, SSLError):
        return replies.untrusted(host)
    if isinstance(error, LocationValueError):
        return BadInput(f"'{host}' is not an address.", next_step="Give an address such as https://api.hubapi.com.")
    if isinstance(error, NameResolutionError):
        how = "is not known to the name service (DNS)"
    elif isinstance(error, NewConnectionError):
        how = "refuses the connection"
    elif isinstance(error, TimedOut):
        how = "did not answer in time"
    else:
        how = "broke the connection"
    return replies.unreachable(CRM, host, how)


def half_reply(host: str) -> Unavailable:
    """See `connectors.replies.half_reply`."""
    return replies.half_reply(CRM, host)


def outcome_unknown(host: str) -> Unavailable:
    """See `connectors.replies.outcome_unknown`."""
    return replies.outcome_unknown(CRM, host)
