"""CSV files as people send them: byte order marks, semicolons, old encodings, rows of the wrong length."""

from __future__ import annotations

import codecs
import csv
import os
from collections.abc import Iterator, Sequence
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from connectors.errors import BadInput
from connectors.files.chunks import ROWS, Chunk, Rejected
from connectors.files.mapping import FileSource, near

if TYPE_CHECKING:
    from _csv import Reader

_DELIMITERS = (",", ";", "\t", "|")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CANDIDATES = ("utf-8", "cp1252", "utf-16", "latin-1")


def read_delimited(path: Path, source: FileSource) -> Iterator[Chunk]:
    """Raises `BadInput` for a file that cannot be read to its end, a missing column, and an empty file."""
    encoding = _encoding(path, source.encoding)
    try:
        with path.open(encoding=encoding, newline="") as file:
            delimiter = source.delimiter or _delimiter(file.readline(), source.needed)
            file.seek(0)
            yield from _chunks(path, csv.reader(file, delimiter=delimiter, strict=True), source)
    except UnicodeError as error:  # UTF-16 without its mark is no UnicodeDecodeError
        raise _wrong_encoding(path, encoding, error) from None
    except csv.Error as error:
        raise BadInput(
            f"{path} is not well-formed CSV: {error}.",
            next_step="Look for a quotation mark that is not closed or not doubled; export the file again.",
        ) from None


def _chunks(path: Path, rows: Reader, source: FileSource) -> Iterator[Chunk]:
    header = _header(path, rows, source.needed)
    wanted = {name: header.index(name) for name in source.needed}
    kept: list[list[str]] = []
    lines: list[int] = []
    ragged: list[Rejected] = []
    last = rows.line_num
    try:
        for row in rows:
            line, last = last + 1, rows.line_num  # a row with quoted newlines is found at its first line
            if not row:
                continue  # an empty line is no row
            if len(row) != len(header):
                reason = f"the row has {len(row)} fields, the header {len(header)}"
                ragged.append(Rejected(path.name, line, "", "", reason))
                continue
            kept.append(row)
            lines.append(line)
            if len(kept) == ROWS:
                yield _chunk(path, wanted, kept, lines, ragged)
                kept, lines, ragged = [], [], []
    except csv.Error as error:
        raise csv.Error(f"line {rows.line_num}: {error}") from None
    yield _chunk(path, wanted, kept, lines, ragged)


def _chunk(
    path: Path, wanted: dict[str, int], rows: Sequence[Sequence[str]], lines: list[int], ragged: list[Rejected]
) -> Chunk:
    columns = {name: pa.array([row[place] for row in rows], pa.string()) for name, place in wanted.items()}
    return Chunk(path.name, lines, pa.table(columns), tuple(ragged))


def _header(path: Path, rows: Reader, needed: Sequence[str]) -> list[str]:
    header = [name.strip() for name in next(rows, [])]
    if not any(header):
        raise BadInput(f"{path} is empty.", next_step="Export the file again; its first line names the columns.")
    for name in needed:
        if name not in header:
            raise missing_column(path.name, name, header)
        if header.count(name) > 1:
            raise BadInput(
                f"{path.name} has {header.count(name)} columns named {name!r}.", next_step="Rename all but one."
            )
    return header


def missing_column(where: str, name: str, there: Sequence[str]) -> BadInput:
    return BadInput(
        f"{where} has no column {name!r}{near(name, there)}.",
        next_step="Correct the column's name in the mapping file, or export the file with the column.",
    )


def _encoding(path: Path, given: str) -> str:
    try:
        TextIOWrapper(BytesIO(), encoding=given)  # refuses codecs such as base64, which give no text
    except LookupError:
        raise BadInput(
            f"'{given}' is no encoding.", next_step=f"Use one of {', '.join(_CANDIDATES)} in the mapping file."
        ) from None
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith(b"PK\x03\x04"):
        raise BadInput(
            f"{path} is not CSV but an Excel or zip file.", next_step="Save it as CSV, or give it its own ending."
        )
    return next((encoding for mark, encoding in _MARKS if start.startswith(mark)), given)


def _delimiter(first_line: str, needed: Sequence[str]) -> str:
    """The sign that splits the header into the most of the names we look for."""

    def hits(sign: str) -> int:
        names = {name.strip().strip('"') for name in first_line.rstrip("\r\n").split(sign)}
        return len(names.intersection(needed))

    return max(_DELIMITERS, key=lambda sign: (hits(sign), first_line.count(sign)))


def _wrong_encoding(path: Path, encoding: str, error: UnicodeError) -> BadInput:
    line, byte = _first_undecodable(path, encoding)
    why = error.reason if isinstance(error, UnicodeDecodeError) else str(error)
    where = f"line {line}, byte {byte}" if line else "its end"
    fits = [each for each in _CANDIDATES if each != encoding and _decodes(path, each)]
    return BadInput(
        f"{path} is not {encoding}: {where} cannot be read ({why}).",
        next_step=f"Try encoding: {fits[0]} in the mapping file." if fits else "Export the file as UTF-8.",
    )


def _first_undecodable(path: Path, encoding: str) -> tuple[int, int]:
    """Line, and byte in that line, both from 1; (0, 0) where lines cannot be told apart in bytes."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError as error:
                return number, error.start + 1
            except UnicodeError:
                break
    return 0, 0


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    size = os.path.getsize(path)
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                decoder.decode(block, final=file.tell() == size)
    except UnicodeError:
        return False
    return True
