"""How many calls a portal takes: in ten seconds by app, a second for searches, and a day, by its plan.

Limits are told always and enforced only when a plan is set: a test or a demo would spend its time waiting.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from connectors.sandbox.clock import Clock
from connectors.sandbox.portal.records import Records

#: Per plan: calls in ten seconds by one app, calls a day.
PLANS = {"starter": (100, 250_000), "professional": (190, 625_000), "api_add_on": (250, 1_000_000)}
# unverified: an app with OAuth may make 110 calls in ten seconds.
_OAUTH_BURST = 110
_SEARCHES = 5
_WINDOW, _SECOND = 10.0, 1.0
_USED = "calls_by_day"
_SAVE_EVERY = 200

Exceeded = Literal["", "TEN_SECONDLY_ROLLING", "SECONDLY", "DAILY"]


@dataclass(frozen=True)
class Standing:
    """What a reply tells about the limits."""

    burst: int
    burst_left: int
    daily: int
    daily_left: int


class Limits:
    """Calls of one portal. Those of the last seconds are known to this process only; the day's are kept."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records = records
        self._clock = clock
        self._lock = threading.Lock()
        self._calls: dict[int, deque[float]] = {}
        self._searches: deque[float] = deque()
        self._day, self._used = self._stored()
        self.refresh()

    def refresh(self) -> None:
        """Reads the settings `plan` and `daily_limit` again."""
        self.plan = str(self._records.setting("plan") or "")
        self._burst, daily = PLANS[self.plan or "professional"]
        asked = self._records.setting("daily_limit")
        self._daily = int(asked or daily)
        self._enforce_day = bool(self.plan or asked)

    def set_plan(self, plan: str) -> None:
        """From now on its limits are enforced; "" ends that."""
        self._records.set_setting("plan", plan)
        self.refresh()

    def _stored(self) -> tuple[str, int]:
        day, used = self._records.setting(_USED) or ("", 0)
        return str(day), int(used)

    def today(self) -> tuple[int, int, datetime]:
        """Calls used and allowed today, and when the day ends (midnight UTC)."""
        with self._lock:
            self._turn()
            return self._used, self._daily, self._midnight()

    def count(self, app_id: int, *, search: bool, private: bool) -> Exceeded:
        """Counts a call unless a limit that is enforced is reached; says which."""
        now = time.monotonic()
        with self._lock:
            self._turn()
            calls = self._calls.setdefault(app_id, deque())
            _slide(calls, now - _WINDOW)
            _slide(self._searches, now - _SECOND)
            if self.plan:
                if search and len(self._searches) >= _SEARCHES:
                    return "SECONDLY"
                if not search and len(calls) >= self._most(private):
                    return "TEN_SECONDLY_ROLLING"
            if self._enforce_day and self._used >= self._daily:
                return "DAILY"
            # unverified: searches do not count towards the ten seconds' limit, only towards their own and the day's.
            (self._searches if search else calls).append(now)
            self._used += 1
            due = self._used % _SAVE_EVERY == 0
        if due:
            self.save()
        return ""

    def _most(self, private: bool) -> int:
        return self._burst if private else min(self._burst, _OAUTH_BURST)

    def standing(self, app_id: int, *, private: bool) -> Standing:
        with self._lock:
            most, used = self._most(private), len(self._calls.get(app_id, ()))
            return Standing(most, max(most - used, 0), self._daily, max(self._daily - self._used, 0))

    def save(self) -> None:
        with self._lock:
            kept = [self._day, self._used]
        self._records.set_setting(_USED, kept)

    def _turn(self) -> None:
        day = self._clock.today().isoformat()
        if day != self._day:
            self._day, self._used = day, 0

    def _midnight(self) -> datetime:
        return datetime.combine(self._clock.today() + timedelta(days=1), datetime.min.time(), UTC)


def _slide(calls: deque[float], first: float) -> None:
    while calls and calls[0] <= first:
        calls.popleft()
