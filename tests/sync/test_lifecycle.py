"""What becomes of findings and alerts: said by people, closed and opened again by what the CRM says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from sync.alerts import handling, history, recovery
from sync.alerts.handling import Refused
from sync.alerts.states import Event, State
from sync.models import Absence, Alert, AuditEvent, Delivery, Finding, FindingEvent
from tests.sync.office import Office, found
from tests.sync.stage import Stage

DAY = timedelta(days=1)


@pytest.fixture
def office(db: None) -> Office:
    return Office.open()


def state(number: int = 1) -> str:
    return Finding.objects.get(record_id=f"a{number}").state


def events_of(finding: Finding) -> list[str]:
    return [each.event for each in reversed(history.of(finding))]


def events(number: int = 1) -> list[str]:
    return events_of(Finding.objects.get(record_id=f"a{number}"))


def test_what_rests_is_not_told_and_comes_back_in_the_same_alert(office: Office) -> None:
    now = timezone.now()
    unlike = replace(found(2, rule="unlike_rules"), value="energy", against="process")
    office.check([found(1), unlike], now)
    assert office.send(now) == 1
    first, second = Finding.objects.order_by("pk")
    today = timezone.localdate(now)
    do = handling.do

    with pytest.raises(Refused, match="the model allows 30 days"):
        do(office.portfolio, [first.pk], Event.SNOOZE, "mika", until=today + 31 * DAY)
    assert do(office.portfolio, [first.pk], Event.SNOOZE, "mika", until=today + 2 * DAY) == 1
    with pytest.raises(Refused, match="snoozed already, by mika"):
        do(office.portfolio, [first.pk], Event.ACKNOWLEDGE, "anna")
    with pytest.raises(Refused, match="Say why"):
        do(office.portfolio, [second.pk], Event.CONFIRM, "mika", reason=" ")
    with pytest.raises(Refused, match="mended in the CRM"):
        do(office.portfolio, [first.pk], Event.CONFIRM, "mika", reason="It is.")
    do(office.portfolio, [first.pk, second.pk], Event.CONFIRM, "mika", reason="They build plants as well.")
    assert (state(1), state(2)) == ("snoozed", "confirmed")
    assert set(Alert.objects.values_list("state", flat=True)) == {"resting"}
    noted = AuditEvent.objects.get(action="finding said to be right as it is")
    assert (noted.actor, noted.detail["reason"]) == ("mika", "They build plants as well.")

    office.check([found(1), unlike], now + DAY)
    assert (state(1), state(2)) == ("snoozed", "confirmed")
    assert office.send(now + DAY) == 0, "what rests is told to nobody"
    office.check([found(1), replace(unlike, against="utilities", message="By the rules it is another.")], now + 3 * DAY)
    assert (state(1), state(2)) == ("open", "open")
    assert (events(1), events(2)) == (["found", "snooze", "due"], ["found", "confirm", "changed"])
    assert office.send(now + 3 * DAY) == 1
    assert Alert.objects.count() == 2, "one for each rule, as before"
    office.check([], now + 4 * DAY)
    assert (state(1), state(2)) == ("resolved", "resolved")


def test_the_crm_has_the_last_word_and_what_was_told_is_said_once_to_be_mended(office: Office) -> None:
    now = timezone.now()
    office.check([found(1), found(2)], now)
    handling.do(office.portfolio, [Finding.objects.get(record_id="a2").pk], Event.BEGIN, "mika")
    office.check([found(2)], now + DAY)
    office.send(now + DAY)
    owner = Alert.objects.get().owner
    assert not recovery.to_say(owner), "mended before it was told"
    office.check([], now + 2 * DAY)
    assert [each.record_id for each in recovery.to_say(owner)] == ["a2"]
    recovery.said(list(recovery.to_say(owner)))
    assert not recovery.to_say(owner)
    office.check([found(2)], now + 3 * DAY)
    office.check([found(2)], now + 4 * DAY)
    finding = Finding.objects.get(record_id="a2")
    assert (finding.state, finding.times_opened, events(2)[-2:]) == ("open", 2, ["gone", "found_again"])
    assert Alert.objects.count() == 1, "the alert is opened again"


def test_what_comes_and_goes_is_told_once_as_such(office: Office) -> None:
    now = timezone.now()
    value = replace(found(1), rule="not_in_list", value="Energie")
    told = []
    for number in range(6):
        office.check([value], now + number * 2 * DAY)
        office.send(now + number * 2 * DAY)
        told.append(Delivery.objects.filter(channel="email", state="sent").count())
        office.check([], now + (number * 2 + 1) * DAY)
    assert told == [1, 2, 3, 4, 4, 4], "the fourth says that it flaps, after that it is no news"
    finding = Finding.objects.get()
    assert "mended 3 times since" in finding.flapping
    assert "between empty and Energie. Who edited the record is not known." in finding.flapping
    assert events().count("flapping") == 1
    office.check([value], now + 60 * DAY)
    finding.refresh_from_db()
    assert (finding.flapping, finding.times_opened) == ("", 7), "quiet for longer than the model's days: forgotten"
    assert office.send(now + 60 * DAY) == 1
    assert Finding.objects.count() == Alert.objects.count() == 1


def test_the_owner_whoever_stands_in_and_an_administrator_may_speak(office: Office) -> None:
    office.check([found(1)])
    alert = Alert.objects.get()
    make = get_user_model().objects.create_user
    today = timezone.localdate()
    Absence.objects.create(
        portfolio=office.portfolio,
        email="seller1@example.com",
        delegate="anna@example.com",
        starts_on=today,
        ends_on=today,
    )
    assert handling.may(make("mika", email="Seller1@example.com"), alert)
    assert handling.may(make("anna@example.com"), alert)
    assert handling.may(make("root", is_staff=True), alert)
    assert not handling.may(make("other", email="other@example.com"), alert)
    assert not handling.may(make("gone", email="seller1@example.com", is_active=False), alert)


def test_edits_in_the_crm_close_findings_and_a_broken_record_opens_its_own_again_also_when_its_owner_leaves(
    after_run: Stage,
) -> None:
    missing = Finding.objects.filter(state="open", rule="missing", field="value_profile", kind="account")
    first, second = missing.exclude(alert=None).select_related("alert__owner").order_by("alert__owner", "pk")[:2]
    assert first.alert is not None
    owner, field = first.alert.owner, after_run.org.object("Account").fields["Tierline_Value_Profile__c"]
    value = (field.values or after_run.org.value_sets()[field.value_set].entries)[0].value

    editor = after_run.query("SELECT Id, Name FROM User WHERE IsActive = true ORDER BY Id DESC LIMIT 1")[0]

    def after_edit(**edits: object) -> list[tuple[str, int]]:
        rows = [{"Id": key, field.name: edit} for key, edit in edits.items()]
        after_run.org.update("Account", rows, user_id=editor["Id"])
        after_run.run()
        found = Finding.objects.filter(rule="missing", field="value_profile", record_id__in=edits).order_by("pk")
        return [(each.state, each.times_opened) for each in found]

    both = {first.record_id: value, second.record_id: value}
    assert after_edit(**both) == [("resolved", 1), ("resolved", 1)]
    assert not FindingEvent.objects.exclude(by="").exists(), "nobody opened the console"
    assert after_edit(**{first.record_id: None}) == [("open", 2)], "the same finding, not a second one"
    edited = FindingEvent.objects.filter(finding=first).exclude(edited_by="").values_list("event", "edited_by")
    assert set(edited.order_by("pk")) == {("gone", editor["Name"]), ("found_again", editor["Name"])}
    first.refresh_from_db()
    assert first.alert is not None
    assert first.alert.owner == owner
    assert not Alert.objects.exclude(state="resolved").exclude(findings__state__in=Finding.WAITING).exists()

    after_run.org.update("User", [{"Id": owner.record_id, "IsActive": False}])
    after_run.run()
    first.refresh_from_db()
    assert first.alert is not None
    assert first.alert.owner != owner
    assert "is no longer active" in first.alert.routed_because
    assert not Alert.objects.filter(owner=owner, state="open").exists(), "all of it moved"
    assert events_of(first)[-1] == "moved"


def test_what_cannot_be_known_goes_further_at_once_and_back(after_run: Stage) -> None:
    finding = Finding.objects.filter(state="open", rule="missing", kind="account").exclude(alert=None)[0]
    assert finding.alert is not None
    owner, portfolio = finding.alert.owner, after_run.portfolio

    def do(deed: Event, by: str, reason: str = "") -> Finding:
        handling.do(portfolio, [finding.pk], deed, by, reason=reason)
        finding.refresh_from_db()
        return finding

    asked = do(Event.CANNOT_KNOW, "mika", "The customer does not tell.").alert
    assert asked is not None
    assert asked.owner != owner
    assert f"{owner.name}, who says that this cannot be known" in asked.routed_because
    after_run.run()
    finding.refresh_from_db()
    assert (finding.alert, finding.state) == (asked, State.ASKED), "a run leaves it there"
    back = do(Event.GIVE_BACK, "boss", "Ask their plant manager.")
    assert back.alert is not None
    assert (back.alert.owner, back.state) == (owner, State.OPEN)
    do(Event.CANNOT_KNOW, "mika", "Asked, they do not tell.")
    accepted = do(Event.ACCEPT, "boss")
    assert (accepted.state, accepted.rests_until) == ("accepted", timezone.localdate() + 365 * DAY)
    said = FindingEvent.objects.filter(finding=finding).exclude(by="").values_list("event", "by")
    assert list(said) == [("cannot_know", "mika"), ("give_back", "boss"), ("cannot_know", "mika"), ("accept", "boss")]
