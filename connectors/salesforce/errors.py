"""Salesforce's answers in our words: the one place that turns a reply or a broken line into an error class.

Request-level failures become `connectors.errors` exceptions. A refused row is data: `row_result` gives it the
CRM's code, a sentence a CRM administrator understands, and a next step.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

from connectors import replies
from connectors.base import WriteResult
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
from connectors.salesforce.rejections import explain

_NO_COLUMN = re.compile(r"No such column '(?P<field>[^']+)' on (?:entity|sobject of type) '?(?P<object>\w+)'?")
_NO_RELATION = re.compile(r"Didn't understand relationship '(?P<field>[^']+)'")
_NO_OBJECT = re.compile(r"sObject type '(?P<object>[^']+)' is not supported")
_FAULT_CODE = re.compile(r"<(?:\w+:)?faultcode[^>]*>\s*(?:\w+:)?(?P<code>[^<]+?)\s*</")
_FAULT_TEXT = re.compile(r"<(?:\w+:)?faultstring[^>]*>(?P<text>.*?)</", re.S)

CRM = "Salesforce"
_RECONNECT = "Reconnect: enter credentials for this connection that Salesforce accepts."
_WAIT = "Try again in some minutes; if it stays, look at https://status.salesforce.com."

#: Codes that say "known, but not allowed", with what to grant.
_SCOPE: Mapping[str, str] = {
    "INSUFFICIENT_ACCESS": "Grant the integration user access to this, or the permission the message names.",
    "INSUFFICIENT_ACCESS_OR_READONLY": "Grant the integration user edit access to the object and fields.",
    "API_DISABLED_FOR_ORG": "Give the integration user's profile 'API Enabled'; editions without API access "
    "cannot be connected.",
    "API_CURRENTLY_DISABLED": "Give the integration user's profile or permission set 'API Enabled'.",
    "FUNCTIONALITY_NOT_ENABLED": "Switch the feature on in Setup, or leave this kind of record out.",
    "INVALID_OPERATION_WITH_EXPIRED_PASSWORD": "Set a new password for the integration user.",
}

_SESSION_CODES = frozenset({"INVALID_SESSION_ID", "INVALID_AUTH_HEADER", "INVALID_LOGIN", "SESSION_EXPIRED"})
_SCHEMA_CODES = frozenset({"INVALID_FIELD", "INVALID_TYPE", "INVALID_FIELD_FOR_INSERT_UPDATE"})


@dataclass(frozen=True)
class Fault:
    """One error entry of a reply, whichever of Salesforce's shapes it came in."""

    code: str
    message: str
    fields: tuple[str, ...] = ()


def faults_in(response: requests.Response) -> list[Fault]:
    """The error entries of a reply: JSON array, results of actions, OAuth object, SOAP fault; else empty."""
    if b"faultcode" in response.content:
        text = response.text
        code, message = _FAULT_CODE.search(text), _FAULT_TEXT.search(text)
        return [Fault(code["code"] if code else "", message["text"].strip() if message else "")]
    try:
        body = response.json()
    except requests.exceptions.JSONDecodeError:
        return []
    entries = [entry for entry in (body if isinstance(body, list) else [body]) if isinstance(entry, dict)]
    return [fault for entry in entries for fault in faults_of(entry)]


def faults_of(entry: Mapping[str, Any]) -> list[Fault]:
    """Those of one entry: an invocable action lists them inside, and none where it went well."""
    if "isSuccess" in entry:
        return [_fault(each) for each in entry.get("errors") or () if isinstance(each, dict)]
    return [_fault(entry)]


def _fault(entry: Mapping[str, Any]) -> Fault:
    code = entry.get("errorCode") or entry.get("statusCode") or entry.get("error") or ""
    message = entry.get("message") or entry.get("error_description") or ""
    return Fault(str(code), str(message), tuple(entry.get("fields") or ()))


def is_web_page(response: requests.Response) -> bool:
    """True for HTML where data was expected: a proxy, a login page or a maintenance page answered."""
    if "html" in response.headers.get("Content-Type", ""):
        return True
    return response.content[:200].lstrip().lower().startswith((b"<!doctype html", b"<html"))


def from_response(response: requests.Response) -> ConnectorError:
    """The error for a reply that is not a usable success."""
    host, status = urlsplit(response.url).netloc, response.status_code
    faults = faults_in(response)
    first = faults[0] if faults else Fault("", "")
    if status == 401 or first.code in _SESSION_CODES:
        return AuthRevoked(
            f"Salesforce at {host} does not accept our credentials{replies.because(first.message)}.",
            next_step=_RECONNECT,
            code=first.code or "401",
        )
    if first.code == "REQUEST_LIMIT_EXCEEDED" or status in (420, 429):
        return RateLimited(
            f"Salesforce at {host} takes no more API calls for now{replies.because(first.message)}.",
            next_step="Wait: the limit counts the last 24 hours, so capacity comes back bit by bit.",
            code=first.code or str(status),
            after=replies.seconds_to_wait(response.headers),
        )
    if is_web_page(response) and status < 500:
        return replies.web_page(host, status)
    if 300 <= status < 400:
        return _moved(response, host)
    if status >= 500:
        return _server_side(response, host, first)
    return from_fault(first, host, status)


def _moved(response: requests.Response, host: str) -> ConnectorError:
    target = urlsplit(response.headers.get("Location", "")).netloc
    if not target:
        return Fatal(
            f"Salesforce at {host} found several records where one was expected.",
            next_step="Make the external id unique, then run again.",
            code=str(response.status_code),
        )
    return AuthRevoked(
        f"Salesforce at {host} sends us on to {target}.",
        next_step=f"The org has moved: reconnect with the address https://{target}.",
        code=str(response.status_code),
    )


def _server_side(response: requests.Response, host: str, fault: Fault) -> ConnectorError:
    if fault.code and fault.code not in ("UNKNOWN_EXCEPTION", "SERVER_UNAVAILABLE"):
        # SOAP faults of any cause come with HTTP 500.
        return from_fault(fault, host, response.status_code)
    return Unavailable(
        f"Salesforce at {host} is not available (HTTP {response.status_code}{replies.because(fault.message)}).",
        next_step=_WAIT,
        code=fault.code or str(response.status_code),
        after=replies.seconds_to_wait(response.headers),
    )


def from_fault(fault: Fault, host: str, status: int = 400) -> ConnectorError:
    """The error for one entry of a refused request."""
    if fault.code in _SCHEMA_CODES:
        return _schema_mismatch(fault)
    if fault.code in _SCOPE:
        return MissingScope(
            f"Salesforce at {host} does not let the integration user do this: {_sentence(fault.message)}",
            next_step=_SCOPE[fault.code],
            code=fault.code,
        )
    if fault.code == "UNABLE_TO_LOCK_ROW":
        return Locked(
            "Another process is changing the same records in Salesforce.",
            next_step="It is tried again; if it stays, look for a data load that runs at the same time.",
            code=fault.code,
        )
    if status == 403:
        return MissingScope(
            f"Salesforce at {host} refuses this to the integration user{replies.because(fault.message)}.",
            next_step="Check the integration user's permission sets and the connected app's scopes.",
            code=fault.code or "403",
        )
    if not fault.code:
        return Fatal(
            f"Salesforce at {host} answered HTTP {status} without saying why.",
            next_step="Check the address of the connection and its API version.",
            code=str(status),
        )
    reason = explain(fault.code, fault.message, fault.fields)
    return Fatal(reason.sentence, next_step=reason.next_step, code=fault.code)


def _schema_mismatch(fault: Fault) -> SchemaMismatch:
    column, relation = _NO_COLUMN.search(fault.message), _NO_RELATION.search(fault.message)
    missing_object = _NO_OBJECT.search(fault.message)
    if column:
        what = f"Salesforce has no field {column['object']}.{column['field']} that the integration user can see."
    elif missing_object:
        what = f"Salesforce has no object {missing_object['object']} that the integration user can see."
    elif relation:
        what = f"Salesforce has no relationship {relation['field']} there."
    else:
        what = f"The org's fields are not as expected: {_sentence(fault.message)}"
    return SchemaMismatch(
        what,
        next_step="Correct the name in the model, create the field, or give the integration user access.",
        code=fault.code,
    )


def from_exception(error: requests.RequestException, host: str) -> ConnectorError:
    """The error for a request that got no usable answer."""
    if isinstance(error, requests.exceptions.SSLError):
        return replies.untrusted(host)
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return BadInput(
            f"'{host}' is not an address.",
            next_step="Give the org's address, e.g. https://acme.my.salesforce.com.",
        )
    if isinstance(error, requests.Timeout):
        how = "did not answer in time"
    elif "NameResolution" in str(error) or "getaddrinfo" in str(error):
        how = "is not known to the name service (DNS)"
    elif "refused" in str(error).lower():
        how = "refuses the connection"
    else:
        how = "broke the connection"
    return replies.unreachable(CRM, host, how)


def half_reply(host: str) -> Unavailable:
    """See `connectors.replies.half_reply`."""
    return replies.half_reply(CRM, host)


def outcome_unknown(host: str) -> Unavailable:
    """See `connectors.replies.outcome_unknown`."""
    return replies.outcome_unknown(CRM, host)


def row_result(record_id: str, errors: Sequence[Mapping[str, Any]]) -> WriteResult:
    """The result for a refused row of a collections call."""
    return refusal(record_id, _fault(errors[0]) if errors else Fault("UNKNOWN", ""))


def refusal(record_id: str, fault: Fault) -> WriteResult:
    """The result for a row that was refused for this reason."""
    reason = explain(fault.code, fault.message, fault.fields)
    return WriteResult(
        record_id=record_id,
        ok=False,
        code=fault.code,
        message=reason.sentence,
        next_step=reason.next_step,
        fields=fault.fields,
        retryable=reason.retryable,
    )


def _sentence(message: str) -> str:
    text = " ".join(message.split())
    return text if text.endswith(".") else f"{text}."
