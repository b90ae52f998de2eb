"""Every failure has one class, a code, a sentence and a next step."""

from __future__ import annotations

import json

import pytest
import requests

from connectors.errors import AuthRevoked, ConnectorError, Fatal, Locked, MissingScope, RateLimited, SchemaMismatch
from connectors.errors import Unavailable as Gone
from connectors.salesforce.errors import from_exception, from_response, row_result
from connectors.salesforce.rejections import REASONS

NO_COLUMN = (
    "\nSELECT Id, Tier__c FROM Account\n           ^\nERROR at Row:1:Column:12\nNo such column 'Tier__c' on entity "
    "'Account'. If you are attempting to use a custom field, be sure to append the '__c' after the field name."
)


def response(status: int, body: object, **headers: str) -> requests.Response:
    reply = requests.Response()
    reply.status_code = status
    reply.url = "https://acme.my.salesforce.com/services/data/v63.0/query/"
    reply.headers.update(headers)
    reply._content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return reply


@pytest.mark.parametrize(
    ("status", "code", "message", "expected", "words"),
    [
        (401, "INVALID_SESSION_ID", "Session expired", AuthRevoked, "does not accept our credentials"),
        (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", RateLimited, "takes no more API calls"),
        (429, "TOO_MANY", "slow down", RateLimited, "takes no more API calls"),
        (403, "INSUFFICIENT_ACCESS", "insufficient access rights", MissingScope, "does not let the integration user"),
        (403, "API_DISABLED_FOR_ORG", "API is not enabled", MissingScope, "does not let the integration user"),
        (403, "SOMETHING_NEW", "no", MissingScope, "refuses this to the integration user"),
        (400, "INVALID_FIELD", NO_COLUMN, SchemaMismatch, r"no field Account\.Tier__c"),
        (400, "INVALID_TYPE", "sObject type 'Order' is not supported.", SchemaMismatch, "no object Order"),
        (400, "INVALID_FIELD", "Didn't understand relationship 'Ownr' in field path.", SchemaMismatch, "Ownr"),
        (400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access", Locked, "Another process"),
        (400, "MALFORMED_QUERY", "unexpected token: FORM", Fatal, "unexpected token: FORM"),
        (404, "NOT_FOUND", "The requested resource does not exist", Fatal, "no longer exists"),
        (500, "UNKNOWN_EXCEPTION", "An unexpected error occurred", Gone, "not available"),
        (503, "SERVER_UNAVAILABLE", "We are down for maintenance", Gone, "down for maintenance"),
    ],
)  # fmt: skip
def test_a_refused_request_has_one_class(
    status: int, code: str, message: str, expected: type[ConnectorError], words: str
) -> None:
    error = from_response(response(status, [{"errorCode": code, "message": message}]))
    assert type(error) is expected
    assert error.code == code
    assert error.next_step.endswith((".", "com"))
    with pytest.raises(expected, match=words):
        raise error


def test_a_maintenance_page_with_503_is_a_server_failure() -> None:
    error = from_response(response(503, "<html><body>down</body></html>", **{"Content-Type": "text/html"}))
    assert isinstance(error, Gone)


def test_several_records_for_one_external_id_are_named() -> None:
    assert "several records" in str(from_response(response(300, ["/services/data/v63.0/sobjects/Account/001"])))


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (requests.ConnectTimeout("slow"), "did not answer in time"),
        (requests.ReadTimeout("slow"), "did not answer in time"),
        (requests.ConnectionError("Failed to resolve: NameResolutionError"), "name service"),
        (requests.ConnectionError("[Errno 111] Connection refused"), "refuses the connection"),
        (requests.ConnectionError("Remote end closed connection"), "broke the connection"),
    ],
)
def test_a_broken_connection_names_the_host_and_how(broken: requests.RequestException, words: str) -> None:
    error = from_exception(broken, "acme.my.salesforce.com")
    assert isinstance(error, Gone)
    assert "acme.my.salesforce.com" in str(error)
    assert words in str(error)


def test_an_untrusted_certificate_stops_the_run() -> None:
    error = from_exception(requests.exceptions.SSLError("certificate verify failed"), "acme.my.salesforce.com")
    assert type(error) is Fatal
    assert "certificate" in str(error)


@pytest.mark.parametrize("code", sorted(REASONS))
def test_every_known_refusal_of_a_record_reads_as_a_sentence(code: str) -> None:
    result = row_result("001000000000001AAA", [{"statusCode": code, "message": "because", "fields": ["Tier__c"]}])
    assert not result.ok
    assert result.code == code
    assert result.message.endswith(".")
    assert result.next_step.endswith(".")
    assert "{" not in result.message + result.next_step
    assert result.fields == ("Tier__c",)


def test_only_refusals_that_may_pass_are_retryable() -> None:
    again = {code for code, reason in REASONS.items() if reason.retryable}
    assert {"UNABLE_TO_LOCK_ROW", "UNKNOWN_EXCEPTION", "ALL_OR_NONE_OPERATION_ROLLED_BACK"} <= again
    assert not again & {"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "FIELD_CUSTOM_VALIDATION_EXCEPTION"}


def test_an_unknown_code_keeps_salesforces_words() -> None:
    result = row_result("001000000000001AAA", [{"statusCode": "BRAND_NEW", "message": "the moon is full"}])
    assert "the moon is full" in result.message
    assert "BRAND_NEW" in result.next_step


def test_a_refusal_without_errors_is_still_an_outcome() -> None:
    result = row_result("001000000000001AAA", [])
    assert not result.ok
    assert result.message
