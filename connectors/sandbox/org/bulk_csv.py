"""CSV as Bulk jobs take and give it: strict about line ends, exact about how many bytes a row took."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Self

from connectors.sandbox.org.bulk_jobs import BulkJob

#: What a cell says to empty a field; an empty cell leaves the field as it is.
NULL = "#N/A"


class BadUpload(Exception):
    """The uploaded file cannot be read (on): the job fails with this message."""


class Upload:
    """The rows of a job's file. `at` is the byte behind the last row that was read."""

    def __init__(self, job: BulkJob, path: Path) -> None:
        self._job = job
        self._file: BinaryIO = path.open("rb")
        self._rows = csv.reader(self._lines(), delimiter=job.delimiter, strict=True)
        self.at = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _lines(self) -> Iterator[str]:
        for raw in self._file:
            self.at += len(raw)
            try:
                yield raw.decode("utf-8-sig" if self.at == len(raw) else "utf-8")
            except UnicodeDecodeError:
                raise BadUpload("ClientInputError : The uploaded data is not UTF-8") from None

    def header(self) -> list[str]:
        """The column names. Raises BadUpload if there are none or the lines end otherwise than the job says."""
        first = self._file.readline()
        self._file.seek(0)
        if not first.strip():
            raise BadUpload("InvalidBatch : Field name not found : ")
        if first.endswith(b"\n") and first.endswith(b"\r\n") != (self._job.line_ending == "CRLF"):
            raise BadUpload(
                f"ClientInputError : LineEnding is invalid on user data. "
                f"Current LineEnding setting is {self._job.line_ending}"
            )
        return next(self._checked())

    def skip_to(self, position: int) -> None:
        """Goes on at the byte a former reader stopped at."""
        self._file.seek(position)
        self.at = position

    def rows(self, columns: int) -> Iterator[list[str]]:
        """The rows from here on; blank lines are passed over. Raises BadUpload."""
        for row in self._checked():
            if not row:
                continue
            if len(row) != columns:
                # unverified: a Bulk row with more or fewer cells than the header has columns fails the job.
                raise BadUpload(f"InvalidBatch : A row has {len(row)} cells, the header has {columns}: {row}")
            yield row

    def _checked(self) -> Iterator[list[str]]:
        try:
            yield from self._rows
        except csv.Error as error:
            raise BadUpload(f"InvalidBatch : Failed to parse CSV: {error}") from None


class Lines:
    """Writes rows to a file, every cell quoted, and knows how many bytes there are."""

    def __init__(self, job: BulkJob, file: BinaryIO) -> None:
        self._file = file
        self.size = file.tell()
        self._writer = csv.writer(self, delimiter=job.delimiter, lineterminator=job.newline, quoting=csv.QUOTE_ALL)

    def row(self, cells: Sequence[object]) -> None:
        self._writer.writerow(cells)

    def flush(self) -> None:
        self._file.flush()

    def write(self, text: str) -> int:
        """Called by the CSV writer with one line."""
        line = text.encode()
        self.size += len(line)
        return self._file.write(line)
