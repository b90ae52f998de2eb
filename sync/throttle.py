"""One API budget per CRM org over all workers: how many calls of the last 24 hours may be ours.

Salesforce counts a sliding window of 24 hours: there is no moment at which everything is free again; what was used a
day ago comes back minute by minute. So our calls are counted by the minute in Redis, which every worker shares, and at
our share the caller is told how long it takes until a useful number of calls has come back. What the whole org uses is
known from the CRM's replies: when all its users together come near the limit we stop too, before somebody else's
integration fails. Redis holds nothing else of value here: if it is lost, counting starts anew and the second rule
still protects the org.

Some CRMs also limit the requests of some seconds. Such a pace is kept by waiting: a request that has no place yet gets
one as soon as another's has become free.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Protocol

from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

from connectors.base import Limits, Pace
from connectors.errors import RateLimited

log = logging.getLogger(__name__)

WINDOW = 24 * 60  # minutes
#: Share of the org's limit that all its users together may reach before we stop.
ORG_FULL = 0.95
#: When we stop, we go on when this share of our budget has come back; stopping for every single call helps nobody.
WORTHWHILE = 0.02
#: Seconds until we look again when it is the rest of the org that used the limit.
LOOK_AGAIN = 900.0
#: Requests of ours in flight at once. Salesforce allows 25 long ones, 5 in small orgs, for everybody.
IN_FLIGHT = 5
#: Seconds after which a request whose process died is no longer counted as in flight.
FORGOTTEN = 180.0
#: Seconds to wait for a place in a pace before the caller is told to come back later.
PACE_PATIENCE = 20.0


def now() -> float:
    """Seconds since 1970."""
    return time.time()


#: A request is somewhere between its start and its answer when the CRM counts it. So it takes up a place from its start
#: until a whole window after its answer: whatever the network does, no window of the CRM holds more than is allowed.
#: The clock is Redis' own, so those of the workers do not matter.
_BEGIN = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local wait = 0
for i, key in ipairs(KEYS) do
  local most, window = tonumber(ARGV[1 + 2 * i]), tonumber(ARGV[2 + 2 * i])
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - window)
  if redis.call('ZCARD', key) >= most then
    local oldest = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
    wait = math.max(wait, math.min(math.max(oldest[2] + window - now, 5), 250))
  end
end
if wait == 0 then
  for i, key in ipairs(KEYS) do
    redis.call('ZADD', key, now + tonumber(ARGV[2]), ARGV[1])
    redis.call('PEXPIRE', key, tonumber(ARGV[2]) + tonumber(ARGV[2 + 2 * i]))
  end
end
return math.ceil(wait)
"""
_END = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.ceil(clock[2] / 1000)
for i, key in ipairs(KEYS) do redis.call('ZADD', key, 'XX', now, ARGV[1]) end
return 0
"""


class Counts(Protocol):
    """Calls by the minute, and what the org last said."""

    def add(self, minute: int) -> None: ...

    def by_minute(self, first: int) -> list[tuple[int, int]]:
        """(minute, calls) from `first` on, the oldest first; what is older is forgotten."""

    def observe(self, limits: Limits, at: float) -> None: ...

    def observed(self) -> tuple[Limits, float] | None: ...

    def enter(self, token: str, now: float) -> bool:
        """Count one request in flight; False when there are too many."""

    def leave(self, token: str) -> None: ...

    def begin(self, token: str, paces: Sequence[Pace]) -> float:
        """Count one request for these paces, if all have room; else seconds until it is worth asking again."""

    def end(self, token: str, paces: Sequence[Pace]) -> None:
        """The request has been answered: from now on its time in the window runs."""


@dataclass(frozen=True)
class Usage:
    """What we used, what we may use, and what the org says about everybody."""

    ours: int
    share: int
    used: int
    allowed: int


class Throttle:
    """The budget of one org, as `connectors.base.Budget`. `share` is ours of the org's limit, 0 to 1."""

    def __init__(self, counts: Counts, share: float, clock: Callable[[], float] | None = None) -> None:
        self._counts = counts
        self._share = share
        self._clock = clock or now
        self._number = 0

    @contextmanager
    def call(self, paces: Sequence[Pace] = ()) -> Iterator[None]:
        """Around one request. Raises RateLimited, before it is sent, when the budget is used up.

        While Redis does not answer, calls go uncounted: the job would otherwise fail for want of a counter, and what
        the org says about its own limit still ends it.
        """
        token = ""
        try:
            self._check()
            token = self._name()
            self._keep_pace(token, paces)
            self._enter(token, paces)
            self._counts.add(self._minute())
        except RedisError as lost:
            log.warning("API calls are not counted: %s", lost)
        try:
            yield
        finally:
            with suppress(RedisError):
                self._counts.leave(token)
                self._counts.end(token, paces)

    def observe(self, limits: Limits) -> None:
        """Take note of what the org says about its limit."""
        with suppress(RedisError):
            self._counts.observe(limits, self._clock())

    def usage(self) -> Usage | None:
        """None while the org has not said what its limit is."""
        seen = self._counts.observed()
        if seen is None:
            return None
        ours = sum(calls for _, calls in self._counts.by_minute(self._minute() - WINDOW + 1))
        return Usage(ours, int(self._share * seen[0].allowed), seen[0].used, seen[0].allowed)

    def _minute(self) -> int:
        return int(self._clock() // 60)

    def _check(self) -> None:
        seen = self._counts.observed()
        if seen is None:
            return
        limits, at = seen
        this = self._minute()
        minutes = self._counts.by_minute(this - WINDOW + 1)
        ours, share = sum(calls for _, calls in minutes), int(self._share * limits.allowed)
        if ours >= share:
            wait = self._until_free(minutes, ours, share, this)
            raise RateLimited(
                f"Tierline's share of the API calls is used: {ours:,} of {share:,} in 24 hours.",
                next_step="Nothing to do: it goes on as calls come back. Give the connection a larger share if the "
                "org has calls to spare.",
                code="SHARE_USED",
                after=wait,
            )
        if limits.used >= ORG_FULL * limits.allowed and self._clock() - at < LOOK_AGAIN:
            raise RateLimited(
                f"The org has used {limits.used:,} of its {limits.allowed:,} API calls in 24 hours.",
                next_step="Nothing to do: Tierline leaves the rest to others and goes on as calls come back.",
                code="ORG_LIMIT_NEAR",
                after=LOOK_AGAIN,
            )

    @staticmethod
    def _until_free(minutes: list[tuple[int, int]], ours: int, share: int, this: int) -> float:
        """Seconds until a worthwhile number of calls has left the window."""
        wanted = max(1, int(WORTHWHILE * share)) + ours - share
        freed = 0
        for minute, calls in minutes:
            freed += calls
            if freed >= wanted:
                return float((minute + WINDOW - this) * 60)
        return 60.0

    def _name(self) -> str:
        """A name for one request, unlike that of any other."""
        self._number += 1
        return f"{id(self)}-{time.monotonic_ns()}-{self._number}"

    def _enter(self, token: str, paces: Sequence[Pace]) -> None:
        deadline = time.monotonic() + 10
        while not self._counts.enter(token, self._clock()):
            if time.monotonic() > deadline:
                self._counts.end(token, paces)
                raise RateLimited(
                    f"{IN_FLIGHT} requests to the org are still waiting for its answer.",
                    next_step="Nothing to do: it goes on when they are answered.",
                    code="TOO_MANY_IN_FLIGHT",
                    after=5.0,
                )
            time.sleep(0.1)

    def _keep_pace(self, token: str, paces: Sequence[Pace]) -> None:
        """Wait until all paces have room for one more request."""
        deadline = time.monotonic() + PACE_PATIENCE
        while paces and (wait := self._counts.begin(token, paces)):
            if time.monotonic() + wait > deadline:
                raise RateLimited(
                    "Other workers use all the requests that the CRM takes in some seconds.",
                    next_step="Nothing to do: it goes on in some seconds.",
                    code="TOO_FAST",
                    after=5.0,
                )
            time.sleep(wait)


class RedisCounts:
    """Counts that all workers share."""

    def __init__(self, redis: Redis, key: str) -> None:
        self._redis: Any = redis
        self._key = f"tierline:api:{key}"
        self._calls, self._seen, self._busy = (f"{self._key}:{part}" for part in ("calls", "seen", "busy"))

    def add(self, minute: int) -> None:
        self._redis.hincrby(self._calls, minute, 1)

    def by_minute(self, first: int) -> list[tuple[int, int]]:
        found = {int(minute): int(calls) for minute, calls in self._redis.hgetall(self._calls).items()}
        if old := [minute for minute in found if minute < first]:
            self._redis.hdel(self._calls, *old)
        return sorted((minute, calls) for minute, calls in found.items() if minute >= first)

    def observe(self, limits: Limits, at: float) -> None:
        self._redis.hset(self._seen, mapping={"used": limits.used, "allowed": limits.allowed, "at": at})

    def observed(self) -> tuple[Limits, float] | None:
        found = {key.decode(): value for key, value in self._redis.hgetall(self._seen).items()}
        return (Limits(int(found["used"]), int(found["allowed"])), float(found["at"])) if found else None

    def enter(self, token: str, now: float) -> bool:
        self._redis.zremrangebyscore(self._busy, "-inf", now - FORGOTTEN)
        self._redis.zadd(self._busy, {token: now})
        if int(self._redis.zrank(self._busy, token) or 0) < IN_FLIGHT:
            return True
        self._redis.zrem(self._busy, token)
        return False

    def leave(self, token: str) -> None:
        self._redis.zrem(self._busy, token)

    def begin(self, token: str, paces: Sequence[Pace]) -> float:
        bounds = [bound for pace in paces for bound in (pace.requests, round(pace.seconds * 1000))]
        keys = self._paces(paces)
        milliseconds = self._redis.eval(_BEGIN, len(keys), *keys, token, round(FORGOTTEN * 1000), *bounds)
        return float(milliseconds) / 1000

    def end(self, token: str, paces: Sequence[Pace]) -> None:
        if keys := self._paces(paces):
            self._redis.eval(_END, len(keys), *keys, token)

    def _paces(self, paces: Sequence[Pace]) -> list[str]:
        return [f"{self._key}:pace:{pace.name}" for pace in paces]


class LocalCounts:
    """Counts of this process alone, for a command that runs without workers."""

    def __init__(self) -> None:
        self._calls: dict[int, int] = {}
        self._seen: tuple[Limits, float] | None = None
        self._busy: set[str] = set()
        self._ended: dict[str, dict[str, float]] = {}

    def add(self, minute: int) -> None:
        self._calls[minute] = self._calls.get(minute, 0) + 1

    def by_minute(self, first: int) -> list[tuple[int, int]]:
        self._calls = {minute: calls for minute, calls in self._calls.items() if minute >= first}
        return sorted(self._calls.items())

    def observe(self, limits: Limits, at: float) -> None:
        self._seen = (limits, at)

    def observed(self) -> tuple[Limits, float] | None:
        return self._seen

    def enter(self, token: str, now: float) -> bool:
        free = len(self._busy) < IN_FLIGHT
        if free:
            self._busy.add(token)
        return free

    def leave(self, token: str) -> None:
        self._busy.discard(token)

    def begin(self, token: str, paces: Sequence[Pace]) -> float:
        moment, waits = time.monotonic(), []
        for pace in paces:
            ended = self._ended.setdefault(pace.name, {})
            for old in [name for name, at in ended.items() if at <= moment - pace.seconds]:
                del ended[old]
            if len(ended) >= pace.requests:
                waits.append(min(max(min(ended.values()) + pace.seconds - moment, 0.005), 0.25))
        if not waits:
            for pace in paces:
                self._ended[pace.name][token] = moment + FORGOTTEN
        return max(waits, default=0.0)

    def end(self, token: str, paces: Sequence[Pace]) -> None:
        for pace in paces:
            self._ended[pace.name][token] = time.monotonic()


_local: dict[str, LocalCounts] = {}


def counts(key: str) -> Counts:
    """The counts of the org with this key: shared by all workers where there is a queue."""
    if settings.REDIS_URL:
        return RedisCounts(Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2), key)
    return _local.setdefault(key, LocalCounts())
