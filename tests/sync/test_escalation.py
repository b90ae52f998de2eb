"""Findings left lying: working days, who hears of them at which step, and that each step is told once."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core import mail
from django.utils import timezone

from scoring.model.days import WEEKDAYS
from scoring.model.follow_up import Steps
from sync.alerts import escalation_steps, handling, notices
from sync.alerts.escalation import escalate
from sync.alerts.returning import bring_back
from sync.alerts.states import Event
from sync.models import Absence, Finding, FindingEvent, Notice
from tests.sync.stage import Stage

FRIDAY = date(2026, 11, 20)


@pytest.mark.parametrize(("days", "lain"), [(0, 0), (1, 0), (2, 0), (3, 1), (7, 5), (10, 6), (21, 15), (-4, 0)])
def test_days_are_working_days(days: int, lain: int) -> None:
    assert escalation_steps.working_days(FRIDAY, FRIDAY + timedelta(days=days), WEEKDAYS[:5]) == lain


@pytest.mark.parametrize(("waited", "told", "reached"), [(4, 0, 0), (5, 0, 1), (9, 1, 1), (10, 1, 3), (30, 3, 3)])
def test_the_furthest_step_reached_counts_and_none_is_told_twice(waited: int, told: int, reached: int) -> None:
    assert escalation_steps.step(Steps(manager=5, administrator=10), waited, told) == reached


def test_what_lies_goes_to_the_manager_the_models_owner_and_the_administrator_once_each(
    after_run: Stage, tmp_path: Path
) -> None:
    portfolio, now = after_run.portfolio, timezone.now()
    Finding.objects.update(waiting_since=now)
    users = {row["Id"]: row for row in after_run.query("SELECT Id, Name, Email, IsActive, ManagerId FROM User")}
    finding = next(
        each
        for each in Finding.objects.filter(state="open", severity="medium").select_related("alert__owner")
        if each.alert and users.get(each.alert.owner.record_id, {}).get("ManagerId") in users
    )
    assert finding.alert is not None
    owner = finding.alert.owner
    manager = users[users[owner.record_id]["ManagerId"]]
    keeper = next(
        row for row in users.values() if row["IsActive"] and row["Email"] not in ("", owner.email, manager["Email"])
    )
    after_run.publish(("    model_owners: []", f"    model_owners: [{{to: {keeper['Email']}}}]"), folder=tmp_path)

    def told_after(days: int) -> list[str]:
        """Who hears of it when it has lain for so many days, and that nobody hears of it again the next hour."""
        Finding.objects.filter(pk=finding.pk).update(waiting_since=now - timedelta(days=days))
        seen = set(Notice.objects.values_list("pk", flat=True))
        escalate(portfolio, now)
        assert escalate(portfolio, now) == 0
        return [each.to for each in Notice.objects.exclude(pk__in=seen)]

    assert told_after(7) == []
    handling.do(portfolio, [finding.pk], Event.ACKNOWLEDGE, "mika")  # the model does not stop the clock for that
    assert told_after(14) == [manager["Email"]]
    body = Notice.objects.latest("pk").body
    assert f"{owner.name} has not closed this within 10 working days; you manage {owner.name}." in body
    assert finding.message in body
    mail.outbox.clear()
    notices.send(Notice.objects.latest("pk"), now)
    assert mail.outbox[0].to == [manager["Email"]]
    today = timezone.localdate(now)
    Absence.objects.create(
        portfolio=portfolio,
        email=keeper["Email"].lower(),
        delegate=manager["Email"].lower(),
        starts_on=today,
        ends_on=today,
    )
    assert told_after(21) == [manager["Email"]], "who is away is stood in for"
    assert len(told_after(28)) == 1, "the administrator"
    assert told_after(60) == []
    reasons = FindingEvent.objects.filter(finding=finding, event="escalated").values_list("reason", flat=True)
    assert [words.rpartition("; ")[2] for words in reasons][2] == "it ends with you, the administrator."

    handling.do(portfolio, [finding.pk], Event.SNOOZE, "mika", until=today + timedelta(days=1))
    Finding.objects.filter(pk=finding.pk).update(escalated=0)
    assert told_after(60) == [], "what rests does not lie"
    assert bring_back(portfolio, now + timedelta(days=1)) == 0, "its last day is not over"
    assert bring_back(portfolio, now + timedelta(days=2)) == 1
    finding.refresh_from_db()
    assert (finding.state, finding.escalated) == ("open", 0)
    assert finding.alert is not None
    assert finding.alert.state == "open"
