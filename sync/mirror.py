"""The mirror: our copy of CRM records in DuckDB, a cache that can be deleted and is read again then.

One table per record kind, with the columns of `connectors.base.COLUMNS` plus `connection`, and one row per connection
and id. That is kept by whoever writes, not by an index: one over ten million orders is three quarters of the file, and
takes longer to keep up to date than the table to look through. Money is held as integers in units of 1/10,000, so that
sums are exact and independent of row order. A cursor per connection and kind lives in the same file and moves in the
same transaction as the rows, so a kill can never separate the two.

While one process has a DuckDB file open for writing no other can open it. So one job writes, and readers open a
snapshot that is swapped in by rename.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pandas as pd
import pyarrow as pa
from django.conf import settings
from ibis.backends.sql.datatypes import DuckDBType
from ibis.expr import operations

from connectors.base import COLUMNS, MONEY, Since
from sync import engine
from sync.reading import mirror_faults, touched
from sync.reading.touched import Touched

#: Rows modified within this time before the last read are read again: the CRM commits out of order.
LOOK_BACK = timedelta(minutes=10)
SCALE = 10_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_TYPES: Mapping[pa.DataType, str] = {
    pa.string(): "VARCHAR",
    pa.bool_(): "BOOLEAN",
    pa.date32(): "DATE",
    pa.float64(): "DOUBLE",
    pa.int64(): "BIGINT",
    MONEY: "BIGINT",
    pa.timestamp("us", tz="UTC"): "TIMESTAMPTZ",
}


@dataclass(frozen=True)
class Cursor:
    """How far a kind has been read. `complete` means everything up to here is in the mirror.

    `seen_at` is the CRM's clock when the last complete read began.
    """

    modified_at: datetime | None
    last_id: str
    complete: bool
    seen_at: datetime | None = None

    def since(self) -> Since | None:
        """Where the next read starts."""
        if self.modified_at is None:
            return None
        if self.complete:
            return Since(self.settled())
        return Since(self.modified_at, after_id=self.last_id)

    def settled(self) -> datetime:
        """The instant up to which nothing new can appear any more.

        A change is visible when it is committed, some minutes after the time it bears. What was not yet visible when
        the last read began bears a time from shortly before that. Where the CRM's clock is not known, the newest row
        stands for it; then a large load is read again by every run until something newer is.
        """
        return (self.seen_at or self.modified_at or _EPOCH) - LOOK_BACK


def path(portfolio_id: int) -> Path:
    folder: Path = settings.HOME / "mirror"
    return folder / f"portfolio-{portfolio_id}.duckdb"


def snapshot_path(portfolio_id: int) -> Path:
    return path(portfolio_id).with_suffix(".snapshot.duckdb")


def column_type(kind: str, column: str) -> str:
    return _TYPES[COLUMNS[kind].get(column, pa.string())]


def shape(kind: str, fields: Mapping[str, str]) -> str:
    """Digest of what is read for a kind; when it changes, the kind is read again from the start."""
    return hashlib.sha256(json.dumps([kind, sorted(fields.items())]).encode()).hexdigest()[:16]


class Mirror:
    """The writing side; hold it for one job only."""

    def __init__(self, database: duckdb.DuckDBPyConnection) -> None:
        self.database = database
        database.execute(
            "CREATE TABLE IF NOT EXISTS tierline_cursor (connection VARCHAR, kind VARCHAR, shape VARCHAR,"
            " modified_at TIMESTAMPTZ, last_id VARCHAR, complete BOOLEAN, PRIMARY KEY (connection, kind))"
        )
        database.execute("ALTER TABLE tierline_cursor ADD COLUMN IF NOT EXISTS whole_on DATE")
        database.execute("ALTER TABLE tierline_cursor ADD COLUMN IF NOT EXISTS seen_at TIMESTAMPTZ")
        touched.prepare(database)
        self._drop_indexes()

    def _drop_indexes(self) -> None:
        """Make the tables anew that an earlier version made with a primary key."""
        keyed = self.database.execute(
            "SELECT table_name FROM duckdb_constraints() "
            "WHERE constraint_type = 'PRIMARY KEY' AND NOT starts_with(table_name, 'tierline_')"
        ).fetchall()
        for (kind,) in keyed:
            with self._transaction():
                self.database.execute(f'CREATE TABLE tierline_unkeyed AS SELECT * FROM "{kind}"')
                self.database.execute(f'DROP TABLE "{kind}"')
                self.database.execute(f'ALTER TABLE tierline_unkeyed RENAME TO "{kind}"')

    def cursor(self, connection: str, kind: str, fields: Mapping[str, str]) -> Cursor:
        """Where to go on reading. A kind whose columns changed is forgotten and starts anew."""
        row = self.database.execute(
            "SELECT shape, epoch_us(modified_at), last_id, complete, epoch_us(seen_at) FROM tierline_cursor"
            " WHERE connection = ? AND kind = ?",
            [connection, kind],
        ).fetchone()
        if row and row[0] == shape(kind, fields):
            return Cursor(_instant(row[1]), row[2], row[3], _instant(row[4]))
        self.forget(connection, kind, fields)
        return Cursor(None, "", False)

    def whole_on(self, connection: str, kind: str) -> date | None:
        """When all records of a kind were last read, not only those whose time stamp had moved."""
        row = self.database.execute(
            "SELECT whole_on FROM tierline_cursor WHERE connection = ? AND kind = ?", [connection, kind]
        ).fetchone()
        return row[0] if row else None

    def note_whole(self, connection: str, kind: str, day: date) -> None:
        self.database.execute(
            "UPDATE tierline_cursor SET whole_on = ? WHERE connection = ? AND kind = ?", [day, connection, kind]
        )

    def forget(self, connection: str, kind: str, fields: Mapping[str, str]) -> None:
        """Have this kind read again from the start."""
        with self._transaction():
            self._prepare(kind, fields)
            self.database.execute(f'DELETE FROM "{kind}" WHERE connection = ?', [connection])
            self.database.execute(
                "INSERT OR REPLACE INTO tierline_cursor VALUES (?, ?, ?, NULL, '', FALSE, NULL, NULL)",
                [connection, kind, shape(kind, fields)],
            )
            touched.everything(self.database, connection, kind)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self.database.begin()
        try:
            yield
        except BaseException:
            self.database.rollback()
            raise
        self.database.commit()

    def _prepare(self, kind: str, columns: Iterable[str]) -> None:
        """Make the table of a kind, or add the columns it lacks."""
        types = {name: column_type(kind, name) + (" NOT NULL" if name == "id" else "") for name in columns}
        wanted = ", ".join(f'"{name}" {kind_of}' for name, kind_of in types.items())
        self.database.execute(f'CREATE TABLE IF NOT EXISTS "{kind}" (connection VARCHAR NOT NULL, {wanted})')
        present = set(self._columns(kind))
        for name in columns:
            if name not in present:
                self.database.execute(f'ALTER TABLE "{kind}" ADD COLUMN "{name}" {column_type(kind, name)}')

    def absorb(self, connection: str, kind: str, rows: pa.Table, *, cursor: Cursor, compare: bool = True) -> None:
        """Merge these rows and move the cursor, in one transaction. Later rows of one id win.

        Without `compare` what the rows change is not noted: a kind that is read anew touches every account anyway.
        """
        with self._transaction():
            if rows.num_rows:
                self._insert(connection, kind, rows, compare=compare)
            self.database.execute(
                "UPDATE tierline_cursor SET modified_at = coalesce(?, modified_at), last_id = ?, complete = ?,"
                " seen_at = coalesce(?, seen_at) WHERE connection = ? AND kind = ?",
                [cursor.modified_at, cursor.last_id, cursor.complete, cursor.seen_at, connection, kind],
            )

    def replace(self, connection: str, kind: str, columns: Sequence[str], batches: Iterable[pa.RecordBatch]) -> None:
        """Put these rows in place of all rows of a kind, or change nothing if `batches` raises."""
        with self._transaction():
            self._prepare(kind, columns)
            before = self._digest(connection, kind)
            self.database.execute(f'DELETE FROM "{kind}" WHERE connection = ?', [connection])
            for batch in batches:
                if batch.num_rows:
                    self._insert(connection, kind, pa.Table.from_batches([batch]), compare=False)
            if self._digest(connection, kind) != before:
                touched.everything(self.database, connection, kind)

    def _digest(self, connection: str, kind: str) -> tuple[int, int]:
        """Names the rows of a kind, whatever their order."""
        row = self.database.execute(
            f'SELECT count(*), coalesce(bit_xor(hash(k)), 0) FROM "{kind}" k WHERE connection = ?',
            [connection],
        ).fetchone()
        return (int(row[0]), int(row[1])) if row else (0, 0)

    def keep_only(self, connection: str, kinds: Collection[str]) -> None:
        """Drop a connection's rows of every other kind: a source that is no longer in the mapping counts no more."""
        for kind in self.kinds():
            if kind not in kinds:
                self.database.execute(f'DELETE FROM "{kind}" WHERE connection = ?', [connection])

    def _insert(self, connection: str, kind: str, rows: pa.Table, *, compare: bool) -> None:
        self.database.register("incoming", rows)
        targets = ", ".join(f'"{name}"' for name in rows.column_names)
        values = ", ".join(f'{_expression(field)} AS "{field.name}"' for field in rows.schema)
        self.database.execute(
            f"CREATE OR REPLACE TEMP TABLE fresh AS SELECT {values} "
            "FROM (SELECT *, row_number() OVER () AS position FROM incoming) "
            "QUALIFY row_number() OVER (PARTITION BY id ORDER BY position DESC) = 1"
        )
        self.database.unregister("incoming")
        others = [name for name in self._columns(kind) if name not in ("connection", *rows.column_names)]
        self._find(connection, kind, [*others, *(rows.column_names if compare else [])])
        if compare:
            touched.compare(self.database, connection, kind, rows.column_names)
        source = "fresh"
        if others:  # what is not read stays as it was
            kept = ", ".join(f'"{name}"' for name in others)
            targets = f"{targets}, {kept}"
            source = f"fresh LEFT JOIN (SELECT id, {kept} FROM held) USING (id)"
        self.database.execute(f'DELETE FROM "{kind}" WHERE rowid IN (SELECT place FROM held)')
        self.database.execute(
            f'INSERT INTO "{kind}" (connection, {targets}) SELECT ?, {targets} FROM {source}',
            [connection],
        )

    def _find(self, connection: str, kind: str, columns: Iterable[str]) -> None:
        """Make the table `held`: where the mirror has the records of `fresh`, and these columns of theirs.

        The one look through all of a kind that merging takes: the longer the kind, the more it costs.
        """
        names = ", ".join(f'k."{name}"' for name in dict.fromkeys(["id", *columns]))
        self.database.execute(
            f'CREATE OR REPLACE TEMP TABLE held AS SELECT k.rowid AS place, {names} FROM "{kind}" k '
            "WHERE k.connection = ? AND k.id IN (SELECT id FROM fresh)",
            [connection],
        )

    def _columns(self, kind: str) -> list[str]:
        return [row[0] for row in self.database.execute(f'DESCRIBE "{kind}"').fetchall()]

    def overwrite(self, connection: str, kind: str, rows: pa.Table) -> None:
        """Put the columns of `rows` into the records that the mirror has of a kind, by id. That touches no account."""
        if kind not in self.kinds():
            return
        columns = [name for name in rows.column_names if name != "id"]
        put = ", ".join(f'"{name}" = incoming."{name}"' for name in columns)
        self.database.register("incoming", rows)
        self.database.execute(
            f'UPDATE "{kind}" AS k SET {put} FROM incoming WHERE k.connection = ? AND k.id = incoming.id',
            [connection],
        )
        self.database.unregister("incoming")

    def texts(
        self, connection: str, kind: str, columns: Sequence[str], ids: Sequence[str]
    ) -> dict[str, tuple[str | None, ...]]:
        """These columns of some records, by id; records that the mirror does not have are absent."""
        if kind not in self.kinds():
            return {}
        names = ", ".join(f'"{name}"' for name in columns)
        rows = self.database.execute(
            f'SELECT id, {names} FROM "{kind}" WHERE connection = ? AND id IN (SELECT unnest(?))',
            [connection, list(ids)],
        ).fetchall()
        return {row[0]: tuple(row[1:]) for row in rows}

    def select(self, kind: str, *columns: str) -> list[tuple[Any, ...]]:
        """These columns of all rows of a kind, ordered by the first of them."""
        names = ", ".join(f'"{name}"' for name in columns)
        return self.database.execute(f'SELECT {names} FROM "{kind}" ORDER BY 1').fetchall()

    def columns(self, connection: str, kind: str, names: Sequence[str]) -> pd.DataFrame:
        """These columns of a connection's rows of a kind, by id; empty where they were not read."""
        held = {row[0] for row in self.database.execute(f'DESCRIBE "{kind}"').fetchall()}
        chosen = ", ".join(f'"{name}"' if name in held else f'NULL::VARCHAR AS "{name}"' for name in names)
        rows = f'SELECT {chosen} FROM "{kind}" WHERE connection = ? ORDER BY id'
        return self.database.execute(rows, [connection]).df()

    def read_to_end(self, connection: str, kind: str) -> bool:
        """Whether all of a kind is here, as it was when it was last read."""
        row = self.database.execute(
            "SELECT complete FROM tierline_cursor WHERE connection = ? AND kind = ?", [connection, kind]
        ).fetchone()
        return bool(row and row[0])

    def remove(self, connection: str, kind: str, ids: list[str]) -> None:
        """Forget these records."""
        if not ids:
            return
        touched.removed(self.database, connection, kind, ids)
        self.database.execute(
            f'DELETE FROM "{kind}" WHERE connection = ? AND id IN (SELECT unnest(?))',
            [connection, ids],
        )

    def kinds(self) -> list[str]:
        """Kinds of records that have a table, in the order of their names."""
        names = self.database.execute(
            "SELECT table_name FROM duckdb_tables() WHERE NOT temporary ORDER BY 1"
        ).fetchall()
        return [name for (name,) in names if not name.startswith("tierline_")]

    def count(self, kind: str, connection: str = "") -> int:
        """Records of this kind, of one connection or of all."""
        query = f'SELECT count(*) FROM "{kind}"'
        row = self.database.execute(
            *((f"{query} WHERE connection = ?", [connection]) if connection else (query,))
        ).fetchone()
        return int(row[0]) if row else 0


def _instant(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)


def _expression(field: pa.Field) -> str:
    name = f'"{field.name}"'
    # Multiplied with 18 digits, amounts from 10 thousand million on would overflow.
    return f"CAST(CAST({name} AS DECIMAL(38, 4)) * {SCALE} AS BIGINT)" if field.type == MONEY else name


@contextmanager
def writing(portfolio_id: int) -> Iterator[Mirror]:
    """The mirror, open for writing. Raises `Unavailable`, for one while another process has it open.

    A damaged file is set aside: the next try begins with an empty mirror.
    """
    try:
        with engine.opened(path(portfolio_id), config=_limits()) as database:
            yield Mirror(database)
    except duckdb.Error as error:
        if fault := mirror_faults.of_writing(error, path(portfolio_id)):
            raise fault from error
        raise


def _limits() -> dict[str, Any]:
    return {"memory_limit": os.environ.get("TIERLINE_MIRROR_MEMORY", "1GB"), "threads": 2}


def publish(portfolio_id: int) -> dict[str, int]:
    """Make what the mirror holds now visible to readers, by one rename; returns the number of records by kind."""
    with writing(portfolio_id) as mirror:
        mirror.database.execute("CHECKPOINT")
        counts = {kind: mirror.count(kind) for kind in mirror.kinds()}
    draft = snapshot_path(portfolio_id).with_suffix(".draft")
    shutil.copyfile(path(portfolio_id), draft)
    draft.replace(snapshot_path(portfolio_id))
    return counts


@contextmanager
def reading(portfolio_id: int, *kinds: str) -> Iterator[dict[str, Any]]:
    """The snapshot's tables as ibis tables, by kind: those of these kinds that it has, or all.

    Raises `connectors.errors.Fatal` where it is missing or damaged.
    """
    with _snapshot(portfolio_id) as database:
        with _readable(portfolio_id):
            tables = _tables(database, kinds)
        yield tables


def _tables(database: duckdb.DuckDBPyConnection, kinds: Collection[str]) -> dict[str, Any]:
    """The tables as ibis tables. Their columns are asked for at once: ibis would describe one table after the other."""
    columns = database.execute(
        "SELECT table_name, column_name, data_type, is_nullable FROM duckdb_columns() "
        "WHERE NOT starts_with(table_name, 'tierline_') AND NOT internal ORDER BY table_name, column_index"
    ).fetchall()
    schemas: dict[str, dict[str, Any]] = {}
    for kind, name, type_, nullable in columns:
        if not kinds or kind in kinds:
            schemas.setdefault(kind, {})[name] = _type(type_, nullable)
    backend = ibis.duckdb.from_connection(database)
    return {
        kind: operations.DatabaseTable(kind, schema=ibis.schema(schema), source=backend).to_expr()
        for kind, schema in schemas.items()
    }


@cache
def _type(name: str, nullable: bool) -> Any:
    """What ibis calls a type of DuckDB."""
    return DuckDBType.from_string(name, nullable=nullable)


@contextmanager
def _snapshot(portfolio_id: int) -> Iterator[duckdb.DuckDBPyConnection]:
    with ExitStack() as stack:
        with _readable(portfolio_id):
            database = stack.enter_context(engine.opened(snapshot_path(portfolio_id), read_only=True, config=_limits()))
        yield database


@contextmanager
def _readable(portfolio_id: int) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        if fault := mirror_faults.of_reading(error, snapshot_path(portfolio_id)):
            raise fault from error
        raise


def of(table: Any, column: str, ids: Sequence[str]) -> Any:
    """The rows of a table that have one of these values, of which there is at least one, in a column.

    Between the smallest and the largest first: where these lie close together, most of the table is not even looked at.
    """
    wanted = ibis.memtable({"wanted": sorted(ids)}, schema={"wanted": "string"})
    near = table.filter(table[column].between(min(ids), max(ids)))
    return near.semi_join(wanted, near[column] == wanted.wanted).select(*table.columns)


def frame(table: Any) -> pd.DataFrame:
    """An ibis table as a frame; dates are `datetime64`.

    By way of Arrow: ibis' own way makes Python lists of columns with empty values, half of the memory of a worker.
    """
    return as_frame(table.to_pyarrow())


def as_frame(rows: pa.Table) -> pd.DataFrame:
    found: pd.DataFrame = rows.to_pandas(date_as_object=False)
    return found


def is_whole(portfolio_id: int, connection: str) -> bool:
    """Whether everything of a connection was read to its end; False for one that was never read."""
    with writing(portfolio_id) as copy:
        rows = copy.database.execute("SELECT kind, complete FROM tierline_cursor WHERE connection = ?", [connection])
        held = dict(rows.fetchall())
    return bool(held.get("account")) and all(held.values())


def touched_accounts(portfolio_id: int) -> Touched:
    """The accounts that records of the snapshot have touched since a run last ended well."""
    with _readable(portfolio_id), _snapshot(portfolio_id) as database:
        return touched.read(database)
