"""The table of a finding's states: there is always a way on, and nothing is swallowed."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product

import pytest

from sync.alerts.states import (
    ANSWERS,
    DEEDS,
    EVENTS,
    RESTING,
    STATES,
    TRANSITIONS,
    UNTIL_A_DAY,
    UNTIL_CHANGED,
    WAITING,
    WITH_REASON,
    Event,
    State,
    after,
    on_recheck,
    possible,
)

DAY = date(2026, 11, 23)
WHEN_FOUND = list(product((False, True), (None, DAY - timedelta(days=1), DAY, DAY + timedelta(days=1))))


def reach(start: State, events: set[Event]) -> set[State]:
    found, edge = {start}, {start}
    while edge:
        steps = (after(state, event) for state in edge for event in events if event in TRANSITIONS)
        edge = {state for state in steps if state is not None} - found
        found |= edge
    return found


@pytest.mark.parametrize("state", list(State))
def test_every_state_is_reached_and_left_and_no_finding_is_lost_in_it(state: State) -> None:
    assert state in WAITING or state in RESTING or state is State.RESOLVED
    assert state in reach(State.OPEN, set(Event)), "reached"
    assert State.OPEN in reach(state, set(Event)), "left"
    if state is not State.RESOLVED:
        assert after(state, Event.GONE) is State.RESOLVED, "the CRM edit resolves it wherever it stands"
    if state in RESTING:
        assert state in UNTIL_A_DAY or state in UNTIL_CHANGED, "it comes back without anybody doing anything"
    for deed in possible(state, next(iter(ANSWERS))):
        target = after(state, deed)
        assert target is not None
        assert target is not state
        assert target is not State.RESOLVED, "nobody resolves a finding by saying so"


@pytest.mark.parametrize("state", list(State))
def test_a_recheck_that_finds_it_leads_to_a_state_that_waits_or_rests_with_an_end(state: State) -> None:
    for changed, until in WHEN_FOUND:
        event = on_recheck(state, changed=changed, rests_until=until, today=DAY)
        now = after(state, event) if event else state
        assert now is not None, "the re-check asks only for what the table has"
        assert now is not State.RESOLVED, "what is found is not resolved"
        over = until is None or until < DAY
        if state in UNTIL_A_DAY and over:
            assert now is State.OPEN, "its day has come"
        if state in UNTIL_CHANGED and changed:
            assert now is State.OPEN, "the value it is about is another one"
        if now in RESTING:
            assert now is state


def test_all_states_and_events_have_words_and_only_deeds_need_reasons() -> None:
    assert set(STATES) == set(State)
    assert set(EVENTS) == set(Event)
    assert set(WITH_REASON) <= set(DEEDS) <= set(TRANSITIONS)
    assert Event.CONFIRM not in possible(State.OPEN, "missing"), "a missing value is not right"
