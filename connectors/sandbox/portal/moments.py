"""Instants and days in the forms that HubSpot's API takes and gives. They are stored as milliseconds since 1970."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE = datetime(1970, 1, 1)  # noqa: DTZ001 - UTC, too; it is written without a zone
_MILLISECOND = timedelta(milliseconds=1)
_WHOLE = re.compile(r"-?\d{1,15}\Z")
_DAY_MS = 86_400_000


def to_ms(moment: datetime) -> int:
    return (moment - _EPOCH) // _MILLISECOND


@lru_cache(maxsize=10_000)
def to_text(ms: int) -> str:
    """`2026-01-31T08:30:00.123Z`; whole seconds without a fraction: `2026-01-31T08:30:00Z`."""
    return f"{(_NAIVE + timedelta(milliseconds=ms)).isoformat(timespec='milliseconds' if ms % 1000 else 'seconds')}Z"


def parse_instant(text: str) -> int | None:
    """An ISO instant or day, or milliseconds, or None. Without a zone it is read as UTC."""
    if _WHOLE.match(text):
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return to_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def parse_day(text: str) -> str | None:
    """The day `2026-01-31` that an ISO day, or milliseconds at midnight UTC, stand for; else None."""
    if _WHOLE.match(text):
        ms = int(text)
        return None if ms % _DAY_MS else to_text(ms)[:10]
    try:
        return date.fromisoformat(text).isoformat() if len(text) == 10 else None
    except ValueError:
        return None
