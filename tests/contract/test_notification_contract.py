"""A CRM that can ring at its users' bells does so as asked; one that cannot does not pretend to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.errors import Fatal, MissingScope, SchemaMismatch, Unavailable
from connectors.notifications import NotificationSpec, SendsNotifications
from connectors.registry import CRMS, NOTIFY
from connectors.salesforce.notification_type import TYPE
from connectors.salesforce.notifications import cut
from connectors.sandbox.background import serving
from connectors.sandbox.org.notifications import TYPE as KIND
from connectors.sandbox.org.org import Org
from tests.contract.salesforce import SalesforceGround


class Bells:
    """An org with its connector."""

    def __init__(self, org: Org, ground: SalesforceGround) -> None:
        self.org, self.ground = org, ground
        crm = ground.connect()
        assert isinstance(crm, SendsNotifications)
        self.crm = crm
        self.spec = NotificationSpec(org.admin_user_id, "3 records", "Segment missing", url="https://t.example/a/1")

    def prepare(self) -> None:
        body = {"label": "Tierline alert", "description": "", "desktop": True, "mobile": True}
        self.org.save_component(KIND, TYPE, body)


@pytest.fixture
def bells(tmp_path: Path) -> Iterator[Bells]:
    with Org.open(tmp_path) as org, serving(org) as served:
        yield Bells(org, SalesforceGround(served))


def test_the_registry_says_which_crms_can(crm: object, request: pytest.FixtureRequest) -> None:
    kind = request.node.callspec.params["_opened"]
    assert isinstance(crm, SendsNotifications) is (kind in NOTIFY)
    assert set(CRMS) >= NOTIFY


def test_a_click_opens_the_record_or_the_page(bells: Bells) -> None:
    bells.prepare()
    (record,) = bells.ground.add_accounts(["Rung Ltd"])
    bells.crm.notify(bells.spec)
    bells.crm.notify(NotificationSpec(bells.org.admin_user_id, "One", "Segment missing", record_id=record))
    page, one = bells.org.notifications.of(bells.org.admin_user_id)
    assert json.loads(page.target)["attributes"] == {"url": "https://t.example/a/1"}
    assert (one.target, one.title, one.body) == (record, "One", "Segment missing")


def test_long_texts_are_cut_where_a_word_ends(bells: Bells) -> None:
    bells.prepare()
    bells.crm.notify(NotificationSpec(bells.org.admin_user_id, "word " * 100, "word " * 300, url="https://t.example"))
    (sent,) = bells.org.notifications.of()
    assert (len(sent.title) <= 250, len(sent.body) <= 750) == (True, True)
    assert sent.body.endswith("word…")
    assert cut("x" * 11, 10) == "x" * 9 + "…"


def test_an_org_without_the_type_says_what_to_deploy(bells: Bells) -> None:
    with pytest.raises(SchemaMismatch, match="no notification type Tierline_Alert") as raised:
        bells.crm.notify(bells.spec)
    assert "tierline schema apply" in raised.value.next_step
    assert bells.crm.plan_notifications().sign == "+"
    bells.crm.apply_notifications()
    assert bells.crm.plan_notifications().sign == "="
    bells.crm.apply_notifications()  # twice is once
    bells.crm.notify(bells.spec)  # without a new connection
    assert len(bells.org.notifications.of()) == 1


def test_a_user_without_the_permission_is_told_which(bells: Bells) -> None:
    bells.prepare()
    profile = bells.org.query("SELECT Id FROM Profile WHERE Name = 'Standard User'").records[0]["Id"]
    bells.org.update("User", [{"Id": bells.org.admin_user_id, "ProfileId": profile}])
    with pytest.raises(MissingScope) as raised:
        bells.crm.notify(bells.spec)
    assert "Send Custom Notifications" in raised.value.next_step
    assert bells.org.notifications.of() == []


def test_the_permission_is_named_whatever_the_code_of_the_refusal(bells: Bells) -> None:
    bells.prepare()
    profile = bells.org.query("SELECT Id FROM Profile WHERE Name = 'Standard User'").records[0]["Id"]
    reply = [{"actionName": "x", "errors": [{"statusCode": "INVALID_API_INPUT", "message": "No."}], "isSuccess": False}]
    fault = {"method": "POST", "path": "customNotificationAction", "action": "status", "status": 400, "reply": reply}
    for expected in (Fatal, MissingScope):
        bells.ground.add_fault({**fault, "times": 1})
        with pytest.raises(expected) as raised:
            bells.crm.notify(bells.spec)
        assert "No." in raised.value.message
        bells.org.update("User", [{"Id": bells.org.admin_user_id, "ProfileId": profile}])


def test_an_answer_that_never_came_may_be_tried_again(bells: Bells) -> None:
    bells.prepare()
    bells.ground.add_fault({"method": "POST", "path": "customNotificationAction", "action": "drop", "when": "before"})
    with pytest.raises(Unavailable):
        bells.crm.notify(bells.spec)
    assert bells.ground.count("customNotificationAction") == 1, "never repeated by itself"


def test_our_package_brings_the_type_that_is_asked_for() -> None:
    assert Path(f"deploy/salesforce/force-app/main/default/notificationtypes/{TYPE}.notiftype-meta.xml").exists()
