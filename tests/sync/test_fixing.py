"""A person mends a finding in place: with rights of their own in the CRM, never over an edit they have not seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from connectors import registry
from connectors.hubspot.crm import Hubspot
from connectors.rights import TellsRights
from scoring import presets
from sync import crms, mirror, outputs, writeback
from sync.fixing import answering, choices, questions
from sync.fixing.answering import Answer
from sync.models import AccountState, AuditEvent, Change, Dirty, Finding, Run
from sync.writing import undoing
from tests.sync.stage import Stage

OWNER_SET = "SELECT Id FROM PermissionSet WHERE Name = 'Tierline_Data_Owner'"


def let_edit(stage: Stage, user_id: str) -> None:
    """Give a user of the CRM the permission set by which data owners edit what people choose."""
    (found,) = stage.query(OWNER_SET)
    row = {"AssigneeId": user_id, "PermissionSetId": found["Id"]}
    assert stage.org.insert("PermissionSetAssignment", [row])[0].id


class Desk:
    """A data owner with an open finding on a value that people choose."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.finding = (
            Finding.objects.filter(rule="missing", field="value_profile", state=Finding.State.OPEN)
            .exclude(alert__owner__record_id="")
            .select_related("alert__owner", "connection__portfolio")
            .order_by("pk")[0]
        )
        assert self.finding.alert is not None
        self.alert = self.finding.alert
        self.owner = self.alert.owner
        self.model = outputs.model(stage.portfolio.published_models.latest("published_at"))

    @property
    def state(self) -> AccountState:
        return AccountState.objects.get(record_id=self.finding.record_id)

    def who(self, email: str = "") -> answering.Answerer:
        return answering.answerer(self.finding.connection, email or self.owner.email, "console")

    def answer(self, value: str, field: str = "value_profile", who: answering.Answerer | None = None) -> Run:
        held = answering.held(self.state)
        choice = choices.chosen(self.model, field, value, held)
        seen = {name: held[name] for name in choice.values}
        given = Answer(self.finding.connection_id, self.finding.record_id, choice.values, seen)
        run = answering.answer(self.stage.portfolio, who or self.who(), [given])
        return answering.finish(run)

    def in_crm(self) -> dict[str, Any]:
        names = "Tierline_Value_Profile__c, Tierline_Value_Profile_Source__c, Tierline_Value_Profile_Date__c"
        (row,) = self.stage.query(f"SELECT {names} FROM Account WHERE Id = '{self.finding.record_id}'")
        return row


@pytest.fixture
def desk(after_run: Stage) -> Desk:
    return Desk(after_run)


def test_an_answer_is_written_read_back_locked_and_closes_the_finding_at_once(desk: Desk) -> None:
    let_edit(desk.stage, desk.owner.record_id)
    run = desk.answer("growth_partner")
    (change,) = run.changes.all()
    assert (run.state, change.state, change.message) == ("done", "verified", "")
    row = desk.in_crm()
    assert row["Tierline_Value_Profile__c"] == "growth_partner"
    assert row["Tierline_Value_Profile_Source__c"] == f"confirmed by {desk.owner.name}"[:40]
    assert row["Tierline_Value_Profile_Date__c"] == timezone.localdate().isoformat()
    desk.finding.refresh_from_db()
    assert desk.finding.state == "resolved"
    (kept,) = desk.state.confirmations.all()
    assert (kept.field, kept.value, kept.by, kept.email) == (
        "value_profile", "growth_partner", desk.owner.name, desk.owner.email,
    )  # fmt: skip
    (event,) = AuditEvent.objects.filter(action="findings answered")
    assert (event.actor, event.detail["email"]) == (desk.owner.name, desk.owner.email)
    assert "value_profile" not in desk.state.written, "the machine has not chosen it"

    back = undoing.create(run, "test")
    assert desk.stage.work(back).state == Run.State.DONE
    assert desk.in_crm()["Tierline_Value_Profile__c"] is None


def test_without_a_right_in_the_crm_nothing_is_written_and_the_person_hears_who_can_give_it(desk: Desk) -> None:
    (change,) = desk.answer("growth_partner").changes.all()
    assert (change.state, change.code) == (Change.State.REJECTED, "NO_EDIT_RIGHT")
    assert change.message == f"{desk.owner.name} may not edit Value profile in the CRM."
    assert "the permission set Tierline Data Owner" in change.next_step

    let_edit(desk.stage, desk.owner.record_id)
    desk.stage.org.set_setting("org_wide_defaults", {"Account": "Read"})
    other = desk.stage.query("SELECT Id, OwnerId FROM Account")
    stranger = next(row["OwnerId"] for row in other if row["OwnerId"] != desk.owner.record_id)
    desk.stage.org.update("Account", [{"Id": desk.finding.record_id, "OwnerId": stranger}])
    (change,) = desk.answer("growth_partner").changes.all()
    assert change.message == f"{desk.owner.name} may not edit {desk.finding.record_name} in the CRM."

    who = desk.who()
    desk.stage.org.update("User", [{"Id": desk.owner.record_id, "IsActive": False}])
    (change,) = desk.answer("growth_partner", who=who).changes.all()
    assert change.message == f"{desk.owner.name} is no active user of the CRM."
    assert desk.in_crm()["Tierline_Value_Profile__c"] is None
    with pytest.raises(answering.Refused, match="no e-mail address"):
        answering.answerer(desk.finding.connection, " ", "console")
    with pytest.raises(answering.Refused, match="No active user of demo has the e-mail address"):
        desk.who("x@example.com")


def test_a_crm_that_does_not_tell_who_may_edit_is_mended_in_itself(desk: Desk) -> None:
    opened = crms.open_crm(desk.finding.connection)
    assert isinstance(opened, TellsRights) == (desk.finding.connection.kind in registry.TELL_RIGHTS)
    assert hasattr(Hubspot, "rights") == ("hubspot" in registry.TELL_RIGHTS)
    desk.finding.connection.kind = "hubspot"
    assert questions.questions(desk.stage.portfolio, [desk.finding]) == []


def test_what_speaks_for_a_value_is_offered_with_it(desk: Desk, tmp_path: Path) -> None:
    said = "quality:\n  contradictions: [{when: {field: type, in: [%s]}, value_profile: [standard_supply]}]"
    (row,) = desk.stage.query(f"SELECT Type FROM Account WHERE Id = '{desk.finding.record_id}'")
    desk.stage.publish(("quality:", said % row["Type"]), folder=tmp_path)
    state = desk.state
    state.current = {**state.current, "value_profile": "growth_partner"}
    state.save()
    parent = next(each for each in AccountState.objects.exclude(pk=state.pk) if each.current.get("value_profile"))
    with mirror.writing(desk.stage.portfolio.pk) as copy:
        copy.database.execute("UPDATE account SET parent_id = ? WHERE id = ?", [parent.record_id, state.record_id])
    mirror.publish(desk.stage.portfolio.pk)
    found = {}
    for rule in ("contradicts", "parent_child", "stale"):
        desk.finding.rule = rule
        (question,) = questions.questions(desk.stage.portfolio, [desk.finding])
        found[rule] = {each.choice.key: each.because for each in question.suggestions}
    assert found["contradicts"]["standard_supply"] == f"Its type is {row['Type']}, which goes with it."
    assert found["parent_child"][parent.current["value_profile"]] == f"Its parent {parent.name} has it."
    assert "still holds" in found["stale"]["growth_partner"]


def test_what_an_account_mainly_buys_speaks_for_a_sub_segment_and_its_segment(desk: Desk, tmp_path: Path) -> None:
    """The finding says that the orders contradict the sub-segment; the answer is offered with that as its reason."""
    said = "quality:\n  contradictions: [{when: {field: main_product_family, missing: false}, sub_segment: [%s]}]"
    model = presets.load("default")
    right, wrong = model.segments[0], model.segments[1]
    desk.stage.publish(("quality:", said % right.sub_segments[0].key), folder=tmp_path)
    held = {"segment": wrong.key, "sub_segment": wrong.sub_segments[0].key, "value_profile": ""}
    found: dict[str, str] = {}
    for state in AccountState.objects.filter(in_scope=True).exclude(score=None):
        state.current = {**state.current, **held}
        state.save()
        finding = desk.finding
        finding.rule, finding.field, finding.account_id, finding.record_id = (
            "contradicts", "sub_segment", state.record_id, state.record_id,
        )  # fmt: skip
        (question,) = questions.questions(desk.stage.portfolio, [finding])
        found |= {each.choice.key: each.because for each in question.suggestions if "family" in each.because}
        if found:
            break
    assert list(found) == [f"{right.key}/{right.sub_segments[0].key}"]
    assert found.popitem()[1].startswith("Its main product family is ")


def test_an_answer_takes_the_place_of_what_a_run_has_planned_and_waits_for_what_is_being_sent(desk: Desk) -> None:
    let_edit(desk.stage, desk.owner.record_id)
    first = Run.objects.filter(kind=Run.Kind.FULL).latest("pk")
    planned = first.changes.get(kind="account", record_id=desk.finding.record_id)
    Change.objects.filter(pk=planned.pk).update(state=Change.State.SENDING)
    run = desk.answer("growth_partner")
    assert (run.state, run.step) == (Run.State.ACTIVE, Run.Step.PLAN)
    assert "Tierline is writing one of these accounts" in run.notice
    Change.objects.filter(pk=planned.pk).update(state=Change.State.PLANNED)
    assert desk.stage.work(run).state == Run.State.DONE
    planned.refresh_from_db()
    assert planned.state == Change.State.SUPERSEDED
    assert f"{desk.owner.name} chose a value" in planned.message
    assert Dirty.objects.filter(record_id=desk.finding.record_id).exists(), "the rest is planned anew soon"
    assert writeback.prepare(first, "", None, None, [planned]) == [], "its run does not send it any more"  # type: ignore[arg-type]


def test_what_somebody_changed_meanwhile_is_shown_and_not_overwritten(desk: Desk) -> None:
    let_edit(desk.stage, desk.owner.record_id)
    row = {"Id": desk.finding.record_id, "Tierline_Value_Profile__c": "uptime_first"}
    assert desk.stage.org.update("Account", [row])[0].id
    (change,) = desk.answer("growth_partner").changes.all()
    assert change.state == Change.State.SUPERSEDED
    assert change.message == "Changed in the CRM since you were shown it: Value profile is now Uptime first."
    assert desk.in_crm()["Tierline_Value_Profile__c"] == "uptime_first"
    assert desk.state.current["value_profile"] == "uptime_first", "the next look shows it"
    (change,) = desk.answer("growth_partner").changes.all()
    assert change.state == Change.State.VERIFIED
