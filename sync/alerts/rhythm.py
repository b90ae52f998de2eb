"""PURE: when a person is told about something, in his own time.

All comparing is done in UTC: an hour that the clock repeats in autumn is two hours, and a digest at a time that it
skips in spring goes out as far behind the gap as that time lies in it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from scoring.model.alerts import Pace

#: A working day, and the weekday of a digest, come within so many days.
DAYS = 15
MIDNIGHT, MINUTE = time(0), timedelta(minutes=1)


@dataclass(frozen=True)
class Hours:
    """When somebody may be told something.

    Attributes:
        working: days of the week (0 is Monday) on which anything is sent.
        quiet: from and until; None for no quiet hours.
        breaking: severities that are sent in quiet hours too.
        at, weekday: of digests.
    """

    zone: ZoneInfo
    working: frozenset[int] = frozenset(range(7))
    quiet: tuple[time, time] | None = None
    breaking: frozenset[str] = frozenset()
    at: time = time(8)
    weekday: int = 0

    def opening(self, moment: datetime) -> datetime:
        """The first moment from this one on at which something may be sent."""
        if self._is_open(moment):
            return moment
        first = moment.astimezone(self.zone).date()
        starts = (MIDNIGHT, self.quiet[1]) if self.quiet else (MIDNIGHT,)
        later = (
            instant
            for number in range(DAYS)
            for start in starts
            for instant in self._instants(first + timedelta(days=number), start)
            if instant > moment and self._is_open(instant)
        )
        found = min(later)
        while found - MINUTE > moment and self._is_open(found - MINUTE):
            found -= MINUTE  # the clock has skipped the end of the quiet hours
        return found

    def _is_open(self, moment: datetime) -> bool:
        local = moment.astimezone(self.zone)
        return local.weekday() in self.working and not self._is_quiet(local.time())

    def _is_quiet(self, clock: time) -> bool:
        if self.quiet is None:
            return False
        start, end = self.quiet
        return start <= clock < end if start < end else clock >= start or clock < end

    def _instants(self, day: date, clock: time) -> Iterator[datetime]:
        """When the clock shows this on that day: twice in the hour that is repeated."""
        for fold in (0, 1):
            yield datetime.combine(day, clock.replace(fold=fold), self.zone).astimezone(UTC)

    def digest(self, moment: datetime, days: Collection[int]) -> datetime:
        """The first time of digests on one of these days of the week, from this moment on."""
        first = moment.astimezone(self.zone).date()
        for number in range(DAYS):
            day = first + timedelta(days=number)
            instant = next(self._instants(day, self.at))
            if day.weekday() in days and instant >= moment:
                return instant
        raise AssertionError("every day of the week comes within a fortnight")

    def full_hour(self, moment: datetime) -> datetime:
        """The next full hour of the person's clock, or this moment if it is one."""
        local = moment.astimezone(self.zone)
        past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        return moment.astimezone(UTC) + (timedelta(hours=1) - past if past else past)


@dataclass(frozen=True)
class Rhythm:
    """How soon one person is told, by severity, and at which hours."""

    paces: Mapping[str, Pace]
    hours: Hours

    def due(self, severity: str, known: datetime) -> datetime:
        """When a message about something that became known at this moment is to go out."""
        pace = self.paces[severity]
        if pace == "immediate":
            planned = known
        elif pace == "hourly":
            planned = self.hours.full_hour(known)
        elif pace == "daily":
            planned = self.hours.digest(known, self.hours.working)
        else:
            planned = self.hours.digest(known, {self.hours.weekday})
        return planned if severity in self.hours.breaking else self.hours.opening(planned)

    def opening(self, moment: datetime, severities: Collection[str]) -> datetime:
        """The first moment from this one on at which a message about problems so severe may be sent."""
        return moment if self.hours.breaking.intersection(severities) else self.hours.opening(moment)
