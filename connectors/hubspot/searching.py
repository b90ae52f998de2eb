"""Searches. A query gives 10,000 results and no more, so it is never paged through: each starts behind the last id.

That also holds when a record changes during the read: it keeps its id, and nothing moves by a place. The index lags
behind the records by some seconds; whoever reads what changed starts earlier by more than that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from connectors.columns import instant
from connectors.hubspot.client import BATCH, FOUND, Client, Json, portions
from connectors.hubspot.kinds import MODIFIED, RECORD
from connectors.hubspot.values import milliseconds

Filter = dict[str, str]
#: Characters that the body of a search may have, and those of it that are kept for anything but names of properties.
LONGEST, ROOM = 3000, 700


def where(name: str, operator: str, value: str = "") -> Filter:
    return {"propertyName": name, "operator": operator, **({"value": value} if value else {})}


def modified(operator: str, moment: datetime) -> Filter:
    return where(MODIFIED, operator, milliseconds(moment))


def total(client: Client, source: str, filters: Sequence[Filter]) -> int:
    """How many records fit."""
    return int(_ask(client, source, filters, [RECORD], RECORD, limit=1).get("total") or 0)


def found(
    client: Client, source: str, filters: Sequence[Filter], properties: Sequence[str], behind: str = ""
) -> Iterator[tuple[list[Json], int]]:
    """Pages of the records that fit, in the order of their ids from behind one on, each with how many were left.

    More properties than a search may name are read from the records themselves.
    """
    many = sum(len(name) + len('"", ') for name in properties) > LONGEST - ROOM
    while True:
        place = [where(RECORD, "GT", behind)] if behind else []
        reply = _ask(client, source, [*filters, *place], [MODIFIED] if many else properties, RECORD)
        rows = client.results(reply)
        left = int(reply.get("total") or len(rows))
        yield (_whole(client, source, rows, properties) if many else rows), left
        if len(rows) >= left or not rows:
            return
        behind = str(rows[-1]["id"])


def _whole(client: Client, source: str, rows: Sequence[Json], properties: Sequence[str]) -> list[Json]:
    """The same records with these properties; one that is gone meanwhile is not among them."""
    read: list[Json] = []
    for some in portions([str(row["id"]) for row in rows], BATCH):
        body = {"properties": list(properties), "inputs": [{"id": each} for each in some]}
        read += client.results(client.post(client.paths.objects(source, "/batch/read"), body))
    return read


def newest(client: Client, source: str) -> datetime | None:
    """When the record that changed last did so; None if there is none."""
    rows = client.results(_ask(client, source, [], [MODIFIED], MODIFIED, descending=True, limit=1))
    return changed_at(rows[0]) if rows else None


def nth(client: Client, source: str, filters: Sequence[Filter], number: int) -> datetime | None:
    """When the record changed that is this one of those that fit, by the time of their change, counted from 0."""
    rows = client.results(_ask(client, source, filters, [MODIFIED], MODIFIED, limit=1, after=str(number)))
    return changed_at(rows[0]) if rows else None


def changed_at(row: Json) -> datetime:
    return instant((row.get("properties") or {}).get(MODIFIED) or row["updatedAt"])


def _ask(
    client: Client,
    source: str,
    filters: Sequence[Filter],
    properties: Sequence[str],
    order: str,
    *,
    descending: bool = False,
    limit: int = FOUND,
    after: str = "",
) -> Json:
    body: Json = {
        "sorts": [{"propertyName": order, "direction": "DESCENDING" if descending else "ASCENDING"}],
        "properties": list(properties),
        "limit": limit,
    }
    if filters:
        body["filterGroups"] = [{"filters": list(filters)}]
    if after:
        body["after"] = after
    return client.post(client.paths.objects(source, "/search"), body)
