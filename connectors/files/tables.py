"""Parquet files, Excel sheets and SQL tables as chunks of rows."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.errors import BadInput, Unavailable
from connectors.files.chunks import ROWS, Chunk
from connectors.files.delimited import missing_column
from connectors.files.mapping import FileSource

_VARIABLE = re.compile(r"\$\{(\w+)\}")


def read_parquet(path: Path, source: FileSource) -> Iterator[Chunk]:
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise BadInput(
            f"{path} is not a readable Parquet file: {str(error).splitlines()[0]}",
            next_step="Export the file again, or name its real format by its ending.",
        ) from None
    with file:
        _require(path.name, source.needed, file.schema_arrow.names)
        first = 1
        for batch in file.iter_batches(batch_size=ROWS, columns=list(source.needed)):
            yield Chunk(path.name, range(first, first + batch.num_rows), pa.Table.from_batches([batch]))
            first += batch.num_rows


def read_excel(path: Path, source: FileSource) -> Iterator[Chunk]:
    """The named sheet, or the first one; its first row names the columns. Cells become text."""
    if find_spec("openpyxl") is None:
        raise BadInput(
            f"{path.name} is an Excel file, and reading those needs the package openpyxl.",
            next_step="Install openpyxl, or save the sheet as CSV.",
        )
    from zipfile import BadZipFile

    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, OSError) as error:
        raise BadInput(f"{path} is not a readable Excel file: {error}.", next_step="Save it again as .xlsx.") from None
    try:
        if source.sheet and source.sheet not in book.sheetnames:
            raise BadInput(
                f"{path.name} has no sheet {source.sheet!r}; it has {', '.join(book.sheetnames)}.",
                next_step="Correct the sheet's name in the mapping file.",
            )
        sheet = book[source.sheet or book.sheetnames[0]]
        yield from _sheet_chunks(path, sheet.iter_rows(values_only=True), source)
    finally:
        book.close()


def _sheet_chunks(path: Path, rows: Iterator[Sequence[Any]], source: FileSource) -> Iterator[Chunk]:
    header = [_cell(value) or "" for value in next(rows, ())]
    if not any(header):
        raise BadInput(f"{path} is empty.", next_step="The first row of the sheet must name the columns.")
    _require(path.name, source.needed, header)
    places = {name: header.index(name) for name in source.needed}
    kept: list[Sequence[Any]] = []
    lines: list[int] = []

    def chunk() -> Chunk:
        columns = {name: pa.array([_cell(row[at]) for row in kept], pa.string()) for name, at in places.items()}
        return Chunk(path.name, tuple(lines), pa.table(columns))

    for number, row in enumerate(rows, start=2):
        if all(value is None for value in row):
            continue
        kept.append(row)
        lines.append(number)
        if len(kept) == ROWS:
            yield chunk()
            kept, lines = [], []
    yield chunk()


def _cell(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # Excel keeps every number as a float
    return str(value).strip()


def read_sql(source: FileSource) -> Iterator[Chunk]:
    """A table or query of any database ibis can reach. Raises `Unavailable` if it cannot be reached."""
    import ibis

    broken: tuple[type[Exception], ...] = (
        ibis.common.exceptions.IbisError,
        ibis.common.exceptions.TableNotFound,
        *_driver_errors(),
    )
    unusable: tuple[type[Exception], ...] = (ValueError, ImportError, *broken)
    address = _with_environment(source.url)
    shown = _without_password(address)
    _require_database_file(address)
    try:
        database = ibis.connect(address)
    except unusable as error:
        raise _unreachable(shown, str(error).replace(address, shown), error) from None
    try:
        rows = database.sql(source.query) if source.query else database.table(source.table)
        _require(source.title, source.needed, rows.columns)
        first = 1
        for batch in rows.select(*source.needed).to_pyarrow_batches(chunk_size=ROWS):
            yield Chunk(source.title, range(first, first + batch.num_rows), pa.Table.from_batches([batch]))
            first += batch.num_rows
    except broken as error:
        raise BadInput(
            f"The {'query' if source.query else f'table {source.table!r}'} cannot be read from {shown}: "
            f"{_first_line(str(error))}",
            next_step="Correct the table or query in the mapping file; try it in the database first.",
        ) from None
    finally:
        database.disconnect()


def _driver_errors() -> tuple[type[Exception], ...]:
    """The base errors of the drivers that are installed; they share no other base."""
    import duckdb

    errors: list[type[Exception]] = [sqlite3.Error, duckdb.Error, OSError]
    if find_spec("psycopg") is not None:
        import psycopg

        errors.append(psycopg.Error)
    return tuple(errors)


def _require_database_file(address: str) -> None:
    """SQLite and DuckDB would make an empty database of a path that is wrong."""
    parts = urlsplit(address)
    path = Path(parts.path.removeprefix("/") if parts.path.startswith("//") else parts.path)
    if parts.scheme in ("sqlite", "duckdb") and parts.path and not parts.netloc and not path.exists():
        raise BadInput(f"There is no database file {path}.", next_step="Check the url in the mapping file.")


def _unreachable(shown: str, why: str, error: Exception) -> BadInput | Unavailable:
    if isinstance(error, ValueError | ImportError):
        return BadInput(
            f"{shown} is not a database Tierline can reach: {_first_line(why)}",
            next_step="Use a url such as postgres://user:${ERP_PASSWORD}@host/database, and install its driver.",
        )
    return Unavailable(
        f"The database {shown} cannot be reached: {_first_line(why)}",
        next_step="Check address, network, user and password, then try again.",
    )


def _with_environment(url: str) -> str:
    def value(found: re.Match[str]) -> str:
        if found[1] not in os.environ:
            raise BadInput(
                f"The mapping file takes {found[1]} from the environment, where it is not set.",
                next_step=f"Set the environment variable {found[1]}.",
            )
        return os.environ[found[1]]

    return _VARIABLE.sub(value, url)


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    where = parts.hostname or ""
    return f"{parts.scheme}://{where}{parts.path}"


def _require(where: str, needed: Sequence[str], there: Sequence[str]) -> None:
    for name in needed:
        if name not in there:
            raise missing_column(where, name, list(there))


def _first_line(text: str) -> str:
    return f"{text.strip().splitlines()[0].rstrip('.')}." if text.strip() else "no reason was given."
