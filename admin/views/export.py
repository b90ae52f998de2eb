"""CSV files that a spreadsheet can open without running anything from them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import StreamingHttpResponse

from sync import cells

#: Rows read at a time: an export of any length needs the memory of one chunk.
CHUNK = 2000
T = TypeVar("T", bound=Model)


def csv_file(name: str, rows: Iterable[list[Any]]) -> StreamingHttpResponse:
    """These rows as a download, made while it is sent. The first row holds the titles."""
    return StreamingHttpResponse(
        _texts(rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def chunks(rows: QuerySet[T, Any]) -> Iterator[list[T]]:
    """All rows by ascending key, a chunk at a time, each found by the last key of the one before."""
    last = 0
    while part := list(rows.order_by("pk").filter(pk__gt=last)[:CHUNK]):
        yield part
        last = part[-1].pk


def safe(cell: Any) -> Any:
    """Text as text: a leading apostrophe keeps a spreadsheet from reading it as a formula. Numbers stay numbers."""
    if cell is None:
        return ""
    return cells.safe(cell) if isinstance(cell, str) else cell


def _texts(rows: Iterable[list[Any]]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")  # a spreadsheet takes the file for UTF-8 by this mark
    for number, row in enumerate(rows, start=1):
        writer.writerow([safe(cell) for cell in row])
        if number % CHUNK == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()
