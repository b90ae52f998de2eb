"""How many API calls the org took in the last 24 hours: a window that slides, with no moment of reset."""

from __future__ import annotations

import threading
from datetime import timedelta

from connectors.sandbox.clock import Clock
from connectors.sandbox.org.records import Store

_WINDOW = timedelta(hours=24)
_KEY = "api_calls"
DEFAULT_LIMIT = 100_000


class ApiUsage:
    """Counts calls by the minute. Kept in the org's file when a minute is full and on `save`."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._minutes: dict[int, int] = {int(key): value for key, value in (store.setting(_KEY) or {}).items()}
        self._limit: int = store.setting("api_limit") or DEFAULT_LIMIT

    @property
    def limit(self) -> int:
        return self._limit

    def set_limit(self, calls: int) -> None:
        """The calls the org allows in 24 hours."""
        self._limit = calls
        self._store.set_setting("api_limit", calls)

    def used(self) -> int:
        with self._lock:
            self._slide(self._minute())
            return sum(self._minutes.values())

    def count(self) -> bool:
        """Counts one call; False if the limit is reached, and then the call does not count."""
        with self._lock:
            minute = self._minute()
            new_minute = minute not in self._minutes
            self._slide(minute)
            if sum(self._minutes.values()) >= self._limit:
                return False
            self._minutes[minute] = self._minutes.get(minute, 0) + 1
        if new_minute:
            self.save()
        return True

    def save(self) -> None:
        with self._lock:
            counted = dict(self._minutes)
        self._store.set_setting(_KEY, counted)

    def _minute(self) -> int:
        return int(self._clock.now().timestamp() // 60)

    def _slide(self, minute: int) -> None:
        first = minute - int(_WINDOW.total_seconds() // 60)
        for old in [key for key in self._minutes if key <= first]:
            del self._minutes[old]
