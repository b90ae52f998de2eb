"""Writing many records by Bulk upload: changes as CSV, outcomes joined by record id.

An empty cell leaves a field as it is and `#N/A` clears it, so records whose changes touch different fields share one
upload. The rows of the results come in an order of their own.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence

from connectors.base import BulkState, Change, Scalar, WriteResult
from connectors.salesforce.errors import Fault, refusal
from connectors.salesforce.ids import long_id
from connectors.salesforce.records import to_rest

NULL = "#N/A"
_CODE = re.compile(r"([A-Z][A-Z_0-9]+):(.*)", re.DOTALL)


def upload(changes: Sequence[Change]) -> bytes:
    """The changes as the CSV of an update job: LF, UTF-8, header of exact API names."""
    names = sorted({name for change in changes for name in change.values})
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["Id", *names])
    for change in changes:
        lines.writerow([long_id(change.record_id), *(_cell(change.values, name) for name in names)])
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


def outcomes(changes: Sequence[Change], succeeded: bytes, failed: bytes) -> list[WriteResult]:
    """One result per change, in order; a row the job did not come to may be sent again."""
    arrived = {long_id(row["sf__Id"] or row["Id"]) for row in _rows(succeeded)}
    refused = {long_id(row["Id"]): row["sf__Error"] for row in _rows(failed) if row.get("Id")}
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
