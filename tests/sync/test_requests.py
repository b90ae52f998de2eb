"""What people ask for in the record reaches who decides with the next run, and is answered there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.test import Client

from admin import schema
from connectors.sandbox.org.org import Org
from sync import jobs, outputs, starting
from sync.governance import overriding
from sync.models import AccountState, AuditEvent, Change, Confirmation, Dirty, Notice, Override, Request, Run
from sync.quality.looked_at import looked_at
from sync.writing import undoing
from tests.sync import playing
from tests.sync.playing import Plays
from tests.sync.stage import TODAY, Stage

PREFIX = "Tierline_"
SWITCH = ("\nguard: ", "\nrequests: {enabled: true}\nguard: ")
ASKED = ("Request", "Request_Value", "Request_Reason", "Request_Comment", "Request_By")
ANSWERED = ("Answer", "Answer_To", "Answer_By", "Answer_Reason", "Answer_Date")


def assigned(org: Org, name: str, manager: str) -> str:
    """A user with a standard profile and the seller's permission set."""
    (profile,) = org.query("SELECT Id FROM Profile WHERE Name = 'Standard User'").records
    email = f"{name.lower()}@example.com"
    row = {"LastName": name, "Username": email, "Email": email, "Alias": name[:8], "ManagerId": manager}
    (made,) = org.insert("User", [{**row, "ProfileId": profile["Id"], "IsActive": True}])
    (found,) = org.query("SELECT Id FROM PermissionSet WHERE Name = 'Tierline_Seller'").records
    (given,) = org.insert("PermissionSetAssignment", [{"AssigneeId": made.id, "PermissionSetId": found["Id"]}])
    assert made.id
    assert given.id
    return str(made.id)


@pytest.fixture(scope="module")
def asked_of(settled: Path, plays: Plays) -> Path:
    """The company after its first runs, with request fields, and two sellers who may edit accounts."""

    def act(stage: Stage, home: Path) -> None:
        stage.publish(SWITCH, folder=home)
        schema.apply(stage.connection, schema.plan(stage.connection))
        for name in ("Berg", "Lind"):
            assigned(stage.org, name, stage.connection.identity["user_id"])
        run = stage.run()
        assert run.state == Run.State.DONE, run.error

    return plays.play("asked_of", settled, act)


class Card:
    """An account with a tier and a segment, as its sellers see and use the card."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        rows = stage.query("SELECT Id, Name FROM User WHERE Email IN ('berg@example.com', 'lind@example.com')")
        self.people = {row["Name"].split()[-1]: row["Id"] for row in rows}
        found = AccountState.objects.filter(tier="bronze", written__segment__isnull=False).exclude(segment="")
        self.account = found.order_by("pk")[0]

    def press(self, kind: str, value: str = "", *, by: str = "Berg", reason: str = "", comment: str = "") -> None:
        """What a button of the card writes, with the rights of whoever presses it."""
        given = (kind, value, reason, comment, self.people[by])
        self.write(by, {f"{PREFIX}{name}__c": text or None for name, text in zip(ASKED, given, strict=True)})

    def write(self, by: str, values: dict[str, Any]) -> None:
        answer = self.save(by, values)
        assert answer.status_code == 204, answer.text

    def save(self, by: str, values: dict[str, Any]) -> requests.Response:
        """A save of the account in this person's own session."""
        crm = self.stage.crm
        headers = {"Authorization": f"Bearer {crm.org.sessions.issue(self.people[by])}"}
        path = f"/services/data/v63.0/sobjects/Account/{self.account.record_id}"
        return crm.session.request("PATCH", crm.url + path, headers=headers, json=values, timeout=30)

    def batch(self) -> Run:
        run = starting.create(self.stage.portfolio, "test", kind=Run.Kind.INCREMENTAL, today=TODAY)
        self.stage.work(run)
        assert run.state == Run.State.DONE, run.error
        return run

    def held(self, *names: str) -> list[Any]:
        fields = [f"{PREFIX}{name}__c" for name in names]
        query = f"SELECT {', '.join(fields)} FROM Account WHERE Id = '{self.account.record_id}'"
        (row,) = self.stage.query(query)
        return [row[field] for field in fields]

    def answer(self) -> tuple[str, str, str]:
        """State, who and why; the request itself has gone."""
        assert self.held(*ASKED) == [None] * 5
        state, _, who, why, _ = self.held(*ANSWERED)
        return state or "", who or "", why or ""

    @property
    def override(self) -> Override:
        return Override.objects.filter(account=self.account).latest("pk")


@pytest.fixture
def card(asked_of: Path, home: Path) -> Iterator[Card]:
    with playing.opened(asked_of, home) as stage:
        get_user_model().objects.create_user(
            "maria", "maria@example.com", first_name="Maria", last_name="Lind", is_staff=True
        )
        yield Card(stage)


def test_a_seller_who_may_not_edit_the_tier_disputes_it_and_reads_the_manager_s_answer(card: Card) -> None:
    refused = card.save("Berg", {"Tierline_Tier__c": "gold"})
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")
    card.press("dispute", "bronze", reason="data", comment="They pay on time")
    run = card.batch()
    assert card.answer() == ("waiting", "Maria Lind", "")
    mail = Notice.objects.get(key__startswith="asked-")
    assert (mail.to, f"/overrides/{card.override.pk}" in mail.body) == ("maria@example.com", True)
    assert mail.body.startswith("Tier is wrong. Not yet in the data. They pay on time (Berg)")
    assert card.held("Answer_To", "Tier") == ["Tier is wrong. Not yet in the data. They pay on time (Berg)", "bronze"]
    (change,) = run.changes.filter(kind="account", record_id=card.account.record_id)
    assert not set(change.after) & {"Tierline_Tier__c", "Tierline_Segment__c"}
    console = Client()
    console.force_login(User.objects.get(username="maria"))
    address = f"/overrides/{card.override.pk}"
    assert "They pay on time" in console.get(address).content.decode()
    console.post(f"{address}/decide", {"decision": "reject", "comment": "Three reminders in October."})
    card.batch()
    assert card.answer() == ("refused", "Maria Lind", "Three reminders in October.")


def test_another_tier_waits_for_approval_and_is_published_with_the_answer(card: Card) -> None:
    card.press("override", "platinum", reason="contract", comment="Signed until 2028")
    card.batch()
    assert card.answer()[0] == "waiting"
    assert card.held("Tier") == ["bronze"]
    assert (card.override.requested_by, card.override.reason, card.override.computed) == ("Berg", "contract", "bronze")
    overriding.approve(card.override, "maria", today=TODAY)
    card.batch()
    assert card.answer()[:2] == ("accepted", "Maria Lind")
    assert card.held("Tier") == ["platinum"]


def test_whoever_asks_does_not_decide_also_under_another_name_in_the_console(card: Card) -> None:
    berg = get_user_model().objects.create_user("ab", email="BERG@example.com", is_staff=True)
    card.press("override", "gold", comment="Signed")
    card.batch()
    assert not overriding.may_decide(berg, card.override)
    with pytest.raises(overriding.Refused):
        overriding.approve(card.override, "ab", today=TODAY, reason="contract")


def test_a_filled_value_is_confirmed_with_name_and_date_and_counts_as_looked_at(card: Card) -> None:
    (segment,) = card.held("Segment")
    card.press("confirm_segment", segment)
    run = card.batch()
    assert card.answer()[0] == "accepted"
    source, day = card.held("Segment_Source", "Segment_Date")
    assert (source, str(day)[:10]) == ("confirmed by Berg", TODAY.isoformat())
    kept = Confirmation.objects.get(account=card.account)
    assert (kept.value, kept.by, kept.via, kept.run) == (segment, "Berg", "card", run)
    published = card.stage.portfolio.model_in_force()
    assert published is not None
    layout = outputs.layout(published, card.stage.connection)
    (looked,) = looked_at(card.stage.connection, layout)
    assert (looked.field, looked.kept) == ("segment", True)


def test_without_the_right_to_edit_the_value_nothing_is_confirmed(card: Card) -> None:
    (segment,) = card.held("Segment")
    card.press("confirm_segment", segment)
    (given,) = card.stage.query(
        f"SELECT Id FROM PermissionSetAssignment WHERE AssigneeId = '{card.people['Berg']}' "
        "AND PermissionSet.Name = 'Tierline_Seller'"
    )
    card.stage.org.delete("PermissionSetAssignment", [given["Id"]])
    card.batch()
    state, _, why = card.answer()
    assert state == "refused"
    assert "Berg may not edit" in why
    assert card.held("Segment_Source") == ["rule"]
    assert not Confirmation.objects.exists()


def test_the_same_request_twice_is_one_and_after_the_answer_a_new_one(card: Card) -> None:
    card.press("dispute", "bronze", comment="They pay on time")
    card.batch()
    card.press("dispute", "bronze", comment="They pay on time")
    card.batch()
    assert Override.objects.filter(account=card.account).count() == 1
    overriding.reject(card.override, "maria", "They do not.")
    card.press("dispute", "bronze", comment="They pay on time")
    card.batch()
    assert card.answer()[0] == "waiting"
    assert Override.objects.filter(account=card.account).count() == 2


def test_what_is_asked_again_in_other_words_takes_the_place_of_what_waited_and_can_be_taken_back(card: Card) -> None:
    card.press("dispute", "bronze", comment="They pay on time")
    card.batch()
    card.press("override", "gold", comment="They pay on time and buy more")
    card.batch()
    states = Override.objects.filter(account=card.account).order_by("pk").values_list("field", "state")
    assert list(states) == [("request", "withdrawn"), ("tier", "requested")]
    card.press("withdraw")
    card.batch()
    assert card.answer() == ("", "", "")
    assert card.override.state == Override.State.WITHDRAWN


def test_while_one_person_s_request_waits_another_s_is_refused(card: Card) -> None:
    card.press("dispute", "bronze", comment="They pay on time")
    card.batch()
    card.press("override", "gold", by="Lind", comment="Growing")
    card.batch()
    assert Override.objects.filter(account=card.account).count() == 1
    newest = Request.objects.latest("pk")
    assert (newest.state, newest.answer) == (
        "refused", "Berg has asked about this tier already, and that is not decided yet.",
    )  # fmt: skip


def test_when_two_press_at_once_it_is_not_sure_who_asks_and_nothing_is_decided(card: Card) -> None:
    card.press("override", "gold", comment="Growing")
    card.write("Lind", {"Description": "called today"})
    card.batch()
    state, _, why = card.answer()
    assert (state, Override.objects.count()) == ("refused", 0)
    assert why == "It is not sure that Berg asks: Lind saved the account afterwards. Ask once more."


def test_words_that_change_while_a_run_writes_stay_and_are_read_by_the_next(card: Card) -> None:
    card.press("dispute", "bronze", comment="They pay on time")
    run = starting.create(card.stage.portfolio, "test", kind=Run.Kind.INCREMENTAL, today=TODAY)
    card.stage.work(run, until=Run.Step.SEND)
    card.press("dispute", "bronze", comment="They pay on time, always")
    card.stage.work(run)
    assert card.held("Request_Comment") == ["They pay on time, always"]
    card.batch()
    assert card.answer()[0] == "waiting"
    states = list(Override.objects.filter(account=card.account).order_by("pk").values_list("state", "comment"))
    assert states == [("withdrawn", "They pay on time"), ("requested", "They pay on time, always")]


def test_a_confirmation_that_the_crm_refuses_is_said_to_be_refused(card: Card) -> None:
    (segment,) = card.held("Segment")
    card.press("confirm_segment", segment)
    error = {"statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "VAT number is needed", "fields": []}
    reply = [{"success": False, "errors": [error]}]
    card.stage.fault(method="PATCH", path="composite/sobjects", action="status", status=200, reply=reply)
    run = starting.create(card.stage.portfolio, "test", kind=Run.Kind.INCREMENTAL, today=TODAY)
    card.stage.work(run)
    change = run.changes.get(kind="account", record_id=card.account.record_id)
    assert change.state == Change.State.REJECTED
    assert not Confirmation.objects.exists()
    card.batch()
    state, _, why = card.answer()
    assert (state, "VAT number is needed" in why) == ("refused", True)


def test_the_scheduler_finds_a_request_without_any_event_of_the_crm(card: Card) -> None:
    jobs.look_for_requests(card.stage.connection.pk)
    assert not Dirty.objects.exists()
    card.press("confirm", "bronze")
    jobs.look_for_requests(card.stage.connection.pk)
    assert Dirty.objects.count() == 1


def test_an_undo_does_not_ask_again(card: Card) -> None:
    card.press("confirm", "bronze")
    run = card.batch()
    assert card.answer()[0] == "accepted"
    back = undoing.create(run, "test")
    assert card.stage.work(back).state == Run.State.DONE
    assert card.answer()[0] == "accepted"
    assert AuditEvent.objects.filter(action="asked in the CRM").count() == 1
