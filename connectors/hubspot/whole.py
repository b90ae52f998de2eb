"""Reading many records page by page, in no order: any process goes on from the place where another stopped.

Nothing goes on at HubSpot meanwhile, so a read is done as soon as it is begun. Everything comes from lists, which are
complete at any moment and have no end at 10,000; what changed comes from searches, behind the last id.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from connectors.base import BulkPage, BulkState
from connectors.hubspot import owners, searching
from connectors.hubspot.associations import READ
from connectors.hubspot.client import FOUND, Client, Json
from connectors.hubspot.reading import Reading, answers, batch, listed

DONE = BulkState("done")


def count(client: Client, readings: Sequence[Reading], since: datetime | None) -> int:
    filters = [searching.modified("GTE", since)] if since else []
    return sum(
        sum(1 for _ in owners.everybody(client))
        if reading.source.name == "owners"
        else searching.total(client, reading.source.name, filters)
        for reading in readings
    )


def start(client: Client, readings: Sequence[Reading], since: datetime | None) -> str:
    """What has to be known of a read to go on with it."""
    found = [
        max((str(row["updatedAt"]) for row in owners.everybody(client)), default="")
        if reading.source.name == "owners"
        else _text(searching.newest(client, reading.source.name))
        for reading in readings
    ]
    return json.dumps({"since": _text(since), "until": max(found, default="")})


def until(read: str) -> datetime | None:
    moment = json.loads(read)["until"]
    return datetime.fromisoformat(moment) if moment else None


def page(
    client: Client, read: str, kind: str, columns: Sequence[str], readings: Sequence[Reading], place: str
) -> BulkPage:
    """About a thousand records; `place` is the object and where in it."""
    number, after = json.loads(place) if place else (0, "")
    reading = readings[number]
    since = json.loads(read)["since"]
    if reading.source.name == "owners":
        found = [{column: row.get(name) for column, name in reading.properties.items()} for row in _owners(client)]
        after = ""
    else:
        rows, after = (
            _changed(client, reading, datetime.fromisoformat(since), after)
            if since
            else next(listed(client, reading, after))
        )
        found = [dict(values) for _, _, values in answers(client, reading, rows)]
    if not after:
        number += 1
    next_place = "" if number == len(readings) else json.dumps([number, after])
    return BulkPage(batch(kind, columns, found), next_place)


def _owners(client: Client) -> list[dict[str, object]]:
    return [dict(row) for row in owners.everybody(client)]


def _changed(client: Client, reading: Reading, since: datetime, behind: str) -> tuple[list[Json], str]:
    filters = [searching.modified("GTE", since)]
    pages = searching.found(client, reading.source.name, filters, reading.asked, behind)
    rows: list[Json] = []
    more = False
    for some, left in islice(pages, READ // FOUND):
        rows += some
        more = len(some) < left
    return rows, str(max(int(row["id"]) for row in rows)) if more and rows else ""


def _text(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
