"""The clock of a sandbox CRM, and instants in the one textual form that Salesforce stores and sends."""

from __future__ import annotations

from datetime import UTC, date, datetime


def instant_text(moment: datetime) -> str:
    """The form `2026-01-01T00:00:00.000+0000`: REST's own; fixed width and zone, so it sorts as text."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}+0000"


def parse_instant(text: str) -> datetime | None:
    """An ISO instant as the APIs take it, or None. Without a zone it is read as UTC."""
    if len(text) < 11 or text[10] not in "Tt":
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def parse_date(text: str) -> date | None:
    """A date `2026-01-31`, or None."""
    if len(text) != 10:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


class Clock:
    """Real time, unless a test fixed it."""

    def __init__(self) -> None:
        self._fixed: datetime | None = None

    def fix(self, now: datetime | None) -> None:
        self._fixed = now

    def now(self) -> datetime:
        return self._fixed.astimezone(UTC) if self._fixed else datetime.now(UTC)

    def stamp(self) -> str:
        return instant_text(self.now())

    def today(self) -> date:
        return self.now().date()
