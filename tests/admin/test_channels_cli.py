"""Channels and the log of messages on the command line: secrets go in, and never come out."""

from __future__ import annotations

import json
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from django.utils import timezone
from typer.testing import CliRunner

from admin.cli.main import app
from sync.models import AuditEvent, Delivery, Destination
from tests.admin import console_cast as cast
from tests.sync.outside import web

pytestmark = pytest.mark.django_db
KEY = "whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0"


def tierline(*words: str, code: int = 0, **env: str) -> str:
    result = CliRunner().invoke(app, [*words], env={"COLUMNS": "300", **env})
    assert result.exit_code == code, result.output
    return str(result.output)


def test_a_channel_is_added_tested_disabled_enabled_and_removed(people: cast.Cast, settings: Any) -> None:
    settings.WEBHOOK_NETWORKS = [ip_network("127.0.0.0/8")]
    with web() as outside:
        secret: dict[str, Any] = {"TIERLINE_CHANNEL_URL": outside.url, "TIERLINE_CHANNEL_KEY": KEY}
        said = tierline("channels", "add", "webhook", "erp", "--high", "--as", "ada", **secret)
        said += tierline("channels", "test", "erp")
        outside.answer = (404, "gone", {})
        said += tierline("channels", "test", "erp", code=1)
        said += tierline("channels", "disable", "erp")
        assert "disabled" in tierline("channels", "list")
        said += tierline("channels", "enable", "erp") + tierline("channels", "list", "--json")
        said += tierline("channels", "remove", "erp", "--json")
    assert len(outside.requests) == 2
    assert "secretpart" not in said
    assert KEY not in said
    assert "answered 404: gone" in said
    assert not Destination.objects.exists()
    assert list(AuditEvent.objects.order_by("pk").values_list("action", flat=True)) == [
        "channel added",
        "channel disabled",
        "channel enabled",
        "channel removed",
    ]


def test_wrong_input_is_told(people: cast.Cast) -> None:
    assert "no kind of channel" in tierline("channels", "add", "pigeon", "x", code=2)
    assert "no channel 'x'" in tierline("channels", "test", "x", code=2)
    assert "retired" in tierline(
        "channels", "add", "teams", "x", code=2, TIERLINE_CHANNEL_URL="https://a.webhook.office.com/1"
    )
    assert "no state of a message" in tierline("alerts", "deliveries", "--state", "lost", code=2)


def test_a_place_that_is_not_public_takes_no_test(people: cast.Cast) -> None:
    tierline("channels", "add", "slack", "inside", TIERLINE_CHANNEL_URL="https://127.0.0.1/services/x")
    assert "no public address" in tierline("channels", "test", "inside", code=1)


def test_a_person_sees_why_nothing_has_come_yet_and_chooses_a_rhythm(people: cast.Cast) -> None:
    said = tierline("alerts", "rhythm", "mika@example.com", "--low", "weekly", "--zone", "Asia/Tokyo", "--as", "ada")
    assert "low     weekly      (own choice); found now, told Mon" in said
    assert "time zone Asia/Tokyo (own choice)" in said
    assert "Nothing waits to be sent." in said
    assert AuditEvent.objects.get(action="rhythm chosen").actor == "ada"
    later = timezone.now() + timedelta(days=1)
    Delivery.objects.update(state="pending", not_before=later)
    shown = tierline("alerts", "when", "Mika Laine", "--json")
    (waiting,) = json.loads(shown)["waiting"]
    assert (waiting["why"], waiting["next"]) == ("the person's rhythm", f"{later:%Y-%m-%d %H:%M}")
    assert tierline("alerts", "when", "mika@example.com").count("TL-") == 1
    assert "later than daily" in tierline("alerts", "rhythm", "mika@example.com", "--high", "weekly", code=2)
    assert "has ever had an alert" in tierline("alerts", "when", "nobody@example.com", code=2)
    assert "Nothing was chosen" in tierline("alerts", "rhythm", "mika@example.com", code=2)
    assert "low     at once" in tierline("alerts", "rhythm", "mika@example.com", "--low", "", "--quiet", "19:00-07:00")
    assert "nothing from 19:00 to 07:00" in tierline("alerts", "when", "mika@example.com")


def test_the_log_names_each_message_and_what_became_of_it(people: cast.Cast) -> None:
    said = tierline("alerts", "deliveries", "--state", "sent")
    assert "Mika Laine" in said
    assert f"TL-{people.alert.pk}" in said
    assert "No such message" in tierline("alerts", "deliveries", "--state", "failed")
    assert "No such message" in tierline("alerts", "deliveries", "--for", "anna@example.com")
    assert "Mika Laine" in tierline("alerts")


def test_a_notification_needs_no_address(people: cast.Cast) -> None:
    said = tierline("channels", "add", "notification", "bell")
    assert "Messages about new alerts go to bell as well" in said
    assert Destination.objects.get().shown == people.connection.name
    assert "bell" in tierline("channels", "list")
