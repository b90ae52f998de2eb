"""Webhooks of a portal: who is told what, signed so that HubSpot's own check accepts it, and again after a failure."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hubspot.utils.signature import Signature

from connectors.sandbox.background import ServedPortal
from connectors.sandbox.portal.standard import OBJECT_TYPES
from connectors.sandbox.portal.writes import Change

KIND = OBJECT_TYPES["companies"]


class Receiver:
    """An app that notes what it is sent; `statuses` are its next answers, then it accepts."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.requests.append((dict(self.headers), body))
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hooks?from=hubspot"

    def events(self) -> list[dict[str, Any]]:
        return [event for _, body in self.requests for event in json.loads(body)]


def until(check: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not check():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def receiver(hub: ServedPortal) -> Iterator[Receiver]:
    """Subscribed to the life of companies and to one of their properties."""
    made = Receiver()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,))
    thread.start()
    app = f"/webhooks/v3/{hub.portal.apps.client.app_id}"
    settings = {"targetUrl": made.url, "throttling": {"maxConcurrentRequests": 5}}
    assert hub.request("PUT", f"{app}/settings", json=settings).status_code == 200
    for wanted in (
        {"eventType": "company.creation"}, {"eventType": "company.deletion"}, {"eventType": "company.merge"},
        {"eventType": "company.propertyChange", "propertyName": "city"},
    ):  # fmt: skip
        answer = hub.request("POST", f"{app}/subscriptions", json={**wanted, "active": True})
        assert answer.status_code == 201
    yield made
    for each in hub.request("GET", f"{app}/subscriptions").json()["results"]:
        hub.request("DELETE", f"{app}/subscriptions/{each['id']}")
    for setting in ("webhook_retries", "webhook_disorder"):
        hub.portal.set_setting(setting, None)
    made.server.shutdown()
    made.server.server_close()
    thread.join()


def test_apps_hear_what_they_subscribed_to_and_who_did_it(hub: ServedPortal, receiver: Receiver) -> None:
    portal = hub.portal
    (record,) = (each for each in portal.create(KIND, [{"name": "Heard"}]) if isinstance(each, int))
    portal.update(KIND, [Change(str(record), {"city": "Turku", "country": "FI"})])
    patch = {"properties": {"city": "Pori"}}
    hub.request("PATCH", f"/crm/v3/objects/companies/{record}", json=patch)
    hub.request("PATCH", f"/crm/v3/objects/companies/{record}", json=patch)  # nothing changes
    portal.archive(KIND, [str(record)])
    until(lambda: len(receiver.events()) >= 4)
    created, by_person, by_app, deleted = sorted(receiver.events(), key=lambda each: each["eventId"])
    assert (created["subscriptionType"], created["changeFlag"]) == ("company.creation", "CREATED")
    assert (deleted["subscriptionType"], deleted["changeFlag"]) == ("company.deletion", "DELETED")
    assert {name: by_person[name] for name in ("propertyName", "propertyValue", "changeSource", "sourceId")} == {
        "propertyName": "city", "propertyValue": "Turku", "changeSource": "CRM_UI",
        "sourceId": f"userId:{portal.admin.user_id}",
    }  # fmt: skip
    assert (by_app["propertyValue"], by_app["changeSource"]) == ("Pori", "INTEGRATION")
    assert by_app["occurredAt"] >= by_person["occurredAt"] > 1_700_000_000_000
    assert {
        (each["portalId"], each["appId"], each["objectId"], each["attemptNumber"]) for each in receiver.events()
    } == {(portal.portal_id, portal.apps.client.app_id, record, 0)}


def test_the_signature_is_the_one_hubspots_client_checks(hub: ServedPortal, receiver: Receiver) -> None:
    hub.portal.create(KIND, [{"name": "Signed"}])
    until(lambda: bool(receiver.requests))
    headers, body = receiver.requests[0]
    secret = hub.portal.apps.client.secret
    known = {
        "signature_version": "v3", "http_method": "POST", "http_uri": receiver.url, "request_body": body.decode(),
        "timestamp": headers["X-HubSpot-Request-Timestamp"],
    }  # fmt: skip
    assert Signature.is_valid(headers["X-HubSpot-Signature-V3"], secret, **known)
    assert not Signature.is_valid(headers["X-HubSpot-Signature-V3"], secret, **{**known, "request_body": "[]"})


def test_events_come_by_the_hundred_and_again_after_a_failure(hub: ServedPortal, receiver: Receiver) -> None:
    hub.portal.set_setting("webhook_retries", [0.3, 0.01])
    receiver.statuses = [500, 200, 500]
    ids = hub.portal.create(KIND, [{"name": f"Many {number}"} for number in range(130)])
    until(lambda: len(receiver.requests) >= 4)
    sent = [json.loads(body) for _, body in receiver.requests]
    told = [(len(events), events[0]["attemptNumber"]) for events in sent]
    assert told == [(100, 0), (30, 0), (100, 1), (100, 2)]
    assert {each["objectId"] for each in receiver.events()} == set(ids)


def test_order_and_single_delivery_can_be_withheld(hub: ServedPortal, receiver: Receiver) -> None:
    hub.portal.set_setting("webhook_disorder", True)
    hub.portal.create(KIND, [{"name": f"Mess {number}"} for number in range(10)])
    until(lambda: len({each["eventId"] for each in receiver.events()}) >= 10)
    numbers = [each["eventId"] for each in receiver.events()]
    assert len(numbers) > len(set(numbers))
    assert numbers != sorted(numbers)


def test_a_merge_names_the_records_it_was_made_of(hub: ServedPortal, receiver: Receiver) -> None:
    first, second = hub.portal.create(KIND, [{"name": "A"}, {"name": "B"}])
    new = hub.portal.merge(KIND, str(first), str(second))
    until(lambda: any(each["subscriptionType"] == "company.merge" for each in receiver.events()))
    (told,) = (each for each in receiver.events() if each["subscriptionType"] == "company.merge")
    assert (told["primaryObjectId"], told["mergedObjectIds"], told["newObjectId"]) == (first, [second], new)


@pytest.mark.parametrize(
    "wanted",
    [{"eventType": "company.exploded"}, {"eventType": "company.propertyChange"}, {"eventType": "task.creation"}],
)
def test_what_cannot_be_subscribed_to_is_refused(hub: ServedPortal, wanted: dict[str, str]) -> None:
    path = f"/webhooks/v3/{hub.portal.apps.client.app_id}/subscriptions"
    assert hub.request("POST", path, json=wanted).status_code == 400
