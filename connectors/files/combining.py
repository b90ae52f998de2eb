"""Several rows that make one record, such as an order known only by its lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from connectors.base import MONEY, NUMBER
from connectors.files.chunks import ROWS


def combine(
    batches: Iterator[pa.RecordBatch], schema: pa.Schema, disagreed: Callable[[str, str, int], None]
) -> Iterator[pa.RecordBatch]:
    """One row per id, ordered by id: money and quantities added up, everything else as all rows say.

    Rows of one id that say different things are left out; `disagreed` is told id, column and number of rows.
    All rows are held in memory.
    """
    rows = pa.Table.from_batches(batches, schema)
    summed = [name for name in schema.names if schema.field(name).type in (MONEY, NUMBER)]
    alike = [name for name in schema.names if name not in summed and name != "id"]
    wanted = [(name, "sum") for name in summed] + [(name, how) for name in alike for how in ("min", "max")]
    groups = rows.group_by("id").aggregate([*wanted, ([], "count_all")]).sort_by("id")
    agreed = pa.repeat(True, groups.num_rows)
    for name in alike:
        different = pc.fill_null(pc.not_equal(groups[f"{name}_min"], groups[f"{name}_max"]), False)
        for group in groups.filter(pc.and_(agreed, different)).select(["id", "count_all"]).to_pylist():
            disagreed(group["id"], name, group["count_all"])
        agreed = pc.and_(agreed, pc.invert(different))
    kept = groups.filter(agreed)
    columns = []
    for name in schema.names:
        answer = name if name == "id" else f"{name}_{'sum' if name in summed else 'min'}"
        columns.append(kept[answer].cast(schema.field(name).type))
    yield from pa.table(columns, schema=schema).to_batches(max_chunksize=ROWS)
