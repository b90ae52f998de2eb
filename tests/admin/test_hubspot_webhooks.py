"""Webhooks of HubSpot: only genuine ones are believed, each marks what it is about once, and none of our own writes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from redis import Redis
from typer.testing import CliRunner

from admin import portfolios
from admin.cli.main import app
from admin.supervisor import private_redis
from admin.views import webhooks
from connectors.hubspot import signature
from connectors.sandbox.background import serving_portal
from connectors.sandbox.portal.portal import Portal
from connectors.sandbox.portal.writes import Change
from scoring import presets
from sync import vault
from sync.models import AccountState, Connection, Dirty, Portfolio

pytestmark = pytest.mark.django_db

SECRET, PUBLIC = "the app's secret", "https://tierline.acme.example"
NOW = int(time.time() * 1000)


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with private_redis() as url:
        yield url


@pytest.fixture
def connection(settings: Any, redis_url: str, tmp_path: Path) -> Connection:
    """A portal whose company 101 holds what we wrote."""
    settings.TIERLINE_URL, settings.REDIS_URL = PUBLIC, redis_url
    Redis.from_url(redis_url).flushall()
    portfolio = Portfolio.objects.create(name="default")
    portfolios.publish(portfolio, presets.path("default"))
    sealed = vault.seal({"access_token": "t", "client_secret": SECRET})
    made = Connection.objects.create(
        portfolio=portfolio, name="production", kind="hubspot", credentials=sealed, identity={"org_id": "4711"}
    )
    AccountState.objects.create(connection=made, record_id="101", name="Kone", written={"tier": "gold"})
    return made


def event(record: int = 101, name: str = "industry", value: str = "ENERGY", **more: Any) -> dict[str, Any]:
    return {
        "eventId": 1, "subscriptionId": 7, "portalId": 4711, "occurredAt": NOW, "attemptNumber": 0, "appId": 5,
        "subscriptionType": "company.propertyChange", "objectId": record, "propertyName": name,
        "propertyValue": value, "changeSource": "CRM_UI", **more,
    }  # fmt: skip


def send(client: Client, connection: Connection, *events: dict[str, Any], **wrong: Any) -> Any:
    """What HubSpot sends: signed for the public address, whatever host the request has when it arrives."""
    body = json.dumps(events).encode()
    path = f"/webhooks/hubspot/{connection.pk}"
    stamp = str(wrong.get("stamp", int(time.time() * 1000)))
    signed = signature.signed(
        wrong.get("secret", SECRET), "POST", wrong.get("host", PUBLIC) + path, wrong.get("body", body), stamp
    )
    headers = {"X-HubSpot-Signature-V3": signed.decode(), "X-HubSpot-Request-Timestamp": stamp}
    return client.post(path, body, content_type="application/json", headers=headers)


def marked() -> list[str]:
    return sorted(Dirty.objects.values_list("record_id", flat=True))


def test_a_persons_edit_marks_the_company_once(client: Client, connection: Connection) -> None:
    edit = event()
    assert send(client, connection, edit).json() == {"events": 1, "new": 1}
    assert marked() == ["101"]
    assert send(client, connection, {**edit, "attemptNumber": 1}, event(102)).json() == {"events": 2, "new": 1}
    assert marked() == ["101", "102"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "another"},
        {"host": "http://localhost:8000"},
        {"body": b"[]"},
        {"stamp": NOW - 301_000},
        {"stamp": NOW + 400_000},
        {"stamp": "now"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_what_is_not_signed_for_this_address_and_moment_is_not_believed(
    client: Client, connection: Connection, wrong: dict[str, Any]
) -> None:
    reply = send(client, connection, event(), **wrong)
    assert reply.status_code == 401
    assert SECRET not in reply.content.decode()
    assert marked() == []


def test_our_own_writes_are_known_by_their_value(client: Client, connection: Connection) -> None:
    """Whoever is named as the source: a person may have chosen what we wrote, and we what a person had."""
    ours = event(name="tierline_tier", value="gold")
    kept = event(name="tierline_tier_reason", value="412 k€ margin")
    assert send(client, connection, ours, kept).json()["new"] == 2
    assert marked() == []
    theirs = event(name="tierline_tier", value="silver", changeSource="INTEGRATION", occurredAt=NOW + 5)
    send(client, connection, theirs)
    assert marked() == ["101"]


def test_the_last_of_several_edits_counts_in_whatever_order_they_come(client: Client, connection: Connection) -> None:
    back = event(name="tierline_tier", value="gold", occurredAt=NOW + 9, eventId=3)
    away = event(name="tierline_tier", value="silver", occurredAt=NOW + 4, eventId=2)
    send(client, connection, back, away)
    assert marked() == []


def test_other_records_merges_and_other_portals(client: Client, connection: Connection) -> None:
    merge = {
        "eventId": 2, "subscriptionType": "company.merge", "portalId": 4711, "occurredAt": NOW,
        "primaryObjectId": 11, "mergedObjectIds": [12, 13], "newObjectId": 14,
    }  # fmt: skip
    deal = {"eventId": 3, "subscriptionType": "object.creation", "objectTypeId": "0-3", "portalId": 4711,
            "occurredAt": NOW, "objectId": 900}  # fmt: skip
    assert send(client, connection, merge, deal, event(5, portalId=1)).json() == {"events": 3, "new": 2}
    assert marked() == ["", "11", "12", "13", "14"]


def test_what_is_no_list_of_events_is_refused(client: Client, connection: Connection) -> None:
    assert send(client, connection, {"hello": "world"}).status_code == 400
    assert client.get(f"/webhooks/hubspot/{connection.pk}").status_code == 405
    assert client.post("/webhooks/hubspot/9999", b"[]", content_type="application/json").status_code == 404
    Connection.objects.update(credentials=vault.seal({"access_token": "t"}))
    assert send(client, connection, event()).status_code == 503


def test_the_command_line_says_what_to_enter_and_keeps_the_secret(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIERLINE_CLIENT_SECRET", "renewed")
    said = CliRunner().invoke(app, ["connection", "webhooks", "production", "--json"])
    assert said.exit_code == 0, said.output
    told = json.loads(said.output)
    assert told["address"] == f"{PUBLIC}/webhooks/hubspot/{connection.pk}"
    assert {"industry", "tierline_segment", "tierline_tier"} <= set(told["properties"]["Company"])
    assert not {"tierline_tier_reason", "hs_lastmodifieddate"} & set(told["properties"]["Company"])
    assert {"amount", "dealstage"} <= set(told["properties"]["Deal"])
    connection.refresh_from_db()
    assert vault.unseal(connection.credentials) == {"access_token": "t", "client_secret": "renewed"}
    assert "Target URL" in CliRunner().invoke(app, ["connection", "webhooks", "production"]).output


@pytest.mark.django_db(transaction=True)
def test_a_portal_tells_us_of_what_people_do(
    live_server: Any, settings: Any, connection: Connection, tmp_path: Path
) -> None:
    """The sandbox signs and sends as HubSpot does: out of order, some of it twice."""
    settings.TIERLINE_URL = live_server.url
    with Portal.open(tmp_path / "portal") as portal, serving_portal(portal) as hub:
        connection.identity = {"org_id": str(portal.portal_id)}
        connection.credentials = vault.seal({"client_secret": hub.facts["client_secret"]})
        connection.save()
        app = f"/webhooks/v3/{portal.apps.client.app_id}"
        target = {"targetUrl": webhooks.address(connection), "throttling": {"maxConcurrentRequests": 5}}
        hub.request("PUT", f"{app}/settings", json=target).raise_for_status()
        for wanted in (
            {"eventType": "company.creation"},
            {"eventType": "company.propertyChange", "propertyName": "city"},
        ):
            hub.request("POST", f"{app}/subscriptions", json={**wanted, "active": True}).raise_for_status()
        portal.set_setting("webhook_disorder", True)
        kind = portal.kinds()["companies"]
        made = portal.create(kind, [{"name": "New"}, {"name": "Other"}])
        portal.update(kind, [Change(str(made[0]), {"city": "Espoo"})])
        for _ in range(200):
            if marked() and set(marked()) == {str(each) for each in made}:
                break
            time.sleep(0.05)
        assert set(marked()) == {str(each) for each in made}
