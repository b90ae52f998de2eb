"""PURE: the states of a finding, and what leads from one to another.

The CRM has the last word: whatever people said, a finding is resolved when the re-check does not find it any more, and
is open again when it does. No state is without a way out, and none swallows a finding: what rests comes back on a day,
or when a value that it is about changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum


class State(StrEnum):
    """Where a finding stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "in_progress"
    ASKED = "asked"
    SNOOZED = "snoozed"
    ACCEPTED = "accepted"
    CONFIRMED = "confirmed"
    RESOLVED = "resolved"


class Event(StrEnum):
    """What happens to a finding: the first ones people do, the others the re-check, the clock and routing."""

    ACKNOWLEDGE = "acknowledge"
    BEGIN = "begin"
    SNOOZE = "snooze"
    CANNOT_KNOW = "cannot_know"
    CONFIRM = "confirm"
    ACCEPT = "accept"
    GIVE_BACK = "give_back"
    TAKE_BACK = "take_back"
    FOUND = "found"
    FOUND_AGAIN = "found_again"
    GONE = "gone"
    CHANGED = "changed"
    DUE = "due"
    MOVED = "moved"
    ESCALATED = "escalated"
    FLAPPING = "flapping"


#: Words for people.
STATES: Mapping[State, str] = {
    State.OPEN: "open",
    State.ACKNOWLEDGED: "acknowledged",
    State.IN_PROGRESS: "in progress",
    State.ASKED: "cannot be known?",
    State.SNOOZED: "snoozed",
    State.ACCEPTED: "cannot be known",
    State.CONFIRMED: "right as it is",
    State.RESOLVED: "resolved",
}
CHOICES = [(state.value, words) for state, words in STATES.items()]
EVENTS: Mapping[Event, str] = {
    Event.ACKNOWLEDGE: "acknowledged",
    Event.BEGIN: "being worked on",
    Event.SNOOZE: "snoozed",
    Event.CANNOT_KNOW: "said not to be knowable",
    Event.CONFIRM: "said to be right as it is",
    Event.ACCEPT: "accepted that it cannot be known",
    Event.GIVE_BACK: "given back",
    Event.TAKE_BACK: "taken back",
    Event.FOUND: "found",
    Event.FOUND_AGAIN: "came back",
    Event.GONE: "mended in the CRM",
    Event.CHANGED: "a value it is about changed",
    Event.DUE: "its day came",
    Event.MOVED: "went to another person",
    Event.ESCALATED: "told further up",
    Event.FLAPPING: "comes and goes",
}

#: Somebody has to do something. The rest of what is not resolved rests.
WAITING = (State.OPEN, State.ACKNOWLEDGED, State.IN_PROGRESS, State.ASKED)
RESTING = (State.SNOOZED, State.ACCEPTED, State.CONFIRMED)
#: States that end when a value changes that the finding is about, and those that end on a day.
UNTIL_CHANGED = (State.ASKED, State.ACCEPTED, State.CONFIRMED)
UNTIL_A_DAY = (State.SNOOZED, State.ACCEPTED)

_MINE = (State.OPEN, State.ACKNOWLEDGED, State.IN_PROGRESS)
_SAID = (State.ACKNOWLEDGED, State.IN_PROGRESS, State.ASKED, State.SNOOZED, State.ACCEPTED, State.CONFIRMED)

#: Event -> the states in which it can happen, and the state it leads to.
TRANSITIONS: Mapping[Event, tuple[tuple[State, ...], State]] = {
    Event.ACKNOWLEDGE: ((State.OPEN,), State.ACKNOWLEDGED),
    Event.BEGIN: ((State.OPEN, State.ACKNOWLEDGED), State.IN_PROGRESS),
    Event.SNOOZE: (_MINE, State.SNOOZED),
    Event.CANNOT_KNOW: (_MINE, State.ASKED),
    Event.CONFIRM: (_MINE, State.CONFIRMED),
    Event.ACCEPT: ((State.ASKED,), State.ACCEPTED),
    Event.GIVE_BACK: ((State.ASKED,), State.OPEN),
    Event.TAKE_BACK: (_SAID, State.OPEN),
    Event.FOUND_AGAIN: ((State.RESOLVED,), State.OPEN),
    Event.GONE: ((State.OPEN, *_SAID), State.RESOLVED),
    Event.CHANGED: (UNTIL_CHANGED, State.OPEN),
    Event.DUE: (UNTIL_A_DAY, State.OPEN),
    Event.MOVED: ((State.ACKNOWLEDGED, State.IN_PROGRESS), State.OPEN),  # the next person has not seen it
}
#: What people do, in the order of the buttons.
DEEDS = (
    Event.ACKNOWLEDGE,
    Event.BEGIN,
    Event.SNOOZE,
    Event.CANNOT_KNOW,
    Event.CONFIRM,
    Event.ACCEPT,
    Event.GIVE_BACK,
    Event.TAKE_BACK,
)
#: Deeds that need a reason, which whoever comes later reads.
WITH_REASON = (Event.CANNOT_KNOW, Event.CONFIRM, Event.GIVE_BACK)
#: Deeds by which a person shows to have seen a finding.
SEEN = (Event.ACKNOWLEDGE, Event.BEGIN, Event.SNOOZE, Event.CANNOT_KNOW, Event.CONFIRM)
#: Rules that can be answered with "this is right", and the words of that answer.
ANSWERS: Mapping[str, str] = {
    "unlike_rules": "This is right",
    "contradicts": "This is right",
    "duplicate_account": "These are two companies",
}


def after(state: str, event: Event) -> State | None:
    """The state this event leads to; None where it cannot happen."""
    sources, target = TRANSITIONS[event]
    return target if state in sources else None


def possible(state: str, rule: str) -> list[Event]:
    """What a person can do with a finding of this rule in this state, in the order of the buttons."""
    return [deed for deed in DEEDS if after(state, deed) is not None and (deed is not Event.CONFIRM or rule in ANSWERS)]


def on_recheck(state: str, *, changed: bool, rests_until: date | None, today: date) -> Event | None:
    """What the re-check does to a finding that it finds, from what is known of it; None when nothing happens.

    `changed`: a value that it is about is another one than before. It rests through the day `rests_until`.
    """
    if state == State.RESOLVED:
        return Event.FOUND_AGAIN
    if changed and state in UNTIL_CHANGED:
        return Event.CHANGED
    return Event.DUE if is_over(state, rests_until, today) else None


def is_over(state: str, rests_until: date | None, today: date) -> bool:
    """Whether a rest has come to its day. Without a day there is none that a person could have meant: it is over."""
    return state in UNTIL_A_DAY and (rests_until is None or rests_until < today)
