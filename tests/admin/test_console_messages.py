"""The log of messages, channels, and each person's rhythm in the console."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from sync.models import AuditEvent, Delivery, Destination, OwnRhythm, Todo
from tests.admin import console_cast as cast
from tests.sync.outside import web

pytestmark = pytest.mark.django_db
SOON = timedelta(hours=9)


@pytest.fixture
def log(people: cast.Cast) -> Delivery:
    """A mail that was sent, a second one that failed once, and a task that could not be brought up to date."""
    mika = people.alert.owner
    later = Delivery.objects.create(
        owner=mika,
        channel="email",
        key="TL-later",
        attempts=1,
        error="The mail server did not take it.",
        not_before=timezone.now() + SOON,
    )
    later.alerts.add(people.alert)
    Todo.objects.create(owner=mika, key="TL-task", state="failed", error="The user may not have tasks.", attempts=1)
    return later


def test_the_log_says_who_got_what_and_what_failed_and_why(people: cast.Cast, log: Delivery, seen: Client) -> None:
    page = seen.get("/alerts/messages")
    assert [row.key for row in page.context["rows"]] == ["TL-task", "TL-later", f"TL-{people.alert.pk}"]
    text = page.content.decode()
    for words in ("The mail server did not take it.", "try 2 after a failure", "The user may not have tasks.", "next "):
        assert words in text
    assert [row.key for row in seen.get("/alerts/messages?state=sent").context["rows"]] == [f"TL-{people.alert.pk}"]
    mika = people.alert.owner_id
    assert len(seen.get(f"/alerts/messages?person={mika}").context["rows"]) == 3
    for query in (f"person={mika + 1}", "state=needless"):
        assert "No message fits." in seen.get(f"/alerts/messages?{query}").content.decode()
    assert seen.get("/alerts/messages?person=x&page=y&state=z").status_code == 200
    shown = seen.get(f"/alerts/{people.alert.pk}").content.decode()
    assert "not brought up to date</span> The user may not have tasks." in shown
    assert "to be sent <time" in shown


def test_older_messages_are_on_the_next_page(people: cast.Cast, seen: Client) -> None:
    mika = people.alert.owner
    Delivery.objects.bulk_create(Delivery(owner=mika, channel="email", key=f"TL-{n}-x") for n in range(60))
    first = seen.get("/alerts/messages")
    assert (len(first.context["rows"]), first.context["following"]) == (50, "?page=2")
    second = seen.get("/alerts/messages?page=2").context
    assert (len(second["rows"]), second["previous"], second["following"]) == (11, "?page=1", "")


def test_a_person_sees_why_nothing_came_yet_and_chooses_for_himself_only(
    people: cast.Cast, log: Delivery, client: Client
) -> None:
    mika = people.alert.owner
    address = f"/alerts/people/{mika.pk}"
    stranger = cast.user("somebody")
    client.force_login(stranger)
    page = client.get(address).content.decode()
    assert "at once" in page
    assert "TL-later" in page
    assert "Own choice" not in page
    assert client.post(f"{address}/choose", {"low": "weekly"}).status_code == 403
    assert client.get(f"{address}/choose").status_code == 405
    stranger.email = mika.email.upper()
    stranger.save()
    wanted = {"low": "weekly", "medium": "", "at": "09:30", "weekday": "", "time_zone": "Asia/Tokyo"}
    page = client.post(f"{address}/choose", wanted, follow=True).content.decode()
    assert "Kept." in page
    assert "digests at 09:30" in page.lower()
    assert "Asia/Tokyo (own choice)" in page
    own = OwnRhythm.objects.get()
    assert (own.email, own.low, own.medium) == (mika.email, "weekly", "")
    assert AuditEvent.objects.get(action="rhythm chosen").actor == "somebody"
    page = client.post(f"{address}/choose", {"high": "weekly"}, follow=True).content.decode()
    assert "later than daily" in page
    assert client.get("/alerts/people/999").status_code == 404


def test_staff_add_try_disable_and_remove_a_channel_and_nobody_sees_its_address(
    people: cast.Cast, client: Client, settings: Any
) -> None:
    client.force_login(cast.user("ada", staff=True))
    settings.WEBHOOK_NETWORKS = [ip_network("127.0.0.0/8")]

    def wish(words: str, number: int) -> str:
        return client.post(f"/alerts/messages/channels/{number}", {"wish": words}, follow=True).content.decode()

    assert "No channel beside mails" in client.get("/alerts/messages/channels").content.decode()
    with web() as outside:
        form = {"kind": "slack", "name": "team", "url": outside.url, "only_high": "on", "only_for": "mika@example.com"}
        said = client.post("/alerts/messages/channels/add", form, follow=True).content.decode()
        assert "severe problems of mika@example.com" in said
        made = Destination.objects.get()
        said += wish("test", made.pk)
        assert "took the message" in said
        outside.answer = (404, "gone", {})
        said += wish("test", made.pk)
        assert "answered 404: gone" in said
        assert "team is disabled" in wish("disable", made.pk)
        assert "team is enabled" in wish("enable", made.pk)
        assert "Choose what to do" in wish("explode", made.pk)
        assert "is removed" in wish("remove", made.pk)
    assert "secretpart" not in said
    for wrong in ({**form, "name": " "}, {**form, "kind": "pigeon"}):
        client.post("/alerts/messages/channels/add", wrong)
    assert not Destination.objects.exists()


def test_others_see_channels_and_change_none(people: cast.Cast, seen: Client) -> None:
    made = Destination.objects.create(
        portfolio=people.portfolio, name="team", kind="slack", sealed=b"", shown="hooks.example", problem="It is gone."
    )
    Destination.objects.update(state=Destination.State.DISABLED)
    page = seen.get("/alerts/messages/channels").content.decode()
    assert "It is gone." in page
    assert "Add a channel" not in page
    assert seen.post(f"/alerts/messages/channels/{made.pk}", {"wish": "remove"}).status_code == 403
    assert seen.post("/alerts/messages/channels/add", {}).status_code == 403
