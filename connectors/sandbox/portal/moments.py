"""Instants and days in the forms that HubSpot's API takes and gives. They are stored as milliseconds since 1970."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_WHOLE = re.compile(r"-?\d{1,15}\Z")
_DAY_MS = 86_400_000


def to_ms(moment: datetime) -> int:
    return (moment - _EPOCH) // _MILLISECOND


def to_text(ms: int) -> str:
    """`2026-01-31T08:30:00.123Z`."""
    moment = _EPOCH + timedelta(milliseconds=ms)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


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
