"""Reading records: everything by lists, what changed by searches, both with the records they belong to.

Lists come in the order of ids and searches lag, so neither is in the order in which a read can go on later. What
changed is therefore read in windows of time that one query can hold, and put in order; a window in which more records
share one instant than a query holds is read by their ids.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

import pyarrow as pa

from connectors.base import Since
from connectors.columns import column_type, instant, schema_of, to_column
from connectors.errors import SchemaMismatch
from connectors.hubspot import owners, searching
from connectors.hubspot.associations import READ, targets
from connectors.hubspot.client import LIST, Client, Json
from connectors.hubspot.kinds import MODIFIED, Link, Source
from connectors.hubspot.pipelines import PIPELINE, Stages, stage_of
from connectors.hubspot.values import Value, read

#: Rows in one batch of arrow, and records in one window of time. A query gives 10,000.
PAGE, WINDOW = 1000, 9000


@dataclass(frozen=True)
class Reading:
    """One object of a read: which property or link answers which column; columns it lacks stay null.

    Attributes:
        types: type of each property.
        ours: id of our own app -> who we are: what the app made, we made.
    """

    source: Source
    properties: Mapping[str, str]
    links: Mapping[str, Link] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    stages: Stages = field(default_factory=dict)
    ours: Mapping[str, str] = field(default_factory=dict)

    @property
    def answered(self) -> frozenset[str]:
        """Columns that get values."""
        return frozenset({*self.properties, *self.links, *self.source.constants})

    @property
    def asked(self) -> list[str]:
        """What to ask for: the mapped properties, and those that put a read in order or say whose a record is."""
        more = [PIPELINE[self.source.name]] if self.source.stages else []
        more += ["hs_object_source_id"] if "created_by_id" in self.properties else []
        return list(dict.fromkeys([MODIFIED, *(name for name in self.properties.values() if name), *more]))


Row = tuple[datetime, int, Mapping[str, Value]]


def batches(
    client: Client, kind: str, columns: Sequence[str], readings: Sequence[Reading], since: Since | None
) -> Iterator[pa.RecordBatch]:
    """Pages of canonical columns, ordered by (modified_at, id) over all objects of the kind."""
    streams = [_stream(client, reading, since) for reading in readings]
    merged = streams[0] if len(streams) == 1 else heapq.merge(*streams, key=lambda row: row[:2])
    while page := list(islice(merged, PAGE)):
        yield batch(kind, columns, [values for _, _, values in page])


def _stream(client: Client, reading: Reading, since: Since | None) -> Iterator[Row]:
    if reading.source.name == "owners":
        yield from _behind(_owners(client, reading), since)
    elif since is None:
        rows = [row for rows, _ in listed(client, reading, "") for row in rows]
        yield from sorted(answers(client, reading, rows), key=_place)
    else:
        yield from _behind(_changed(client, reading, since.modified_at), since)


def _owners(client: Client, reading: Reading) -> Iterator[Row]:
    rows = [(instant(str(row["updatedAt"])), int(str(row["id"])), row) for row in owners.everybody(client)]
    for moment, number, row in sorted(rows, key=_place):
        yield moment, number, {column: row.get(name) for column, name in reading.properties.items()}


def _place(row: Row) -> tuple[datetime, int]:
    return row[:2]


def _behind(rows: Iterator[Row], since: Since | None) -> Iterator[Row]:
    """Only what is at or after this place."""
    for row in rows:
        if since is None or row[0] > since.modified_at or (row[0] == since.modified_at and _later(row[1], since)):
            yield row


def _later(number: int, since: Since) -> bool:
    """Whether a record of the very instant is still to be read."""
    return not since.after_id or number > int(since.after_id)


def _changed(client: Client, reading: Reading, start: datetime) -> Iterator[Row]:
    """What changed from this instant on, in order, one window of time after the other."""
    name = reading.source.name
    lower = searching.modified("GTE", start)
    while True:
        pages = searching.found(client, name, [lower], reading.asked)
        rows, left = next(pages)
        limit = searching.nth(client, name, [lower], WINDOW) if left > WINDOW else None
        if limit is None:
            rows += [row for more, _ in pages for row in more]
            yield from sorted(answers(client, reading, rows), key=_place)
            return
        # unverified: two filters on one property may stand in one group.
        inside = [lower, searching.modified("LT", limit)]
        rows = [row for more, _ in searching.found(client, name, inside, reading.asked) for row in more]
        yield from sorted(answers(client, reading, rows), key=_place)
        same = [searching.modified("EQ", limit)]
        for rows in _gathered(searching.found(client, name, same, reading.asked)):
            yield from answers(client, reading, rows)
        lower = searching.modified("GT", limit)


def _gathered(pages: Iterator[tuple[list[Json], int]]) -> Iterator[list[Json]]:
    """The rows of pages, as many at a time as associations are read for."""
    held: list[Json] = []
    for rows, left in pages:
        held += rows
        if len(held) >= READ or len(rows) >= left:
            yield held
            held = []
    if held:
        yield held


def listed(client: Client, reading: Reading, after: str) -> Iterator[tuple[list[Json], str]]:
    """All records of an object from a place of its list on, as many at a time as associations are read for."""
    params = {"limit": str(LIST), "archived": "false", "properties": ",".join(reading.asked)}
    held: list[Json] = []
    for rows, place in client.listed(client.paths.objects(reading.source.name), params, after):
        held += rows
        if not place or len(held) >= READ:
            yield held, place
            held = []


def answers(client: Client, reading: Reading, rows: Sequence[Json]) -> Iterator[Row]:
    """Column values of these records, with the records they belong to."""
    ids = [str(row["id"]) for row in rows]
    ends = {
        link: targets(client, reading.source.name, link, ids) if ids else {} for link in set(reading.links.values())
    }
    for row in rows:
        values = {column: _answer(reading, column, row) for column in reading.properties}
        linked = {column: ends[link].get(str(row["id"])) for column, link in reading.links.items()}
        yield searching.changed_at(row), int(row["id"]), {**values, **linked, **reading.source.constants}


def _answer(reading: Reading, column: str, row: Json) -> Value:
    properties = row.get("properties") or {}
    name = reading.properties[column]
    if column == "id":
        return str(row["id"])
    if column in reading.source.stages and name in reading.types:
        pipeline = str(properties.get(PIPELINE[reading.source.name]) or "")
        stage = stage_of(reading.stages, pipeline, str(properties.get(name) or ""))
        if stage is not None:
            return stage.answer(reading.source.stages[column])
        return str(properties.get(name) or "") if reading.source.stages[column] == "label" else None
    if column == "created_by_id" and (mine := reading.ours.get(str(properties.get("hs_object_source_id") or ""))):
        return mine
    if column == "modified_at" and name == MODIFIED:
        return str(properties.get(MODIFIED) or row["updatedAt"])
    try:
        return read(properties.get(name), reading.types.get(name, ""))
    except ValueError as error:
        raise SchemaMismatch(
            f"{name} of {reading.source.name} {row['id']} holds a value we cannot keep: {error}.",
            next_step="Correct the value in HubSpot, or map another property to this column.",
        ) from None


def batch(kind: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> pa.RecordBatch:
    """Rows as one batch of canonical columns."""
    arrays = [
        to_column([row.get(column) for row in rows], column_type(kind, column), f"{kind}.{column}")
        for column in columns
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema_of(kind, columns))
