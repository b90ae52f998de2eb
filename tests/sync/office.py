"""People with findings, without a CRM: what the step `findings` hands to lifecycle and grouping."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import pytest
from django.db import transaction
from django.utils import timezone

from scoring import presets
from scoring.model import Model
from scoring.model.shape import Severity
from scoring.quality import Finding as Found
from sync.alerts import delivery, lifecycle
from sync.alerts.due import deliveries
from sync.alerts.grouping import group
from sync.alerts.routing import Person, Ways
from sync.alerts.ways import Places
from sync.models import Connection, Delivery, Portfolio, PublishedModel, Run

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ADMIN = Person("", "Ada Admin", "ada@example.com")


@contextmanager
def at(now: datetime) -> Iterator[None]:
    """The clock shows this moment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timezone, "now", lambda: now)
        yield


def seller(number: int, manager: str = "") -> Person:
    return Person(f"u{number}", f"Seller {number}", f"seller{number}@example.com", manager_id=manager)


def found(number: int, owner: str = "u1", rule: str = "missing", severity: Severity = "medium") -> Found:
    return Found(
        rule=rule,
        kind="account",
        record_id=f"a{number}",
        record_name=f"Account {number}",
        account_id=f"a{number}",
        owner_id=owner,
        field="segment",
        value=None,
        severity=severity,
        message="The segment is missing.",
        fix="Choose one.",
    )


@dataclass
class Office:
    """One portfolio, its people, and the checks and deliveries of a day."""

    portfolio: Portfolio
    connection: Connection
    published: PublishedModel
    model: Model
    people: list[Person] = field(default_factory=lambda: [seller(1)])

    @classmethod
    def open(cls, people: int = 1) -> Office:
        portfolio = Portfolio.objects.create(name="office", administrator_email=ADMIN.email)
        connection = Connection.objects.create(
            portfolio=portfolio, name="crm", kind="salesforce", identity={"instance_url": "https://acme.example"}
        )
        model = presets.load("default")
        published = PublishedModel.objects.create(
            portfolio=portfolio, fingerprint=model.fingerprint(), text=presets.text("default"), source="default.yaml"
        )
        return cls(portfolio, connection, published, model, [seller(n) for n in range(1, people + 1)])

    def check(self, findings: Sequence[Found], now: datetime = NOW) -> None:
        """What a run does with what it found."""
        run = Run.objects.create(portfolio=self.portfolio, model=self.published, today=now.date(), state=Run.State.DONE)
        ways = Ways({each.record_id: each for each in self.people}, ADMIN)
        with at(now), transaction.atomic():
            lifecycle.reconcile(run, self.connection, findings, self.model, now)
            group(self.connection, ways, Places(), now)

    def send(self, now: datetime = NOW) -> int:
        """Try everything that is due, once; how many messages that were."""
        due = list(deliveries(self.portfolio, now))
        with at(now):
            for message in due:
                delivery.deliver(message, now)
        return len(due)

    def states(self, channel: str = "email") -> list[str]:
        found = Delivery.objects.filter(channel=channel).order_by("pk")
        return list(found.values_list("state", flat=True))


def day(number: int) -> date:
    return timezone.localtime(NOW).replace(day=number).date()
