"""What a person may answer to findings: the buttons of the form, and their words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.http import HttpRequest
from django.utils import timezone

from scoring.model.follow_up import FollowUp
from sync import labels
from sync.alerts import handling
from sync.alerts.states import ANSWERS, DEEDS, WITH_REASON, Event, possible
from sync.models import Alert, Finding

A_WEEK = timedelta(days=7)
#: Deed -> the words of its button.
BUTTONS = {
    Event.ACKNOWLEDGE: "Acknowledge",
    Event.BEGIN: "I am on it",
    Event.SNOOZE: "Later",
    Event.CANNOT_KNOW: "Cannot be known",
    Event.ACCEPT: "Accept: it rests",
    Event.GIVE_BACK: "Give back",
    Event.TAKE_BACK: "Take back",
}
#: Deed -> what is said when it is done, after the number of records.
DONE = {
    Event.ACKNOWLEDGE: "acknowledged",
    Event.BEGIN: "marked as being worked on",
    Event.SNOOZE: "put off until {until}",
    Event.CANNOT_KNOW: "handed on with the question whether it can be known",
    Event.CONFIRM: "kept as right, until one of the values changes",
    Event.ACCEPT: "at rest until {until}, or until the value changes",
    Event.GIVE_BACK: "given back",
    Event.TAKE_BACK: "taken back; it waits again",
}


@dataclass(frozen=True)
class Deed:
    """A button: what it does, whether it needs a reason, and the last day and the one offered for a rest."""

    key: str
    words: str
    reason: bool
    last: date | None
    offered: date | None


def deeds(findings: Iterable[Finding], rules: FollowUp) -> list[Deed]:
    """What can be done to at least one of these, in the order of the buttons."""
    found: set[Event] = set()
    answer = ""
    for state, rule in {(finding.state, finding.rule) for finding in findings}:
        found.update(possible(state, rule))
        answer = answer or ANSWERS.get(rule, "")
    words, today = {**BUTTONS, Event.CONFIRM: answer}, timezone.localdate()
    shown = []
    for deed in (each for each in DEEDS if each in found):
        last = handling.last_day(deed, rules, today)
        offered = min(last, today + A_WEEK) if last and deed is Event.SNOOZE else last
        shown.append(Deed(deed.value, words[deed], deed in WITH_REASON, last, offered))
    return shown


def panel(request: HttpRequest, alert: Alert | None, findings: Sequence[Finding]) -> dict[str, object]:
    """What the form about findings needs; no deeds for somebody who may only look."""
    model = labels.labels(alert.portfolio).model if alert else None
    offered = deeds(findings, model.follow_up) if model else []
    if alert is None or not handling.may(request.user, alert):
        asker = len(findings) == 1 and handling.may_take_back(request.user, findings[0])
        offered = [each for each in offered if asker and each.key == Event.TAKE_BACK]
    return {"deeds": offered, "reasons": [each.words for each in offered if each.reason], "today": timezone.localdate()}
