"""When a person is told: at the changes of the clock, in quiet hours, on days off; and what he may choose."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.model.alerts import Alerts, Pace
from scoring.model.days import MONDAY_TO_FRIDAY
from sync.alerts.rhythm import Hours, Rhythm
from sync.alerts.rhythms import Person, resolve
from sync.models import OwnRhythm

HELSINKI = ZoneInfo("Europe/Helsinki")
WEEKDAYS = frozenset(range(5))
NIGHT = (time(19), time(7))


def at(text: str, zone: ZoneInfo = HELSINKI) -> datetime:
    """A local time as an instant; "B" at its end means the second time it is shown."""
    return datetime.fromisoformat(text.rstrip("B")).replace(tzinfo=zone, fold=text.endswith("B")).astimezone(UTC)


def rhythm(pace: Pace, **hours: object) -> Rhythm:
    paces: Mapping[str, Pace] = dict.fromkeys(("high", "medium", "low"), pace)
    return Rhythm(paces, Hours(**{"zone": HELSINKI, **hours}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pace", "known", "due"),
    [
        ("immediate", "2026-11-25T10:20", "2026-11-25T10:20"),
        ("immediate", "2026-11-25T22:00", "2026-11-26T07:00"),
        ("immediate", "2026-11-26T06:59", "2026-11-26T07:00"),
        ("immediate", "2026-11-27T19:00", "2026-11-30T07:00"),  # Friday evening: Monday
        ("hourly", "2026-11-25T10:20", "2026-11-25T11:00"),
        ("hourly", "2026-11-25T11:00", "2026-11-25T11:00"),
        ("hourly", "2026-11-25T18:30", "2026-11-26T07:00"),
        ("daily", "2026-11-25T08:00", "2026-11-25T08:00"),
        ("daily", "2026-11-25T08:01", "2026-11-26T08:00"),
        ("daily", "2026-11-27T08:01", "2026-11-30T08:00"),
        ("weekly", "2026-11-23T08:01", "2026-11-30T08:00"),
        ("weekly", "2026-11-28T12:00", "2026-11-30T08:00"),
    ],
)
def test_a_message_is_due_in_the_persons_own_time(pace: Pace, known: str, due: str) -> None:
    found = rhythm(pace, working=WEEKDAYS, quiet=NIGHT)
    assert found.due("medium", at(known)) == at(due)


@pytest.mark.parametrize(
    ("zone", "clock", "known", "due"),
    [
        # Spring: 03:00 becomes 04:00 in Helsinki. A time that is skipped comes as far behind the gap as it lies in it.
        ("Europe/Helsinki", time(3, 30), "2026-03-29T02:00", "2026-03-29T04:30"),
        ("Europe/Helsinki", time(8), "2026-03-28T09:00", "2026-03-29T08:00"),
        # Autumn: 03:30 is shown twice; the digest goes out the first time, and not again the second.
        ("Europe/Helsinki", time(3, 30), "2026-10-25T02:00", "2026-10-25T03:30"),
        ("Europe/Helsinki", time(3, 30), "2026-10-25T03:10B", "2026-10-26T03:30"),
        ("America/New_York", time(1, 30), "2026-11-01T01:10B", "2026-11-02T01:30"),
        ("Asia/Kolkata", time(8), "2026-11-01T08:01", "2026-11-02T08:00"),
    ],
)
def test_digests_keep_their_time_of_day_over_the_changes_of_the_clock(
    zone: str, clock: time, known: str, due: str
) -> None:
    where = ZoneInfo(zone)
    assert rhythm("daily", zone=where, at=clock).due("low", at(known, where)) == at(due, where)


def test_quiet_hours_end_once_where_the_clock_shows_their_end_twice_or_never() -> None:
    autumn = rhythm("immediate", quiet=(time(22), time(3, 30)))
    assert autumn.due("low", at("2026-10-25T01:00")) == at("2026-10-25T03:30")
    assert autumn.due("low", at("2026-10-25T03:10B")) == at("2026-10-25T03:30B"), "quiet again, for twenty minutes"
    assert autumn.due("low", at("2026-03-29T01:00")) == at("2026-03-29T04:00"), "03:30 is skipped"
    assert rhythm("hourly", zone=ZoneInfo("Asia/Kolkata")).due("low", datetime(2026, 11, 1, 4, tzinfo=UTC)) == datetime(
        2026, 11, 1, 4, 30, tzinfo=UTC
    ), "a full hour of the person's clock"


def test_severe_problems_break_through_only_where_the_model_says_so() -> None:
    sunday_night = at("2026-11-29T23:00")
    quiet = rhythm("immediate", working=WEEKDAYS, quiet=NIGHT)
    assert quiet.due("high", sunday_night) == quiet.opening(sunday_night, {"high"}) == at("2026-11-30T07:00")
    breaking = rhythm("immediate", working=WEEKDAYS, quiet=NIGHT, breaking=frozenset({"high"}))
    assert breaking.due("high", sunday_night) == breaking.opening(sunday_night, {"low", "high"}) == sunday_night
    assert breaking.due("medium", sunday_night) == breaking.opening(sunday_night, {"medium"}) == at("2026-11-30T07:00")


ZONES = st.sampled_from(["UTC", "Europe/Helsinki", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"])
CLOCKS = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))


@settings(max_examples=60)
@given(
    zone=ZONES,
    pace=st.sampled_from(["immediate", "hourly", "daily", "weekly"]),
    days=st.frozensets(st.integers(0, 6), min_size=1),
    start=CLOCKS,
    length=st.integers(1, 23 * 60),
    clock=CLOCKS,
    minutes=st.integers(0, 370 * 24 * 60),
)
def test_every_message_is_due_soon_never_early_and_never_in_quiet_hours(
    zone: str, pace: Pace, days: frozenset[int], start: time, length: int, clock: time, minutes: int
) -> None:
    end = (datetime.combine(date(2026, 1, 1), start) + timedelta(minutes=length)).time()
    hours = {"zone": ZoneInfo(zone), "working": days, "quiet": (start, end), "at": clock, "weekday": min(days)}
    found = rhythm(pace, **hours)
    known = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    due = found.due("medium", known)
    assert known <= due <= known + timedelta(days=15)
    local = due.astimezone(ZoneInfo(zone))
    assert local.weekday() in days
    inside = start <= local.time() < end if start < end else not end <= local.time() < start
    assert not inside
    assert found.opening(due, {"medium"}) == due, "what is due may be sent"
    later = found.due("medium", known + timedelta(minutes=17))
    assert due <= later, "what is known first is not told last"


RULES = Alerts.model_validate(
    {
        "time_zone": "Europe/Helsinki",
        "rhythm": {"high": "immediate", "medium": "daily", "low": "weekly"},
        "exceptions": [{"to": ["manager"], "rhythm": {"medium": "weekly"}}],
        "send_on": "working_days",
        "quiet_hours": {"from": 1140, "until": "07:00", "break_for": ["high"]},
        "own_choice": {"slowest": {"high": "hourly", "medium": "daily", "low": "weekly"}},
    }
)


def test_who_decides_about_a_rhythm_is_told_with_it() -> None:
    plain, why = resolve(RULES, Person("mika@example.com", "America/New_York"), None)
    assert (dict(plain.paces), plain.hours.quiet) == ({"high": "immediate", "medium": "daily", "low": "weekly"}, NIGHT)
    assert (plain.hours.zone.key, why.zone, why.hours) == ("America/New_York", "the CRM", "the model")
    boss, why = resolve(RULES, Person("bo@example.com", "Nowhere/Land", manages=True), None)
    assert (boss.paces["medium"], why.paces["medium"]) == ("weekly", "exception 1 of the model")
    assert (boss.hours.zone.key, why.zone) == ("Europe/Helsinki", "the model"), "a zone nobody knows is passed over"


def test_what_a_person_chose_holds_as_far_as_the_model_allows() -> None:
    own = OwnRhythm(high="weekly", medium="immediate", at=time(9, 30), weekday="sunday", time_zone="Asia/Kolkata")
    own.quiet_from, own.quiet_until = time(12), time(13)
    mine, why = resolve(RULES, Person("mika@example.com", "America/New_York"), own, MONDAY_TO_FRIDAY)
    assert dict(mine.paces) == {"high": "hourly", "medium": "immediate", "low": "weekly"}
    assert why.paces["high"] == "own choice (weekly), as far as the model allows"
    hours = mine.hours
    assert (hours.zone.key, hours.at, hours.quiet) == ("Asia/Kolkata", time(9, 30), (time(12), time(13)))
    assert hours.weekday == 0, "Sunday is no working day"
    assert hours.breaking == {"high"}, "what breaks through is not his to say"
    fixed = RULES.model_copy(update={"own_choice": RULES.own_choice.model_copy(update={"hours": False})})
    assert resolve(fixed, Person("mika@example.com"), own)[0].hours.zone.key == "Europe/Helsinki"
