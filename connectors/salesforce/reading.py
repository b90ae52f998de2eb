"""Reading one object, or two as if they were one, in an order in which the read can continue at any row."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import pyarrow as pa

from connectors.base import Since
from connectors.columns import column_type, instant, schema_of, to_column
from connectors.errors import Fatal
from connectors.salesforce import soql
from connectors.salesforce.client import Client
from connectors.salesforce.kinds import Source
from connectors.salesforce.records import Record, value_at

PAGE = 2000
_LOST_PLACE = "INVALID_QUERY_LOCATOR"


@dataclass(frozen=True)
class Reading:
    """One object of a read: which field path answers which column; columns it lacks stay null."""

    source: Source
    paths: Mapping[str, str]

    @property
    def fields(self) -> list[str]:
        """What to select: the mapped paths, and always the two that order the read."""
        return list(dict.fromkeys(["Id", "SystemModstamp", *self.paths.values()]))


def batches(
    client: Client, kind: str, columns: Sequence[str], readings: Sequence[Reading], since: Since | None
) -> Iterator[pa.RecordBatch]:
    """Pages of canonical columns, ordered by (modified_at, id) over all objects of the kind."""
    until = horizon(client, [reading.source for reading in readings])
    if until is None or (since is not None and until < since.modified_at):
        return
    streams = [_keyed(client, reading, since, until) for reading in readings]
    merged = streams[0] if len(streams) == 1 else heapq.merge(*streams, key=lambda row: row[:2])
    while page := list(islice(merged, PAGE)):
        yield _batch(kind, columns, page)


def horizon(client: Client, sources: Sequence[Source]) -> datetime | None:
    """When the newest row was modified, asked before the read; None if there are no rows.

    It is the upper bound of the read. A row changed while pages are fetched may be delivered with its new
    instant in the middle of the order; the bound leaves it to the next read, and keeps two objects in step.
    It comes from the data, so that no clock but the org's is involved.
    """
    instants = []
    for source in sources:
        page = client.query(soql.newest(source.name))
        instants += [instant(row["SystemModstamp"]) for row in page["records"]]
    return max(instants, default=None)


Keyed = tuple[datetime, str, "Reading", Record]


def _keyed(client: Client, reading: Reading, since: Since | None, until: datetime) -> Iterator[Keyed]:
    def query(start: Since | None) -> str:
        return soql.window(reading.fields, reading.source.name, start, until)

    for row in rows(client, query, since):
        modified = instant(row["SystemModstamp"])
        if modified <= until:
            yield modified, row["Id"], reading, row


def rows(
    client: Client,
    query: Callable[[Since | None], str],
    since: Since | None,
    *,
    include_deleted: bool = False,
) -> Iterator[dict[str, Any]]:
    """All rows of a query that can start anywhere; a lost query locator costs one more query, no restart."""
    page = client.query(query(since), include_deleted=include_deleted)
    last = since
    while True:
        for row in page["records"]:
            last = Since(instant(row["SystemModstamp"]), row["Id"])
            yield row
        if page.get("done", True):
            return
        try:
            page = client.more(page["nextRecordsUrl"])
        except Fatal as error:
            if error.code != _LOST_PLACE:
                raise
            page = client.query(query(last), include_deleted=include_deleted)


def _batch(kind: str, columns: Sequence[str], page: Sequence[Keyed]) -> pa.RecordBatch:
    arrays = []
    for column in columns:
        answers = [_answer(row, reading, column) for _, _, reading, row in page]
        arrays.append(to_column(answers, column_type(kind, column), f"{page[0][2].source.name}.{column}"))
    return pa.RecordBatch.from_arrays(arrays, schema=schema_of(kind, columns))


def _answer(row: Record, reading: Reading, column: str) -> Any:
    if column in reading.source.constants:
        return reading.source.constants[column]
    if column not in reading.paths:
        return None
    value = value_at(row, reading.paths[column])
    translated = reading.source.translated.get(column)
    if translated is None or value is None:
        return value
    return translated.get(value, str(value).lower())
