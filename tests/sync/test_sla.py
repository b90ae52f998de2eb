"""How punctually findings are closed, against an example worked out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from sync.alerts import sla
from sync.models import FindingEvent

FIRST = datetime(2026, 11, 2, 9, tzinfo=UTC)


def event(finding: int, day: float, what: str, owner: int = 1, due: int | None = None) -> FindingEvent:
    until = None if due is None else FIRST.date() + timedelta(days=due)
    return FindingEvent(
        finding_id=finding, at=FIRST + timedelta(days=day), event=what, owner_id=owner, until=until, by="x"
    )


EVENTS = [
    # 1: seen after 1 day, mended after 3, due on day 7: in time.
    *(event(1, 0, "found", due=7), event(1, 1, "acknowledge"), event(1, 3, "gone")),
    # 2: mended after 10 days without a word, due on day 7: late. Then it comes back and is mended within 2 days.
    *(event(2, 0, "found", due=7), event(2, 10, "gone"), event(2, 12, "found_again", due=19), event(2, 14, "gone")),
    # 3: put off after 2 days, back after 9, nobody mended it: overdue since day 7. Another person has it by now.
    *(event(3, 0, "found", due=7), event(3, 2, "snooze", due=9), event(3, 10, "due", due=17), event(3, 11, "moved", 2)),
    # 4: said to be right after half a day, which closes it; taken back on day 8, so it waits again, due as before.
    *(event(4, 5, "found", due=12), event(4, 5.5, "confirm"), event(4, 8, "take_back")),
    # 5: told further up, which neither closes it nor gives it to somebody else.
    *(event(5, 10, "found", due=24), event(5, 15, "escalated", 9)),
    # 6: closed long ago: it does not count.
    *(event(6, -90, "found", due=-83), event(6, -89, "gone")),
]


def test_the_figures_are_those_worked_out_by_hand() -> None:
    found = sla.episodes(EVENTS)
    assert len(found) == 8
    got = sla.figures(found, FIRST, date(2026, 11, 18))
    # Open: 3, 4 and 5; overdue on day 16: 3 (day 7) and 4 (day 12).
    assert (got.open, got.overdue) == (3, 2)
    # Seen after 1 (first), 2 (third) and 0.5 days (fourth).
    assert (got.seen.count, got.seen.median, got.seen.ninetieth) == (3, 1.0, 2.0)
    # Closed after 3, 10, 2 and 0.5 days: the median is between 2 and 3.
    assert (got.closed.count, got.closed.median, got.closed.ninetieth) == (4, 2.5, 10.0)
    # In time: 3 of the 4 that were closed; 2 more are overdue.
    assert got.in_time == pytest.approx(3 / 6)
    assert {each.finding: each.owner for each in found if each.closed is None} == {3: 2, 4: 1, 5: 1}
    assert sla.figures([], FIRST, date(2026, 11, 18)) == sla.Figures(
        0, 0, sla.Times(0, None, None), sla.Times(0, None, None), None
    )
