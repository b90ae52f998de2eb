"""An org's records as scoring sees them: read from the org, without a run in between."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import duckdb
import ibis
import pyarrow as pa

from connectors.columns import column_type, schema_of, to_column
from connectors.salesforce import kinds
from connectors.salesforce.records import value_at
from connectors.sandbox.org.org import Org
from scoring.model import Model
from sync import mirror


def rows(org: Org, soql: str) -> list[dict[str, Any]]:
    """Records as they come over the wire: numbers are exact."""
    found: list[dict[str, Any]] = json.loads(json.dumps(org.query(soql).records), parse_float=Decimal)
    return found


def fill(target: mirror.Mirror, org: Org, model: Model) -> None:
    """Read everything the model uses into a mirror."""
    for kind, sources in kinds.SOURCES.items():
        for source in [source for source in sources if source.name in org.objects()]:
            paths = {**kinds.DEFAULTS[kind], **model.crm_fields("salesforce").get(kind, {})}
            if source.name == "Event":
                del paths["activity_type"]
            found = rows(org, f"SELECT {', '.join(paths.values())} FROM {source.name}")
            arrays = [
                to_column([value_at(row, path) for row in found], column_type(kind, name), name)
                for name, path in paths.items()
            ]
            batch = pa.RecordBatch.from_arrays(arrays, schema=schema_of(kind, list(paths)))
            target.replace(source.name, kind, list(paths), [batch])


def tables_of(database: duckdb.DuckDBPyConnection) -> Mapping[str, Any]:
    backend = ibis.duckdb.from_connection(database)
    return {kind: backend.table(kind) for kind in kinds.SOURCES if kind in backend.list_tables()}


@contextmanager
def mirrored(org: Org, model: Model) -> Iterator[Mapping[str, Any]]:
    """The mirror's tables by kind."""
    with duckdb.connect() as database:
        fill(mirror.Mirror(database), org, model)
        yield tables_of(database)
