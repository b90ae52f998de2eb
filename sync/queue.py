"""The job queue: RQ on Redis, JSON-serialised, so that only ids travel."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.conf import settings
from django.db import close_old_connections
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

NAME = "tierline"
JOB_TIMEOUT = 60
#: Where the scheduler leaves the time, and how often (seconds).
BEAT, BEAT_EVERY = "tierline:scheduler", 30


class QueueUnreachable(Exception):
    """Redis does not answer; the message says where and what to do."""


def redis() -> Redis:
    """A connection to Redis that answered a ping."""
    url = settings.REDIS_URL
    if not url:
        raise QueueUnreachable(
            "No job queue: REDIS_URL is not set. Start everything with `tierline up`, which brings its own "
            "Redis, or set REDIS_URL to the address of one."
        )
    connection: Redis = Redis.from_url(url, socket_connect_timeout=5, health_check_interval=30)
    try:
        connection.ping()
    except RedisError as error:
        raise QueueUnreachable(
            f"The job queue does not answer at {_without_password(url)}. "
            "Check that Redis is running there, or correct REDIS_URL."
        ) from error
    return connection


def _without_password(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


def queue(connection: Redis | None = None) -> Queue:
    return Queue(NAME, connection=connection or redis(), serializer=JSONSerializer, default_timeout=JOB_TIMEOUT)


def enqueue(job: str, *ids: int) -> None:
    """Queue `sync.jobs.<job>` with these ids. Raises QueueUnreachable."""
    try:
        queue().enqueue(f"sync.jobs.{job}", *ids, result_ttl=0, failure_ttl=24 * 3600, job_timeout=JOB_TIMEOUT)
    except RedisError as error:
        raise QueueUnreachable(f"The job queue stopped answering ({error}). Check that Redis is running.") from error


def worker(connection: Redis) -> SimpleWorker:
    """A worker that runs jobs in its own process: killing it kills the job, nothing lives on unseen."""
    return SimpleWorker(
        [queue(connection)], connection=connection, serializer=JSONSerializer, exception_handlers=[_reconnect]
    )


def _reconnect(*_: object) -> bool:
    """After a job that failed: a connection that the database has closed is opened anew by the next job."""
    close_old_connections()
    return True  # and RQ does what it does with failures


def workers_alive(connection: Redis) -> int:
    return SimpleWorker.count(connection=connection)


def worker_hosts(connection: Redis) -> list[str]:
    """The machine of every worker there is."""
    return [str(each.hostname or "unknown") for each in SimpleWorker.all(connection=connection)]


def beat(now: float) -> None:
    """Say that the scheduler is at work; a queue that does not answer hears it the next time."""
    with suppress(QueueUnreachable, RedisError):
        redis().set(BEAT, now)


def last_beat(connection: Redis) -> float | None:
    """When the scheduler was last at work; None if no scheduler of this queue ever was."""
    said: Any = connection.get(BEAT)
    return float(said) if said else None
