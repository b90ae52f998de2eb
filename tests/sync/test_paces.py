"""Limits of some seconds: many workers together never pass them, and leave little of them unused."""

from __future__ import annotations

import multiprocessing
import random
import threading
import time
from collections.abc import Iterator, Sequence
from multiprocessing.managers import ListProxy
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from admin.supervisor import private_redis
from connectors import registry
from connectors.base import Pace
from connectors.errors import RateLimited
from connectors.sandbox.background import serving_portal
from connectors.sandbox.portal.portal import Portal
from sync import throttle
from sync.throttle import LocalCounts, RedisCounts, Throttle

#: Slow enough for a busy machine: what is measured is the pace, not how fast it can be kept.
ALL, SEARCH = Pace("all", 20, 1.0), Pace("search", 5, 0.5)


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with private_redis() as url:
        yield url


def work(url: str, paces: Sequence[Pace], until: float, seen: list[float] | ListProxy[float]) -> None:
    """One worker: requests as fast as it may. A CRM counts a request at some moment between sending and answer."""
    chance = random.Random(until)
    budget = Throttle(RedisCounts(Redis.from_url(url), "paced"), 0.5)
    while time.monotonic() < until:
        with budget.call(paces):
            time.sleep(chance.uniform(0, 0.004))
            seen.append(time.monotonic())
            time.sleep(chance.uniform(0, 0.004))


def worst(seen: Sequence[float], seconds: float) -> int:
    """The most requests that any window of so many seconds has held."""
    ordered = sorted(seen)
    return max(sum(start <= each < start + seconds for each in ordered) for start in ordered)


def used(seen: Sequence[float], pace: Pace, begun: float, until: float) -> float:
    return len(seen) * pace.seconds / (pace.requests * (until - begun))


def test_eight_workers_keep_to_the_limit_and_use_it(redis_url: str) -> None:
    Redis.from_url(redis_url).flushall()
    seen: list[float] = []
    begun = time.monotonic()
    until = begun + 3 * ALL.seconds
    workers = [threading.Thread(target=work, args=(redis_url, [ALL], until, seen)) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    inside = [each for each in seen if each < until]
    assert worst(seen, ALL.seconds) <= ALL.requests
    assert used(inside, ALL, begun, until) >= 0.9


def test_searches_have_a_bucket_of_their_own_inside_the_limit(redis_url: str) -> None:
    Redis.from_url(redis_url).flushall()
    searched: list[float] = []
    until = time.monotonic() + 3 * SEARCH.seconds
    searcher = threading.Thread(target=work, args=(redis_url, [ALL, SEARCH], until, searched))
    searcher.start()
    budget, read = Throttle(RedisCounts(Redis.from_url(redis_url), "paced"), 0.5), 0
    while time.monotonic() < until:
        with budget.call([ALL]):
            read += 1
        time.sleep(0.1)
    searcher.join()
    assert worst(searched, SEARCH.seconds) <= SEARCH.requests
    assert read > SEARCH.requests


def test_a_process_of_its_own_keeps_pace_too_and_says_so_when_it_takes_too_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    budget, slow = Throttle(LocalCounts(), 0.5), Pace("all", 2, 30.0)
    monkeypatch.setattr(throttle, "PACE_PATIENCE", 0.05)
    for _ in range(2):
        with budget.call([slow]):
            pass
    with pytest.raises(RateLimited) as caught, budget.call([slow]):
        pass
    assert caught.value.code == "TOO_FAST"
    with budget.call([Pace("other", 1, 30.0)]):
        pass


@pytest.mark.soak
def test_eight_processes_keep_to_hubspots_limit(redis_url: str) -> None:
    Redis.from_url(redis_url).flushall()
    pace = Pace("all", 100, 10.0)
    spawn = multiprocessing.get_context("spawn")
    with spawn.Manager() as manager:
        seen: Any = manager.list()
        begun = time.monotonic() + 8.0  # starting the processes takes a while
        until = begun + 40.0
        workers = [spawn.Process(target=work, args=(redis_url, [pace], until, seen)) for _ in range(8)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        times = list(seen)
    inside = [each for each in times if begun <= each < until]
    assert worst(times, pace.seconds) <= pace.requests
    assert used(inside, pace, begun, until) >= 0.9


@pytest.mark.soak
def test_eight_workers_are_never_told_by_a_portal_to_slow_down(redis_url: str, tmp_path: Path) -> None:
    """A portal that enforces 100 calls in ten seconds and five searches a second, and the connector itself."""
    Redis.from_url(redis_url).flushall()
    with Portal.open(tmp_path / "portal") as portal, serving_portal(portal) as hub:
        portal.bulk_load(portal.kinds()["companies"], ({"name": f"Company {each}"} for each in range(300)))
        portal.limits.set_plan("starter")
        begun = time.monotonic()

        def read() -> None:
            budget = Throttle(RedisCounts(Redis.from_url(redis_url), "portal"), 0.9)
            settings = {"api_url": hub.url, "access_token": hub.facts["access_token"]}
            crm = registry.open_crm("hubspot", settings, budget)
            while time.monotonic() < begun + 30:
                crm.fetch("account", ["1000000"], ["name"])
                assert crm.holders("account", "name", "Company 1") >= 0

        workers = [threading.Thread(target=read) for _ in range(8)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        log = hub.request("GET", "/__sandbox__/log").json()
    assert {entry["status"] for entry in log} <= {200, 207}
    assert len(log) >= 0.9 * 3 * 100
