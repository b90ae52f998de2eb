"""Reading whole objects by Bulk query: the org works in the background, pages come as CSV in any order.

The same record gives the same canonical values as a read by REST: where Arrow's own conversion of text is not certain
to agree (an amount with more than four decimals, a whole number written as "12.0"), the value goes through the
conversion that REST values go through.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from connectors.base import DAY, FLAG, INSTANT, MONEY, NUMBER, TEXT, WHOLE, BulkPage, BulkState
from connectors.columns import column_type, schema_of, to_column
from connectors.salesforce import soql
from connectors.salesforce.bulk import Jobs
from connectors.salesforce.client import Client
from connectors.salesforce.errors import half_reply
from connectors.salesforce.reading import Reading, horizon
from connectors.salesforce.sending import host_of

#: Rows of one page: some 10 MB of CSV.
PAGE = 50_000
_NUMERIC = frozenset({"currency", "double", "percent", "int", "long"})
#: Field path -> describe type, for the paths of a reading.
Types = Callable[[Reading], Mapping[str, str]]


@dataclass(frozen=True)
class BulkReads:
    """Bulk reads of one org. `types` looks up what describe says about the fields of a reading."""

    client: Client
    types: Types

    def start(self, readings: Sequence[Reading], since: datetime | None = None) -> str:
        """Start one query per object; returns a text from which any process can go on."""
        until = horizon(self.client, [reading.source for reading in readings])
        jobs = Jobs(self.client, "query")
        ids = [
            jobs.create({"operation": "query", "query": soql.everything(each.fields, each.source.name, until, since)})
            for each in readings
        ]
        return json.dumps({"until": until.isoformat() if until else "", "jobs": ids})

    def state(self, read: str) -> BulkState:
        """The least advanced of its jobs; failed when one of them failed."""
        jobs = Jobs(self.client, "query")
        states = [jobs.state(job) for job in json.loads(read)["jobs"]]
        for phase in ("failed", "gone", "open", "busy"):
            for state in states:
                if state.phase == phase:
                    return state
        return BulkState("done", processed=sum(state.processed for state in states))

    def page(self, read: str, kind: str, columns: Sequence[str], readings: Sequence[Reading], place: str) -> BulkPage:
        """The page at `place` ("" for the first)."""
        number, _, locator = place.partition(" ")
        index = int(number or 0)
        jobs: list[str] = json.loads(read)["jobs"]
        results = Jobs(self.client, "query").results(jobs[index], locator=locator, page=PAGE)
        try:
            table = _parse(results.content)
        except pa.ArrowInvalid:  # a page that is cut ends within a row
            raise half_reply(host_of(self.client.address)) from None
        if table.num_rows != results.rows:
            raise half_reply(host_of(self.client.address))
        batch = _canonical(kind, columns, readings[index], self.types(readings[index]), table)
        if results.locator:
            return BulkPage(batch, f"{index} {results.locator}")
        return BulkPage(batch, f"{index + 1} " if index + 1 < len(jobs) else "")


def until(read: str) -> datetime | None:
    """The instant up to which a read is complete."""
    text = json.loads(read)["until"]
    return datetime.fromisoformat(text) if text else None


def _parse(content: bytes) -> pa.Table:
    if not content.strip():
        return pa.table({})
    names = csv.open_csv(
        io.BytesIO(content[: content.find(b"\n") + 1]), read_options=csv.ReadOptions(use_threads=False)
    ).schema.names
    return csv.read_csv(
        io.BytesIO(content),
        read_options=csv.ReadOptions(use_threads=False),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types={name: pa.string() for name in names},
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        ),
    ).combine_chunks()


def _canonical(
    kind: str, columns: Sequence[str], reading: Reading, types: Mapping[str, str], table: pa.Table
) -> pa.RecordBatch:
    present = {name.lower(): name for name in table.column_names}
    arrays = []
    for column in columns:
        wanted = column_type(kind, column)
        if column in reading.source.constants:
            arrays.append(pa.repeat(reading.source.constants[column], table.num_rows).cast(wanted))
            continue
        path = reading.paths.get(column, "")
        if path.lower() not in present:
            arrays.append(pa.nulls(table.num_rows, wanted))
            continue
        values = table.column(present[path.lower()]).combine_chunks()
        values = values.chunk(0) if isinstance(values, pa.ChunkedArray) and values.num_chunks == 1 else values
        translated = reading.source.translated.get(column)
        if translated is not None:
            values = _translate(values, translated)
        arrays.append(_convert(values, wanted, types.get(path, ""), f"{reading.source.name}.{column}"))
    return pa.RecordBatch.from_arrays([_whole_array(array) for array in arrays], schema=schema_of(kind, columns))


def _whole_array(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(array.chunks) if isinstance(array, pa.ChunkedArray) else array


def _translate(values: pa.Array, translated: Mapping[str, str]) -> pa.Array:
    return pa.array(
        [None if value is None else translated.get(value, value.lower()) for value in values.to_pylist()], pa.string()
    )


def _convert(values: pa.Array, wanted: pa.DataType, described: str, where: str) -> pa.Array:
    try:
        quick = _quick(values, wanted, described)
    except pa.ArrowInvalid:
        quick = None
    if quick is not None:
        return quick
    return to_column([_rest_value(value, described) for value in values.to_pylist()], wanted, where)


def _quick(values: pa.Array, wanted: pa.DataType, described: str) -> pa.Array | None:
    """Arrow's own conversion, where it is certain to give what the REST value gives; None where it is not."""
    if wanted == TEXT:
        return None if described in _NUMERIC else values
    if wanted in (MONEY, NUMBER, WHOLE):
        return values.cast(wanted)
    if wanted == FLAG:
        return pc.equal(values, "true")
    if wanted == DAY and described == "date":
        return values.cast(DAY)
    if not pc.all(pc.fill_null(pc.ends_with(values, "Z"), True)).as_py():
        return None
    if wanted == DAY:
        return pc.utf8_slice_codeunits(values, 0, 10).cast(DAY)
    return values.cast(INSTANT) if wanted == INSTANT else None


def _rest_value(text: str | None, described: str) -> Any:
    """The value as the REST API would have sent it."""
    if text is None:
        return None
    if described in _NUMERIC:
        return Decimal(text)
    return text == "true" if described == "boolean" else text
