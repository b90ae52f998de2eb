"""Links in mails by which their reader answers: genuine, for one thing, once, and never by merely being opened."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from admin import pace
from admin.log_filter import WithoutLinks
from sync.alerts import delivery as delivering
from sync.alerts import digest
from sync.fixing import links
from sync.fixing.linking import linked
from sync.models import AccountState, Alert, Delivery, Finding, Run, UsedLink
from tests.sync.outside import mailbox
from tests.sync.stage import Stage
from tests.sync.test_channels import free_port
from tests.sync.test_fixing import Desk, let_edit

ADDRESS = re.compile(r"/fix/[^\s\"'<]+")


@pytest.fixture
def desk(after_run: Stage) -> Desk:
    pace.forget()
    return Desk(after_run)


@pytest.fixture
def reader() -> Client:
    """Somebody with the mail and no login, whose browser keeps no cookies for us."""
    return Client(enforce_csrf_checks=True)


def message_to(desk: Desk, channel: str = "email") -> Delivery:
    made = Delivery.objects.create(owner=desk.owner, channel=channel, key=f"TL-x{Delivery.objects.count()}")
    made.alerts.set([desk.alert])
    return made


def content(part: Any) -> str:
    return str(part.get_payload(decode=True), "utf-8")


def link(desk: Desk, delivery: Delivery | None = None) -> str:
    address = links.make(delivery or message_to(desk), "finding", desk.finding.pk)
    return address[address.index("/fix/") :]


def choice(desk: Desk, value: str = "growth_partner") -> dict[str, str]:
    return {"choice": value, "seen_value_profile": ""}


def test_from_mail_to_crm_and_back_without_a_login(desk: Desk, reader: Client, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    let_edit(desk.stage, desk.owner.record_id)
    others = Finding.objects.filter(alert=desk.finding.alert).exclude(pk=desk.finding.pk)
    others.update(state=Finding.State.RESOLVED)
    with mailbox(settings.EMAIL_PORT) as mails:
        delivering.deliver(message_to(desk), timezone.now())
    (mail,) = mails
    text, html = (content(part) for part in mail.walk() if not part.is_multipart())
    (address,) = set(ADDRESS.findall(text))
    assert address in html.replace("&#x27;", "'")
    for personal in (desk.owner.name, desk.owner.email, desk.finding.record_id, desk.finding.record_name):
        assert personal not in address

    for _ in range(2):  # a mail scanner, and a preview
        page = reader.get(address)
        assert reader.head(address).status_code == 200
    assert not Run.objects.filter(kind=Run.Kind.ANSWER).exists()
    assert page.status_code == 200
    assert (page["Cache-Control"], page["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert "noindex" in page["X-Robots-Tag"]
    assert not page.cookies
    assert desk.finding.message in page.content.decode()

    done = reader.post(address, choice(desk), follow=True)
    assert "Written and read back" in done.content.decode()
    assert done["Referrer-Policy"] == "no-referrer"
    assert desk.in_crm()["Tierline_Value_Profile__c"] == "growth_partner"
    desk.finding.refresh_from_db()
    assert desk.finding.state == Finding.State.RESOLVED
    assert Alert.objects.get(pk=desk.alert.pk).state == Alert.State.RESOLVED

    again = reader.post(address, choice(desk, "uptime_first"))
    assert again.status_code == 410
    assert "This link has been used" in again.content.decode()
    assert desk.in_crm()["Tierline_Value_Profile__c"] == "growth_partner"
    UsedLink.objects.update(at=timezone.now() - timedelta(hours=1))
    assert desk.finding.record_name not in reader.get(f"{address}/answered", follow=True).content.decode()


def test_a_link_cannot_be_made_up_or_turned_to_another_record_or_person(
    desk: Desk, reader: Client, settings: Any
) -> None:
    let_edit(desk.stage, desk.owner.record_id)
    mine = message_to(desk)
    token = link(desk, mine).removeprefix("/fix/")
    value, stamp, signature = token.split("~")
    other = Finding.objects.exclude(pk=desk.finding.pk).filter(field="value_profile")[0]
    foreign = Delivery.objects.exclude(owner=desk.owner).filter(channel="email")[0]
    forged = [
        f"{value}~{stamp}~{signature[:-2]}xx",
        f"{mine.pk}.f{other.pk}~{stamp}~{signature}",
        f"{mine.pk}.a{desk.finding.pk}~{stamp}~{signature}",
        f"{foreign.pk}.f{desk.finding.pk}~{stamp}~{signature}",
        f"{value}~zzzzzz~{signature}",
        "x",
        "1.f1~1~" + "A" * 43,
    ]
    for each in forged:
        assert reader.post(f"/fix/{each}", choice(desk)).status_code == 404, each
    # A genuine link is good for its record alone, whatever the form says.
    reader.post(f"/fix/{token}", {**choice(desk), "finding": str(other.pk), "record_id": other.record_id})
    assert {run.changes.get().record_id for run in Run.objects.filter(kind=Run.Kind.ANSWER)} == {desk.finding.record_id}

    fresh = link(desk)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another secret of this installation"
    assert reader.get(fresh).status_code == 200, "an old secret opens its links while it is among the fallbacks"
    settings.SECRET_KEY_FALLBACKS = []
    assert reader.get(fresh).status_code == 404
    pace.forget()
    assert [reader.get("/fix/guess").status_code for _ in range(21)][-1] == 429
    assert reader.get(link(desk)).status_code == 200, "who guesses is slowed down, not whoever has a link"


def test_an_expired_or_used_link_offers_a_new_one_by_mail(
    desk: Desk, reader: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = link(desk)
    later = timezone.now() + timedelta(days=15)
    with monkeypatch.context() as clock:
        clock.setattr("time.time", later.timestamp)
        page = reader.get(address)
        assert page.status_code == 410
        assert desk.finding.record_name not in page.content.decode()
        assert reader.post(address, choice(desk)).status_code == 410
        assert "Send me a new link" in page.content.decode()
        waiting = Delivery.objects.filter(owner=desk.owner, channel="email", state=Delivery.State.PENDING)
        waiting.update(state=Delivery.State.SENT)
        for _ in range(2):
            assert "on its way" in reader.post(f"{address}/renew").content.decode()
        assert waiting.count() == 1, "the second waits for the first"
        assert reader.get(f"{address}/renew").status_code == 405
        for _ in range(4):
            status = reader.post(f"{address}/renew").status_code
        assert status == 429
    assert not Run.objects.filter(kind=Run.Kind.ANSWER).exists()
    Finding.objects.filter(pk=desk.finding.pk).update(state=Finding.State.RESOLVED)
    assert "Nothing has to be done" in reader.get(address).content.decode()


def test_an_answer_that_reached_nothing_leaves_the_link_good(desk: Desk, reader: Client) -> None:
    address = link(desk)
    page = reader.post(address, choice(desk), follow=True).content.decode()
    assert f"{desk.owner.name} may not edit Value profile in the CRM." in page.replace("&#x27;", "'")
    assert "Choose again" in page
    let_edit(desk.stage, desk.owner.record_id)
    assert "Written and read back" in reader.post(address, choice(desk), follow=True).content.decode()
    assert reader.get(address).status_code == 410


def test_a_reader_can_say_that_it_cannot_be_known_instead(desk: Desk, reader: Client) -> None:
    address = link(desk)
    assert "I cannot know this" in reader.get(address).content.decode()
    assert reader.post(address, {"deed": "cannot_know", "reason": " "}).status_code == 400
    assert reader.post(address, {"deed": "accept", "reason": "x"}).status_code == 400
    assert "Thank you" in reader.post(address, {"deed": "cannot_know", "reason": "They do not tell."}).content.decode()
    desk.finding.refresh_from_db()
    assert desk.finding.state == Finding.State.ASKED
    kept = desk.finding.history.get(event="cannot_know")
    assert (kept.by, kept.reason) == (desk.owner.name, "They do not tell.")
    assert reader.post(address, choice(desk)).status_code == 410


def test_what_others_wrote_is_escaped_and_what_is_not_on_offer_is_refused(desk: Desk, reader: Client) -> None:
    bad = "<img src=x onerror=alert(1)>"
    Finding.objects.filter(pk=desk.finding.pk).update(message=bad, fix=bad)
    AccountState.objects.filter(record_id=desk.finding.record_id).update(name=bad)
    address = link(desk)
    for page in (reader.get(address), reader.post(address, {"choice": bad, "seen_value_profile": bad})):
        text = page.content.decode()
        assert "<img" not in text
        assert "&lt;img" in text
    assert page.status_code == 400
    assert not UsedLink.objects.exists()


def test_links_go_to_one_person_only_and_not_into_logs(desk: Desk, caplog: Any) -> None:
    for channel, count in (("email", 1), ("slack", 0), ("crm_task", 0)):
        made = message_to(desk, channel)
        told = linked(
            digest.compose(made.key, made.owner, [desk.alert], timezone.now(), digest.Told(), first_attempt=True), made
        )
        assert any(item.answer_url for listed in told.lists for item in listed.items) == bool(count)
    address = link(desk)
    record = logging.LogRecord("django.request", 40, "", 1, "Internal Server Error: %s", (f"{address}/answered",), None)
    WithoutLinks().filter(record)
    assert record.getMessage() == "Internal Server Error: /fix/…/answered"
