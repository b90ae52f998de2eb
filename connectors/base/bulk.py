"""Capabilities: whole kinds read at once, and many updates uploaded as one job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

import pyarrow as pa

from connectors.base.records import Change, WriteResult


@dataclass(frozen=True)
class BulkState:
    """How far a bulk job is. `gone`: the CRM does not know it any more."""

    phase: Literal["open", "busy", "done", "failed", "gone"]
    processed: int = 0
    failed: int = 0
    message: str = ""


@dataclass(frozen=True)
class BulkPage:
    """Rows of a bulk read, in no order, and where the next page is; "" after the last."""

    rows: pa.RecordBatch
    next_place: str


@runtime_checkable
class BulkReads(Protocol):
    """Capability: whole kinds read page by page in no order, by a job of the CRM or straight from its lists."""

    @property
    def bulk_from(self) -> int:
        """Records from which a kind is better read this way."""

    def count(self, kind: str, since: datetime | None = None) -> int:
        """About how many records of this kind there are, or were modified since."""

    def start_bulk_read(self, kind: str, fields: Mapping[str, str], since: datetime | None = None) -> str:
        """Begin to read all records, or those modified since; returns a text from which any process goes on."""

    def bulk_read_state(self, read: str) -> BulkState: ...

    def bulk_read_until(self, read: str) -> datetime | None:
        """The instant up to which the read is complete; None when there was no record."""

    def bulk_page(self, read: str, kind: str, fields: Mapping[str, str], place: str) -> BulkPage:
        """The page at a place, "" for the first. Pages can be read again."""


@runtime_checkable
class BulkWrites(Protocol):
    """Capability: many updates uploaded as one job. Its id is known before anything is uploaded."""

    def open_load(self, kind: str) -> str:
        """A new job, empty."""

    def fill_load(self, load: str, kind: str, changes: Sequence[Change]) -> None:
        """Upload these changes, once, and let the CRM begin."""

    def load_state(self, load: str) -> BulkState: ...

    def load_results(self, load: str, kind: str, ended: BulkState, changes: Sequence[Change]) -> list[WriteResult]:
        """One result per change, in order, of a job in this last state. Raises `Unavailable` for half a list."""

    def abort_load(self, load: str) -> None:
        """Give up a job that is still open."""
