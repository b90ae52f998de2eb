"""One mail per person, whatever waits: once when the server was down, under the same id when nobody knows."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from sync import due
from sync.alerts import delivery
from sync.alerts.grouping import group
from sync.alerts.routing import Person, Ways
from sync.alerts.ways import Places
from sync.models import Alert, Connection, Delivery, Finding, Portfolio
from tests.sync.stage import TODAY

pytestmark = pytest.mark.django_db
RULES = ("missing", "not_in_list", "unknown_label")


@pytest.fixture
def portfolio(settings: Any) -> Portfolio:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    made = Portfolio.objects.create(name="test")
    Connection.objects.create(
        portfolio=made, name="crm", kind="salesforce", identity={"instance_url": "https://x.example"}
    )
    return made


def found(portfolio: Portfolio, number: int, people: int) -> None:
    """So many findings of three rules, spread over so many owners."""
    connection = portfolio.connections.get()
    texts = {"kind": "account", "field": "segment", "severity": "medium", "message": "It is wrong.", "fix": "Mend it."}
    Finding.objects.bulk_create(
        Finding(
            connection=connection, rule=RULES[n % 3], record_id=f"A{n}", record_name=f"Account {n}",
            owner_record_id=f"U{n // 3 % people}", due_on=TODAY + timedelta(days=n % 3), **texts,
        )
        for n in range(number)
    )  # fmt: skip
    known = {f"U{n}": Person(f"U{n}", f"Owner {n}", f"u{n}@example.com") for n in range(people)}
    group(connection, Ways(known, Person("", "Ada", "ada@example.com")), Places())
    Delivery.objects.exclude(channel="email").delete()


def send(portfolio: Portfolio) -> None:
    for message in due.deliveries(portfolio):
        delivery.deliver(message)


def test_ten_thousand_findings_of_thirty_owners_are_thirty_mails(portfolio: Portfolio) -> None:
    found(portfolio, 10_000, 30)
    assert Alert.objects.count() == 90
    send(portfolio)
    assert len(mail.outbox) == 30
    assert len({message.extra_headers["Message-ID"] for message in mail.outbox}) == 30
    assert not Delivery.objects.exclude(state="sent").exists()
    told = mail.outbox[0]
    total = Finding.objects.filter(owner_record_id="U0").count()
    assert told.subject == f"{total:,} findings for you, 3 kinds of problems"
    assert told.to == ['"Owner 0" <u0@example.com>']
    for rule in RULES:
        assert str(Finding.objects.filter(owner_record_id="U0", rule=rule).count()) in told.body
    assert told.body.count("Why you: You own the record in the CRM.") == 3
    assert "/alerts?owner=" in told.body


def test_one_alert_alone_is_told_by_its_name(portfolio: Portfolio) -> None:
    found(portfolio, 1, 1)
    send(portfolio)
    assert mail.outbox[0].subject.startswith("1 record: ")


def test_a_server_that_was_down_gets_each_mail_once_and_an_unknown_outcome_has_the_same_id(
    portfolio: Portfolio, settings: Any
) -> None:
    found(portfolio, 6, 2)
    settings.EMAIL_BACKEND, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", 1
    send(portfolio)
    assert set(Delivery.objects.values_list("state", "attempts")) == {("pending", 1)}
    assert not due.deliveries(portfolio).exists()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    Delivery.objects.update(not_before=timezone.now())
    send(portfolio)
    assert len(mail.outbox) == 2
    first = mail.outbox[0].extra_headers["Message-ID"]

    Delivery.objects.filter(alert__owner__record_id="U0").update(state="pending")  # killed before it was recorded
    send(portfolio)
    assert len(mail.outbox) == 3
    assert mail.outbox[2].extra_headers["Message-ID"] == first
    assert mail.outbox[2].subject == mail.outbox[0].subject


def test_what_comes_later_is_a_mail_of_its_own(portfolio: Portfolio) -> None:
    found(portfolio, 3, 1)
    send(portfolio)
    later = Alert.objects.create(
        portfolio=portfolio,
        owner=Alert.objects.all()[0].owner,
        rule="stale",
        routed_because="You own it.",
        due_on=date(2026, 12, 1),
    )
    Finding.objects.filter(rule="missing").update(alert=later)
    Delivery.objects.create(alert=later, channel="email", key="TL-later")
    send(portfolio)
    assert len(mail.outbox) == 2
    assert mail.outbox[1].subject.startswith("1 record: ")
