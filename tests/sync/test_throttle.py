"""The API budget: never beyond our share of the sliding day, and a run that waits for calls to come back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from redis import Redis

from admin.supervisor import private_redis
from connectors.base import Limits
from connectors.errors import RateLimited
from sync import throttle
from sync.models import Connection, Run
from sync.throttle import LocalCounts, RedisCounts, Throttle
from tests.sync.crm_stage import CrmStage
from tests.sync.hubspot_stage import HubspotStage
from tests.sync.stage import Stage

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class Clock:
    """A clock that only a test moves."""

    def __init__(self) -> None:
        self.seconds = START.timestamp()

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture(scope="module")
def redis() -> Iterator[Redis]:
    with private_redis() as url:
        yield Redis.from_url(url)


@pytest.fixture(params=["redis", "local"])
def counts(request: pytest.FixtureRequest) -> throttle.Counts:
    if request.param == "local":
        return LocalCounts()
    redis: Redis = request.getfixturevalue("redis")
    redis.flushall()
    return RedisCounts(redis, "org")


def spend(budget: Throttle, calls: int) -> None:
    for _ in range(calls):
        with budget.call():
            pass


def test_the_share_is_never_exceeded_and_the_wait_is_told(counts: throttle.Counts) -> None:
    clock = Clock()
    budget = Throttle(counts, 0.5, clock)
    budget.observe(Limits(used=0, allowed=200))
    spend(budget, 60)
    clock.seconds += 3600
    spend(budget, 40)
    with pytest.raises(RateLimited) as told, budget.call():
        raise AssertionError("the call was made")
    assert told.value.after == 23 * 3600
    assert "100 of 100 in 24 hours" in told.value.message
    clock.seconds += told.value.after
    spend(budget, 60)
    with pytest.raises(RateLimited), budget.call():
        pass


def test_it_stops_before_the_whole_org_runs_dry_and_looks_again_later(counts: throttle.Counts) -> None:
    clock = Clock()
    budget = Throttle(counts, 0.5, clock)
    budget.observe(Limits(used=951, allowed=1000))
    with pytest.raises(RateLimited, match="951 of its 1,000"), budget.call():
        pass
    clock.seconds += throttle.LOOK_AGAIN
    spend(budget, 1)


def test_workers_share_one_budget_and_one_limit_of_requests_in_flight(redis: Redis) -> None:
    redis.flushall()
    most, lock, busy = 0, threading.Lock(), 0

    def work() -> None:
        nonlocal most, busy
        budget = Throttle(RedisCounts(redis, "org"), 0.5)
        for _ in range(10):
            with budget.call():
                with lock:
                    busy += 1
                    most = max(most, busy)
                with lock:
                    busy -= 1

    workers = [threading.Thread(target=work) for _ in range(12)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    seen = Throttle(RedisCounts(redis, "org"), 0.5)
    seen.observe(Limits(0, 1000))
    usage = seen.usage()
    assert usage is not None
    assert (usage.ours, most <= throttle.IN_FLIGHT) == (120, True)


def test_a_lost_redis_does_not_stop_the_work() -> None:
    with private_redis() as url:
        counts = RedisCounts(Redis.from_url(url, socket_connect_timeout=1), "org")
    spend(Throttle(counts, 0.5), 2)


def nobody_else(minute: int) -> int:
    return 0


def all_day(minute: int) -> int:
    return 1 if minute % 120 == 0 else 0


def a_burst_at_night(minute: int) -> int:
    return 3 if 1200 <= minute < 1210 else 0


@pytest.mark.parametrize("others", [nobody_else, all_day, a_burst_at_night])
def test_a_run_with_too_small_a_budget_pauses_and_ends_the_same(
    stage: Stage, others: Callable[[int], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """60 % of the calls the run needs are its share of the day; others use the org as well."""
    needed = 40  # what an undisturbed first run of this company takes; the last line checks it
    clock = Clock()
    monkeypatch.setattr(throttle, "now", clock)
    monkeypatch.setattr(throttle, "_local", {})
    stage.org.clock.fix(START)
    usage = stage.org.usage
    minute = int(clock.seconds // 60)
    usage._minutes = {minute - back: calls for back in range(1439, 0, -1) if (calls := others(1439 - back))}
    Connection.objects.update(api_share=0.5)
    usage.set_limit(int(needed * 0.6 / 0.5))
    before_us = usage.used()

    run = end_within_budget(stage, clock, stage.org.clock.fix, lambda: usage.used() <= usage.limit)
    assert before_us <= usage.limit
    assert needed * 0.8 <= run.api_calls <= needed * 2  # what was begun when the budget ended is asked for again


def test_a_run_on_hubspot_with_too_small_a_budget_pauses_and_ends_the_same(
    hub: HubspotStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HubSpot's day ends at midnight; our share of it slides all the same, so no day holds more of our calls."""
    needed = 70  # what an undisturbed first run takes; the last line checks it
    clock = Clock()
    monkeypatch.setattr(throttle, "now", clock)
    monkeypatch.setattr(throttle, "_local", {})
    hub.portal.set_clock(START)
    hub.portal.set_setting("daily_limit", int(needed * 0.6 / 0.5))
    hub.portal.limits.refresh()
    Connection.objects.update(api_share=0.5)

    def within() -> bool:
        used, allowed, _ = hub.portal.limits.today()
        return used <= allowed

    run = end_within_budget(hub, clock, hub.portal.set_clock, within)
    assert needed * 0.8 <= run.api_calls <= needed * 2


def end_within_budget(
    stage: CrmStage, clock: Clock, fix: Callable[[datetime], None], within: Callable[[], bool]
) -> Run:
    """A run that is worked to its end, with the clocks moved on whenever it pauses."""
    run, pauses = stage.start(), 0
    for _ in range(500):
        run.refresh_from_db()
        if run.state != Run.State.ACTIVE:
            break
        if run.not_before is not None:
            pauses += 1
            clock.seconds += max(1.0, (run.not_before - timezone.now()).total_seconds())
            fix(datetime.fromtimestamp(clock.seconds, UTC))
            assert "Paused" in run.notice
        stage.unit(run)
        assert within()
    assert run.state == Run.State.DONE, run.error
    assert pauses >= 1
    assert run.counts["records_verified"] == run.counts["records_planned"] > 0
    assert clock.seconds - START.timestamp() < timedelta(days=3).total_seconds()
    return run
