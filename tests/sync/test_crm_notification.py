"""The bell and the tasks in Salesforce: once for each person, and what happens when the org does not take it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail

from connectors.sandbox.background import Served, serving
from connectors.sandbox.org.notifications import TYPE, Notification
from connectors.sandbox.org.org import Org
from scoring.quality import Finding
from sync import vault
from sync.alerts import delivery, destinations, due, notices, todos
from sync.alerts.channels.base import DeliveryError
from sync.alerts.routing import Person
from sync.models import Connection, Delivery, Destination, Notice, Owner, Portfolio, Todo
from tests.sync.office import NOW, Office, at, found

MINUTE = timedelta(minutes=1)


@dataclass
class Place:
    """An office whose seller is a user of a served org."""

    office: Office
    crm: Served
    seller: str

    def rings(self) -> list[Notification]:
        return self.crm.org.notifications.of()

    def found(self, number: int, rule: str = "missing") -> Finding:
        (account,) = self.crm.org.bulk_load("Account", [{"Name": f"Account {number}"}])
        return replace(found(number, self.seller, rule), record_id=account, account_id=account)

    def add(self, **facts: Any) -> Destination:
        return destinations.add(self.office.portfolio, "notification", "bell", {}, "ada", **facts)

    def fault(self, **rule: Any) -> None:
        rule = {"method": "POST", "path": "customNotificationAction", **rule}
        self.crm.request("POST", "/__sandbox__/faults", json=[rule]).raise_for_status()

    def prepare(self) -> None:
        body = {"label": "Tierline alert", "description": "", "desktop": True, "mobile": True}
        self.crm.org.save_component(TYPE, "Tierline_Alert", body)


@pytest.fixture
def place(db: None, tmp_path: Path, settings: Any) -> Iterator[Place]:
    settings.HOME = tmp_path
    with Org.open(tmp_path / "org") as org, serving(org) as crm:
        office = Office.open()
        office.connection.settings = {"login_url": crm.url, "client_id": crm.facts["client_id"]}
        office.connection.credentials = vault.seal({"client_secret": crm.facts["client_secret"]})
        office.connection.identity = {"user_id": org.admin_user_id, "user_name": "Ada Admin", "instance_url": crm.url}
        office.connection.save()
        office.people = [Person(org.admin_user_id, "Seller 1", "seller1@example.com")]
        yield Place(office, crm, org.admin_user_id)


def test_one_digest_rings_once_and_a_click_opens_the_list(place: Place) -> None:
    place.prepare()
    place.add()
    place.office.check([place.found(1), place.found(2), place.found(3, rule="not_in_list")])
    assert place.office.send() == 2, "a mail and a notification"
    assert place.office.send() == 0
    (ring,) = place.rings()
    assert ring.user_id == place.seller
    assert ring.title == "3 findings for you, 2 kinds of problems"
    assert "Account 1, Account 2" in ring.body
    assert "before" not in ring.body
    assert (
        json.loads(ring.target)["attributes"]["url"] == f"http://localhost:8000/alerts?owner={Owner.objects.get().pk}"
    )
    assert Delivery.objects.get(channel="notification").state == "sent"


def test_a_click_on_one_record_opens_it(place: Place) -> None:
    place.prepare()
    place.add()
    wrong = place.found(1)
    place.office.check([wrong])
    place.office.send()
    assert place.rings()[0].target == wrong.record_id


def test_an_org_away_for_an_hour_rings_once(place: Place) -> None:
    place.prepare()
    place.add()
    place.fault(action="status", status=503, reply="busy", times=100)
    place.office.check([place.found(1)])
    for minute in range(60):
        place.office.send(NOW + minute * MINUTE)
    assert place.rings() == []
    place.crm.request("DELETE", "/__sandbox__/faults").raise_for_status()
    for minute in range(60, 90):
        place.office.send(NOW + minute * MINUTE)
    assert len(place.rings()) == 1
    assert place.office.states("notification") == ["sent"]


def tasks(place: Place) -> list[str]:
    rows = place.crm.org.query("SELECT Subject FROM Task WHERE IsClosed = false").records
    return [str(row["Subject"]) for row in rows]


@pytest.mark.parametrize("fault", [{"action": "status", "status": 503}, {"action": "drop", "when": "after"}])
def test_an_org_away_for_an_hour_gets_each_task_once(place: Place, fault: dict[str, Any]) -> None:
    """Also where it made the task each time and its answer was lost."""
    place.crm.request(
        "POST", "/__sandbox__/faults", json=[{"method": "POST", "path": "/sobjects/Task", "times": 100, **fault}]
    ).raise_for_status()
    place.office.check([place.found(1), place.found(2)])

    def send(minute: int) -> None:
        with at(NOW + minute * MINUTE):
            for todo in due.todos(place.office.portfolio, NOW + minute * MINUTE):
                todos.send(todo, NOW + minute * MINUTE)

    for minute in range(60):
        send(minute)
    place.crm.request("DELETE", "/__sandbox__/faults").raise_for_status()
    for minute in range(60, 330, 10):
        send(minute)
    (subject,) = tasks(place)
    assert Todo.objects.get().key in subject
    assert Todo.objects.get().state == "sent"


def test_a_kill_after_sending_rings_again_and_says_so(place: Place) -> None:
    place.prepare()
    place.add()
    place.office.check([place.found(1)])
    message = Delivery.objects.get(channel="notification")
    delivery.deliver(message, NOW)
    Delivery.objects.filter(pk=message.pk).update(state="pending", sent_at=None, reference="")
    place.office.send(NOW + MINUTE)
    first, second = place.rings()
    assert second.body.startswith(f"Perhaps you have had this before ({message.key}).")
    assert message.key not in first.body


def test_two_workers_at_once_ring_once(place: Place) -> None:
    place.prepare()
    place.add()
    place.office.check([place.found(1)])
    for copy in [Delivery.objects.get(channel="notification") for _ in range(2)]:
        copy.attempts = 0
        delivery.deliver(copy, NOW)
    assert len(place.rings()) == 1


def test_an_org_without_the_type_disables_the_channel_and_the_administrator_hears_the_way_out(place: Place) -> None:
    bell = place.add()
    place.office.check([place.found(1)])
    place.office.send()
    bell.refresh_from_db()
    assert bell.state == Destination.State.DISABLED
    assert place.office.states("notification") == ["pending"], "it waits"
    notices.send(Notice.objects.get(), NOW)
    told = mail.outbox[-1]
    assert told.to == ["ada@example.com"]
    assert "tierline schema apply" in told.body
    assert "Tierline_Alert" in told.body
    assert "tierline channels enable bell" in told.body
    assert "another address" not in told.body
    place.prepare()
    destinations.switch(bell, True, "ada")
    place.office.send()
    assert len(place.rings()) == 1, "nothing that waited is lost"


def test_a_user_without_the_permission_disables_the_channel_with_its_name(place: Place) -> None:
    place.prepare()
    bell = place.add()
    profile = place.crm.org.query("SELECT Id FROM Profile WHERE Name = 'Standard User'").records[0]["Id"]
    place.crm.org.update("User", [{"Id": place.crm.org.admin_user_id, "ProfileId": profile}])
    place.office.check([place.found(1)])
    place.office.send()
    bell.refresh_from_db()
    assert bell.state == Destination.State.DISABLED
    assert "'Send Custom Notifications'" in bell.problem
    assert place.rings() == []


def test_who_is_no_user_of_the_crm_is_not_rung(place: Place) -> None:
    place.prepare()
    place.add()
    place.office.check([found(1, "")])
    assert place.office.send() == 1, "a mail to the administrator"
    assert place.rings() == []


def test_a_test_rings_at_the_bell_of_our_own_user(place: Place) -> None:
    bell = place.add()
    with pytest.raises(DeliveryError, match="Tierline_Alert"):
        destinations.test(bell, NOW)
    place.prepare()
    assert destinations.test(bell, NOW) == "The bell of Ada Admin"
    assert place.rings()[0].title == "Test of this channel"


def test_hubspot_has_no_such_thing_and_says_so(db: None) -> None:
    portfolio = Portfolio.objects.create(name="hub only")
    with pytest.raises(destinations.Unusable, match="tierline connection add"):
        destinations.add(portfolio, "notification", "bell", {}, "ada")
    hub = Connection.objects.create(portfolio=portfolio, name="hub", kind="hubspot")
    with pytest.raises(destinations.Unusable, match="The people of hub get mails and tasks"):
        destinations.add(portfolio, "notification", "bell", {}, "ada")
    Connection.objects.create(portfolio=portfolio, name="org", kind="salesforce")
    assert destinations.add(portfolio, "notification", "bell", {}, "ada").shown == "org"
    assert hub.name not in Destination.objects.get().shown
