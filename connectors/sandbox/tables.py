"""Source files as columns of values: CSV, Parquet, and rows that stand in the mapping itself.

An empty cell is None everywhere. Each row knows its place in the file, for error messages.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.sandbox.mapping import LoadError, Rows


class Table(Protocol):
    """Rows of one source. Columns have one value per row, in the order of the source."""

    name: str

    def __len__(self) -> int: ...

    @property
    def columns(self) -> Sequence[str]: ...

    def column(self, name: str) -> list[object]:
        """Raises KeyError if there is no such column."""

    def place(self, index: int) -> str:
        """Where the row stands, as people count: "accounts.csv, line 7"."""


class CsvTable:
    """A CSV file with a header line, UTF-8, all values text."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._lines: list[int] = []
        rows = self._read(path)
        self.columns = tuple(name.strip() for name in rows[0])
        twice = next((name for name in self.columns if self.columns.count(name) > 1), None)
        if twice is not None:
            raise LoadError(f"{self.name}, line 1: there are two columns {twice!r}.", "Give each a name of its own.")
        cells = zip(*rows[1:], strict=True) if len(rows) > 1 else ((),) * len(self.columns)
        self._columns = {
            name: [cell if cell.strip() else None for cell in column]
            for name, column in zip(self.columns, cells, strict=True)
        }

    def _read(self, path: Path) -> list[list[str]]:
        rows: list[list[str]] = []
        try:
            with path.open(encoding="utf-8-sig", newline="") as stream:
                reader = csv.reader(stream, strict=True)
                for row in reader:
                    if row and rows and len(row) != len(rows[0]):
                        raise LoadError(
                            f"{self.name}, line {reader.line_num}: {len(row)} values, the header has {len(rows[0])}.",
                            "Correct the line; a value that contains a comma stands in double quotes.",
                        )
                    if row:
                        rows.append(row)
                        self._lines.append(reader.line_num)
        except UnicodeDecodeError as error:
            line = path.read_bytes()[: _offset(path, error)].count(b"\n") + 1
            raise LoadError(f"{self.name}, line {line}: not UTF-8 text.", "Save the file as UTF-8.") from None
        except OSError as error:
            raise _unreadable(path, error) from None
        except csv.Error as error:
            raise LoadError(f"{self.name}, line {reader.line_num}: {error}.", "Correct the line.") from None
        if not rows:
            raise LoadError(f"{self.name} is empty.", "Give it a header line with the names of its columns.")
        return rows

    def __len__(self) -> int:
        return len(self._lines) - 1

    def column(self, name: str) -> list[object]:
        return list(self._columns[name])

    def place(self, index: int) -> str:
        return f"{self.name}, line {self._lines[index + 1]}"


def _unreadable(path: Path, error: OSError) -> LoadError:
    return LoadError(f"{path} cannot be read: {error.strerror or error}.", "Check the permissions of the file.")


def _offset(path: Path, error: UnicodeDecodeError) -> int:
    """Where in the file the first byte stands that is not UTF-8; the error knows only its own buffer."""
    try:
        path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as whole:
        return whole.start
    return error.start


class ParquetTable:
    """A Parquet file; a column is read when it is first needed."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        try:
            self._file = pq.ParquetFile(path)
        except pa.ArrowInvalid:
            raise LoadError(f"{self.name} is no Parquet file.", "Export it again.") from None
        except OSError as error:
            raise _unreadable(path, error) from None
        self._cache: dict[str, list[object]] = {}

    def __len__(self) -> int:
        return int(self._file.metadata.num_rows)

    @cached_property
    def columns(self) -> Sequence[str]:
        return tuple(self._file.schema_arrow.names)

    def column(self, name: str) -> list[object]:
        if name not in self._cache:
            if name not in self.columns:
                raise KeyError(name)
            cells = self._file.read(columns=[name]).column(0).to_pylist()
            self._cache[name] = [None if cell == "" or cell != cell else cell for cell in cells]
        return self._cache[name]

    def place(self, index: int) -> str:
        return f"{self.name}, row {index + 1}"


class InlineTable:
    """Rows written in the mapping file; a column that a row leaves out is empty there."""

    def __init__(self, title: str, rows: Sequence[Mapping[str, object]]) -> None:
        self.name = f"rows of {title} in the mapping"
        self._rows = rows
        self.columns = tuple(dict.fromkeys(name for row in rows for name in row))

    def __len__(self) -> int:
        return len(self._rows)

    def column(self, name: str) -> list[object]:
        if name not in self.columns:
            raise KeyError(name)
        return [row.get(name) for row in self._rows]

    def place(self, index: int) -> str:
        return f"{self.name}, row {index + 1}"


class Folder:
    """The folder with the source files; each file is read once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._tables: dict[str, Table] = {}

    def check(self, files: Sequence[str]) -> None:
        """Raises `LoadError` naming the files that are not there."""
        absent = [name for name in files if not (self._directory / name).is_file()]
        if absent:
            raise LoadError(
                f"{self._directory} has no file {', '.join(absent)}.",
                f"The mapping needs: {', '.join(files)}. Put them there or name another folder.",
            )

    def table(self, source: Rows, title: str) -> Table:
        """The table that a section of the mapping reads."""
        if source.file is None:
            return InlineTable(title, source.rows)
        if source.file not in self._tables:
            path = self._directory / source.file
            self._tables[source.file] = ParquetTable(path) if path.suffix == ".parquet" else CsvTable(path)
        return self._tables[source.file]
