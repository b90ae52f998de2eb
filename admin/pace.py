"""How often something may be asked: counted per minute, by all web processes together where there is a queue."""

from __future__ import annotations

import hashlib
import time
from threading import Lock

from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

_local: dict[str, int] = {}
_lock = Lock()


def too_often(what: str, limit: int, minutes: int = 1) -> bool:
    """Count one more of these; True when there have been more than `limit` of them in this stretch of minutes."""
    window = int(time.time() // (60 * minutes))
    key = f"tierline:pace:{hashlib.sha256(what.encode()).hexdigest()[:32]}:{window}"
    return _count(key, minutes) > limit


def forget() -> None:
    """Start counting anew, in this process."""
    _local.clear()


def _count(key: str, minutes: int) -> int:
    if settings.REDIS_URL:
        try:
            redis: Redis = Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)
            counted = int(redis.incr(key))
            redis.expire(key, 60 * minutes + 1)
            return counted
        except RedisError:
            pass  # counted here alone until it is back
    with _lock:
        if len(_local) > 10_000:
            _local.clear()
        _local[key] = _local.get(key, 0) + 1
        return _local[key]
