"""Slack, Teams and webhooks, against servers that answer as they do; and what they must never reach."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import smtplib
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from django.core import mail

from sync import vault
from sync.alerts import delivery, destinations, due, notices, outbox
from sync.alerts.channels import outbound
from sync.alerts.channels.base import DeliveryError, Item, Listed, Message
from sync.alerts.channels.slack.blocks import payload as slack_payload
from sync.alerts.channels.teams.card import payload as teams_payload
from sync.alerts.channels.webhook.channel import Webhook
from sync.models import Alert, AuditEvent, Delivery, Destination, Notice, Todo
from tests.sync.office import NOW, Office, found
from tests.sync.outside import Outside, mailbox, web

KEY = "whsec_" + base64.b64encode(b"k" * 32).decode()
HOUR = timedelta(hours=1)


@pytest.fixture
def local(settings: Any) -> Iterator[Outside]:
    """A server on this machine, which an administrator has allowed."""
    settings.WEBHOOK_NETWORKS = [ip_network("127.0.0.0/8")]
    with web() as outside:
        yield outside


@pytest.fixture
def office(db: None) -> Office:
    return Office.open()


def message(**facts: Any) -> Message:
    items = [Item("A & <!channel> | [x](y) *b*", "https://acme.example/1", "Segment is missing.", "Choose one.")]
    listed = Listed("3 records: segment missing", "missing", "You own it.", items, 3, date(2026, 11, 27), "https://t/1")
    whole = Message(
        "TL-1", "Mika", "mika@example.com", "u1", listed.title, [listed], 3, listed.due_on, "https://t/1", NOW
    )
    return replace(whole, **facts)


def add(office: Office, outside: Outside, kind: str = "slack", **facts: Any) -> Destination:
    return destinations.add(office.portfolio, kind, kind, {"url": outside.url, "key": KEY}, "ada", **facts)


@pytest.mark.parametrize("kind", ["slack", "teams", "webhook"])
def test_one_message_goes_to_every_channel_once(office: Office, local: Outside, kind: str) -> None:
    add(office, local, kind)
    office.check([found(1), found(2), found(3, rule="not_in_list")])
    assert office.send() == 2, "a mail and a message"
    assert office.send() == 0
    ((path, headers, content),) = local.requests
    assert path == "/services/T0/B0/secretpart"
    assert "Account 1" in content.decode()
    assert Delivery.objects.get(channel=kind).key in content.decode()
    assert headers["content-type"] == "application/json"


def test_slack_gets_blocks_within_its_limits_and_no_markup_of_others() -> None:
    lists = [replace(message().lists[0], total=400, items=[*message().lists[0].items] * 30)] * 30
    sent = slack_payload(message(subject="s" * 400, lists=lists, cost="It costs <much>."))
    text = json.dumps(sent)
    assert len(sent["blocks"]) <= 50
    assert len(sent["blocks"][0]["text"]["text"]) <= 150
    assert all(len(block["text"]["text"]) <= 3000 for block in sent["blocks"] if block["type"] == "section")
    assert "<!channel>" not in text
    assert "<https://acme.example/1|A &amp; &lt;!channel&gt; / [x](y) *b*>" in text


def test_a_mail_shows_what_others_wrote_as_text(office: Office) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    office.check([replace(found(1), record_name=hostile, message=f"{hostile} {{{{ message }}}}", fix='"><b>now</b>')])
    office.send()
    (told,) = mail.outbox
    assert isinstance(told, mail.EmailMultiAlternatives)
    (html,) = (str(part[0]) for part in told.alternatives)
    assert "<img" not in html
    assert "<b>now" not in html
    assert "&lt;img src=x onerror=alert(1)&gt; {{ message }}" in html
    assert hostile in told.body, "in the text it stands as it is"


def test_teams_gets_a_card_within_its_size_and_no_markup_of_others() -> None:
    lists = [replace(message().lists[0], total=400, items=[*message().lists[0].items] * 30)] * 30
    sent = teams_payload(message(lists=lists))
    card = sent["attachments"][0]
    assert (sent["type"], card["contentType"]) == ("message", "application/vnd.microsoft.card.adaptive")
    assert (card["content"]["type"], card["content"]["version"]) == ("AdaptiveCard", "1.4")
    assert len(json.dumps(sent)) < 28_000
    assert r"[A & <!channel\> \| \[x\]\(y\) \*b\*](https://acme.example/1)" in card["content"]["body"][3]["text"]


def test_a_webhook_is_signed_and_a_retry_has_the_same_id(local: Outside) -> None:
    channel = Webhook(local.url, KEY)
    for sent_at in (NOW, NOW + HOUR):
        channel.send(message(sent_at=sent_at))
    assert [headers["webhook-id"] for _, headers, _ in local.requests] == ["TL-1", "TL-1"]
    for _, headers, content in local.requests:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + content
        expected = base64.b64encode(hmac.new(b"k" * 32, signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{expected}"
    assert local.requests[0][2] == local.requests[1][2]
    assert json.loads(local.requests[0][2])["alerts"][0]["rule"] == "missing"


def test_a_server_away_for_an_hour_gets_each_message_once(office: Office, local: Outside) -> None:
    add(office, local)
    local.answer = (503, "later", {})
    office.check([found(1)])
    for minute in range(60):
        office.send(NOW + timedelta(minutes=minute))
    assert len(local.requests) == 4, "with growing pauses"
    local.answer = (200, "ok", {})
    local.requests.clear()
    for minute in range(60, 240):
        office.send(NOW + timedelta(minutes=minute))
    assert len(local.requests) == 1
    assert Delivery.objects.get(channel="slack").state == "sent"


def test_it_waits_as_long_as_the_other_side_asks(office: Office, local: Outside) -> None:
    add(office, local)
    local.answer = (429, "slow down", {"Retry-After": "1800"})
    office.check([found(1)])
    office.send()
    assert Delivery.objects.get(channel="slack").not_before == NOW + HOUR / 2


def test_a_message_that_is_refused_every_time_is_given_up(office: Office, local: Outside) -> None:
    add(office, local)
    local.answer = (500, "broken", {})
    office.check([found(1)])
    for hour in range(48):
        office.send(NOW + hour * HOUR)
    assert (len(local.requests), Delivery.objects.get(channel="slack").state) == (8, "failed")


@pytest.mark.parametrize("answer", [(404, "no_service", {}), (410, "channel_is_archived", {}), (302, "", {})])
def test_a_channel_that_is_gone_is_disabled_and_the_administrator_hears_it_once(
    office: Office, local: Outside, answer: tuple[int, str, dict[str, str]]
) -> None:
    place = add(office, local)
    local.answer = answer
    office.check([found(1)])
    office.send()
    office.check([found(1), found(2, rule="not_in_list")])
    office.send(NOW + HOUR)
    assert len(local.requests) == 1
    place.refresh_from_db()
    assert place.state == Destination.State.DISABLED
    notice = Notice.objects.get()
    notices.send(notice, NOW)
    assert mail.outbox[-1].to == ["ada@example.com"]
    assert "The channel slack takes no messages any more" in mail.outbox[-1].subject
    assert "secretpart" not in mail.outbox[-1].body
    local.answer = (200, "ok", {})
    destinations.switch(place, True, "ada")
    office.send(NOW + HOUR)
    assert len(local.requests) == 3, "nothing that waited is lost"


def test_a_payload_that_is_refused_does_not_disable_the_channel(office: Office, local: Outside) -> None:
    place = add(office, local)
    local.answer = (400, "invalid_payload", {})
    office.check([found(1)])
    office.send()
    place.refresh_from_db()
    assert (place.state, office.states("slack")) == ("enabled", ["failed"])
    assert "invalid_payload" in Delivery.objects.get(channel="slack").error


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "localhost",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "[::1]",
        "[fe80::1]",
        "[fd00::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:7f00:1::]",
        "0x7f.1",
        "2130706433",
    ],
)
def test_addresses_that_are_not_public_are_not_reached(settings: Any, address: str) -> None:
    with pytest.raises(DeliveryError, match="no public address") as refused:
        outbound.resolve(f"https://{address}/hook")
    assert refused.value.broken


def test_an_allowed_network_is_reached_and_its_neighbours_are_not(settings: Any) -> None:
    settings.WEBHOOK_NETWORKS = [ip_network("10.1.0.0/16"), ip_network("fd00::/64")]
    assert outbound.resolve("http://10.1.2.3/hook").addresses == ["10.1.2.3"]
    assert outbound.resolve("https://[fd00::1]/hook").port == 443
    with pytest.raises(DeliveryError, match="no public address"):
        outbound.resolve("https://10.2.0.1/hook")


def test_one_address_of_many_is_enough_to_refuse_and_unencrypted_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def answers(*addresses: str) -> Any:
        return lambda *_, **__: [(2, 1, 6, "", (each, 443)) for each in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", answers("8.8.8.8", "127.0.0.1"))
    with pytest.raises(DeliveryError, match=r"leads to 127\.0\.0\.1"):
        outbound.resolve("https://rebind.example/hook")
    monkeypatch.setattr(socket, "getaddrinfo", answers("8.8.8.8"))
    with pytest.raises(DeliveryError, match="unencrypted"):
        outbound.resolve("http://plain.example/hook")


def test_the_connection_goes_to_the_address_that_was_looked_at(local: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = socket.getaddrinfo

    def answer(host: str, port: int, *more: Any, **facts: Any) -> Any:
        if host != "hook.example":
            return real(host, port, *more, **facts)
        asked.append(host)
        return [(2, 1, 6, "", ("127.0.0.1" if len(asked) == 1 else "127.0.0.99", port))]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    outbound.post(local.url.replace("127.0.0.1", "hook.example"), b"{}", {})
    assert asked == ["hook.example"]
    assert local.requests[0][1]["host"].startswith("hook.example:")


@pytest.mark.parametrize(
    ("kind", "url", "key", "said"),
    [
        ("slack", "ftp://x.example/", KEY, "https://"),
        ("slack", "https://ada:pw@x.example/", KEY, "name or a password"),
        ("slack", "https://x.example/a b", KEY, "blank"),
        ("teams", "https://acme.webhook.office.com/webhookb2/1", KEY, "retired"),
        ("webhook", "https://x.example/", "short", "24 to 64 bytes"),
        ("webhook", "https://x.example/", "", "24 to 64 bytes"),
        ("pigeon", "https://x.example/", KEY, "no kind of channel"),
    ],
)
def test_an_address_that_cannot_be_one_is_refused_in_words(
    office: Office, kind: str, url: str, key: str, said: str
) -> None:
    with pytest.raises(destinations.Unusable, match=said):
        destinations.add(office.portfolio, kind, "x", {"url": url, "key": key}, "ada")


def test_a_server_that_answers_a_letter_now_and_then_is_left(local: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "LONGEST", 0.3)
    local.drip = 0.1
    with pytest.raises(DeliveryError, match="did not answer") as left:
        outbound.post(local.url, b"{}", {})
    assert not left.value.permanent


def test_a_job_begins_no_further_message_when_its_time_is_up(
    office: Office, local: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        destinations.add(office.portfolio, "webhook", f"{number}", {"url": local.url, "key": KEY}, "ada")
    office.check([found(1)])
    monkeypatch.setattr(outbox, "PATIENCE", 0.0)
    assert outbox.send(office.portfolio) == 0
    assert due.waiting(office.portfolio) == 5, "a mail, three messages and a task"
    monkeypatch.setattr(outbox, "PATIENCE", 60.0)
    Todo.objects.all().delete()
    assert (outbox.send(office.portfolio), due.waiting(office.portfolio)) == (4, 0)


def test_an_address_is_kept_sealed_and_nowhere_else(office: Office, local: Outside, settings: Any) -> None:
    place = add(office, local, "webhook")
    assert b"secretpart" not in bytes(place.sealed)
    assert "secretpart" not in str(list(AuditEvent.objects.values())) + str(vars(place) | {"sealed": ""})
    old = bytes(place.sealed)
    assert vault.rotate_all() == 1
    place.refresh_from_db()
    assert bytes(place.sealed) != old
    destinations.test(place, NOW)
    assert b"test of the channel" in local.requests[0][2]


def test_a_channel_for_one_person_or_for_severe_problems_gets_only_those(office: Office, local: Outside) -> None:
    add(office, local, "slack", only_for="Somebody@example.com")
    add(office, local, "teams", only_high=True)
    office.check([found(1)])
    office.send()
    assert local.requests == []
    office.check([found(1), found(2, rule="not_in_list", severity="high")])
    office.send()
    ((_, _, content),) = local.requests
    assert "Account 2" in content.decode()
    assert "Account 1" not in content.decode()


def test_a_removed_channel_leaves_its_log_and_gives_up_what_waits(office: Office, local: Outside) -> None:
    place = add(office, local)
    local.answer = (503, "", {})
    office.check([found(1)])
    office.send()
    destinations.remove(place, "ada")
    assert office.states("slack") == ["needless"]
    assert not due.deliveries(office.portfolio, NOW + 24 * HOUR).filter(channel="slack").exists()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_mail_server_away_for_an_hour_gets_each_mail_once(office: Office, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    office.check([found(1)])
    for minute in (0, 1, 5, 30):
        office.send(NOW + timedelta(minutes=minute))
    with mailbox(settings.EMAIL_PORT) as mails:
        for minute in (60, 90, 120):
            office.send(NOW + timedelta(minutes=minute))
        (only,) = mails
    assert only["Message-ID"] == Delivery.objects.get(channel="email").reference


def test_a_kill_between_sending_and_recording_sends_again_under_the_same_id(office: Office, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    office.check([found(1)])
    message = Delivery.objects.get(channel="email")
    with mailbox(settings.EMAIL_PORT) as mails:
        delivery.deliver(message, NOW)
        # A killed process has written the attempt down, and nothing after it.
        Delivery.objects.filter(pk=message.pk).update(state="pending", sent_at=None, reference="")
        office.check([found(1), found(2, rule="not_in_list")])
        assert office.send() == 1, "the new one; the other after the pause of a failure"
        office.send(NOW + timedelta(minutes=1))
        first, second, third = (each["Message-ID"] for each in mails)
    assert first == third != second
    assert "Account 2" not in mails[2].as_string(), "what is new has a message of its own"


def test_two_workers_at_once_send_it_once(office: Office) -> None:
    office.check([found(1)])
    for copy in (Delivery.objects.get(channel="email"), Delivery.objects.get(channel="email")):
        copy.attempts = 0
        delivery.deliver(copy, NOW)
    assert len(mail.outbox) == 1


def test_what_is_mended_before_it_is_sent_is_not_told(office: Office) -> None:
    office.check([found(1)])
    office.check([])
    assert Alert.objects.get().state == Alert.State.RESOLVED
    office.send()
    assert (mail.outbox, office.states()) == ([], ["needless"])


def test_an_address_the_mail_server_refuses_is_not_tried_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise smtplib.SMTPRecipientsRefused({"seller1@example.com": (550, b"no such user")})

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    office.check([found(1)])
    office.send()
    assert office.states() == ["failed"]


def test_ten_thousand_findings_of_thirty_people_become_thirty_mails(db: None) -> None:
    office = Office.open(people=30)
    wrong = [found(n, f"u{n % 30 + 1}", "missing" if n // 30 % 2 else "not_in_list") for n in range(10_000)]
    office.check(wrong)
    assert office.send() == len(mail.outbox) == 30
    assert len({each.extra_headers["Message-ID"] for each in mail.outbox}) == 30
    told = mail.outbox[0]
    assert told.subject == "334 findings for you, 2 kinds of problems"
    assert told.to == ['"Seller 1" <seller1@example.com>']
    assert told.body.count("Why you: You own the record in the CRM.") == 2
    assert "/alerts?owner=" in told.body
    office.check(wrong, NOW + HOUR)
    assert office.send(NOW + HOUR) == 0
