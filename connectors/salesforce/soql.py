"""Queries: values quoted safely, and reads that can continue behind the last row seen.

A read is ordered by (SystemModstamp, Id). That makes it resumable at any row: query locators are perishable,
and a bulk load leaves many rows with one and the same SystemModstamp, so the instant alone cannot continue.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime

from connectors.base import Scalar, Since

_PATH = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*){0,5}\Z", re.ASCII)
# SOQL knows these escapes in string literals; other characters stand for themselves.
_ESCAPES = str.maketrans(
    {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
)
_WILDCARDS = str.maketrans({"%": "\\%", "_": "\\_"})


def path(name: str) -> str:
    """`name` if it can be a field path such as "Owner.Name"; raises ValueError otherwise."""
    if not _PATH.match(name):
        raise ValueError(f"{name!r} is not a field path")
    return name


def literal(value: Scalar | datetime) -> str:
    """A value as SOQL writes it. Datetimes need a timezone and keep milliseconds."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a datetime without timezone names no instant")
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float):
        return repr(value)
    return f"'{value.translate(_ESCAPES)}'"


def containing(text: str) -> str:
    """A LIKE pattern, quoted, for values that contain `text` as it stands."""
    return f"'%{text.translate(_ESCAPES).translate(_WILDCARDS)}%'"


def one_of(values: Iterable[str]) -> str:
    return f"({','.join(literal(value) for value in values)})"


def select(fields: Sequence[str], source: str, *conditions: str, order: str = "", limit: int = 0) -> str:
    """A query; empty conditions are left out."""
    query = f"SELECT {', '.join(path(field) for field in fields)} FROM {path(source)}"
    if wanted := [condition for condition in conditions if condition]:
        query += f" WHERE {' AND '.join(wanted)}"
    if order:
        query += f" ORDER BY {order}"
    if limit:
        query += f" LIMIT {limit}"
    return query


def window(fields: Sequence[str], source: str, since: Since | None, until: datetime | None, *extra: str) -> str:
    """The rows from `since` up to and including `until`, in the order in which a read can continue.

    Ids compare in the order in which ORDER BY Id sorts them.
    """
    # unverified: ids compare in the order in which ORDER BY Id sorts them.
    start = ""
    if since is not None:
        instant = literal(since.modified_at)
        start = f"SystemModstamp >= {instant}"
        if since.after_id:
            after = literal(since.after_id)
            start = f"(SystemModstamp > {instant} OR (SystemModstamp = {instant} AND Id > {after}))"
    end = f"SystemModstamp <= {literal(until)}" if until is not None else ""
    return select(fields, source, start, end, *extra, order="SystemModstamp, Id")


def everything(fields: Sequence[str], source: str, until: datetime | None, since: datetime | None = None) -> str:
    """All rows from `since` up to and including `until`, in no order: what Bulk queries want."""
    end = f"SystemModstamp <= {literal(until)}" if until is not None else ""
    return select(fields, source, modified_since(since) if since else "", end)


def modified_since(instant: datetime) -> str:
    """A condition."""
    return f"SystemModstamp >= {literal(instant)}"


def number(source: str, condition: str = "") -> str:
    """How many rows there are."""
    where = f" WHERE {condition}" if condition else ""
    return f"SELECT COUNT() FROM {path(source)}{where}"


def newest(source: str, *extra: str) -> str:
    """The row that was modified last."""
    return select(["SystemModstamp"], source, *extra, order="SystemModstamp DESC", limit=1)
