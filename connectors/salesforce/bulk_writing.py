"""Writing many records by Bulk upload: changes as CSV, outcomes joined by record id.

An empty cell leaves a field as it is and `#N/A` clears it, so records whose changes touch different fields share one
upload. The rows of the results come in an order of their own.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from connectors.base import BulkState, Change, Scalar, WriteResult
from connectors.salesforce import detail
from connectors.salesforce.errors import Fault, refusal
from connectors.salesforce.ids import long_id
from connectors.salesforce.kinds import DETAIL_KEY, DETAIL_PARENT
from connectors.salesforce.records import to_rest

NULL = "#N/A"
_CODE = re.compile(r"([A-Z][A-Z_0-9]+):(.*)", re.DOTALL)


@dataclass(frozen=True)
class Keyed:
    """The columns that say which record a row is about, by the id that the port knows it by, and what it hangs on."""

    columns: tuple[str, ...]

    def of(self, row: Mapping[str, str]) -> str:
        return row.get(self.columns[0]) or ""


def keyed(kind: str) -> Keyed:
    """By record id; a detail record by its account's, and its master's."""
    return Keyed((DETAIL_KEY, DETAIL_PARENT)) if kind == detail.KIND else Keyed(("Id",))


def upload(changes: Sequence[Change], key: Keyed) -> bytes:
    """The changes as the CSV of an update or upsert job: LF, UTF-8, header of exact API names."""
    assert not any(change.remove for change in changes), "a bulk upload makes and changes records, it removes none"
    names = sorted({name for change in changes for name in change.values})
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow([*key.columns, *names])
    for change in changes:
        ids = [long_id(change.record_id), long_id(change.parent_id or change.record_id)][: len(key.columns)]
        lines.writerow([*ids, *(_cell(change.values, name) for name in names)])
    return text.getvalue().encode()


def _cell(values: Mapping[str, Scalar], name: str) -> str:
    if name not in values:
        return ""
    value = to_rest(values[name])
    if value is None:
        return NULL
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def are_whole(ended: BulkState, succeeded: bytes, failed: bytes) -> bool:
    """Whether the lists hold as many rows as the job says it has done: a cut list reads like a shorter one."""
    return (
        sum(1 for _ in _rows(failed)) == ended.failed
        and sum(1 for _ in _rows(succeeded)) == ended.processed - ended.failed
        and all(not content or content.endswith(b"\n") for content in (succeeded, failed))
    )


def outcomes(changes: Sequence[Change], succeeded: bytes, failed: bytes, key: Keyed) -> list[WriteResult]:
    """One result per change, in order; a row the job did not come to may be sent again."""
    arrived = {long_id(key.of(row) or row["sf__Id"]) for row in _rows(succeeded)}
    refused = {long_id(key.of(row)): row["sf__Error"] for row in _rows(failed) if key.of(row)}
    return [_outcome(change, arrived, refused) for change in changes]


def _outcome(change: Change, arrived: set[str], refused: Mapping[str, str]) -> WriteResult:
    key = long_id(change.record_id)
    if key in refused:
        # The text is free: only a code at its very start can be told from the rest.
        found = _CODE.match(refused[key])
        fault = Fault(found[1], found[2].removesuffix(" --").rstrip(":")) if found else Fault("", refused[key])
        return refusal(change.record_id, fault)
    if key in arrived:
        return WriteResult(change.record_id, ok=True)
    return WriteResult(
        change.record_id,
        ok=False,
        code="UNPROCESSED",
        message="Salesforce ended the bulk job before it came to this record.",
        next_step="It is sent again.",
        retryable=True,
    )


def _rows(content: bytes) -> Iterator[dict[str, str]]:
    """An empty body is no row and no error."""
    return iter(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
