"""What every reader of a file or table delivers: some rows as they stand, and where each of them stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

ROWS = 20_000


@dataclass(frozen=True)
class Rejected:
    """A row that was read and not delivered. `line` counts lines of a CSV, rows elsewhere, from 1."""

    file: str
    line: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        where = f"{self.file}, line {self.line}"
        what = f", column {self.column!r}, value {self.value!r}" if self.column else ""
        return f"{where}{what}: {self.reason}"


@dataclass(frozen=True)
class Chunk:
    """Rows of one file. `columns` has the columns asked for, in their own types; CSV gives text."""

    file: str
    lines: Sequence[int]
    columns: pa.Table
    ragged: tuple[Rejected, ...] = ()
