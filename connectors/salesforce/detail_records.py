"""Records of our own object, by the id of the account they belong to: read, made or changed, and taken away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from connectors.base import Change, Scalar, WriteResult
from connectors.salesforce import soql
from connectors.salesforce.client import Client
from connectors.salesforce.errors import outcome_unknown, row_result
from connectors.salesforce.ids import long_id
from connectors.salesforce.kinds import DETAIL, DETAIL_KEY, DETAIL_PARENT
from connectors.salesforce.records import to_rest, to_scalar
from connectors.salesforce.sending import host_of

#: Keys in one query: its address stays below 16,000 characters.
ASKED = 400
#: A record that is not there any more needs no removal.
_GONE = frozenset({"ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY"})


def fetch(
    client: Client, ids: Sequence[str], fields: Sequence[str], types: Mapping[str, str]
) -> dict[str, Mapping[str, Scalar]]:
    """Current values by account id; accounts without a record are absent. `types`: field -> describe type."""
    return {
        row[DETAIL_KEY]: {name: to_scalar(row.get(name), types.get(name, "")) for name in fields}
        for row in _rows(client, ids, fields)
    }


def push(client: Client, changes: Sequence[Change], headers: Mapping[str, str]) -> list[WriteResult]:
    """One result per change, in order. Raises `Unavailable` when nobody knows whether the rows were saved."""
    removed = [change for change in changes if change.remove]
    saved = [change for change in changes if not change.remove]
    results: dict[str, WriteResult] = {}
    if saved:
        results |= _save(client, saved, headers)
    if removed:
        results |= _remove(client, removed, headers)
    return [results[long_id(change.record_id)] for change in changes]


def _save(client: Client, changes: Sequence[Change], headers: Mapping[str, str]) -> dict[str, WriteResult]:
    records = [{"attributes": {"type": DETAIL}, **_keys(change), **_values(change)} for change in changes]
    body = {"allOrNone": False, "records": records}
    # The key makes it safe to send the same rows twice, yet whoever calls decides: an edit may lie in between.
    replies = client.send("PATCH", f"composite/sobjects/{DETAIL}/{DETAIL_KEY}", body, headers)
    return _joined(client, changes, replies)


def _keys(change: Change) -> dict[str, str]:
    return {DETAIL_KEY: long_id(change.record_id), DETAIL_PARENT: long_id(change.parent_id or change.record_id)}


def _values(change: Change) -> dict[str, Any]:
    return {name: to_rest(value) for name, value in change.values.items()}


def _remove(client: Client, changes: Sequence[Change], headers: Mapping[str, str]) -> dict[str, WriteResult]:
    ids = {row[DETAIL_KEY]: row["Id"] for row in _rows(client, [change.record_id for change in changes], [])}
    found = [change for change in changes if long_id(change.record_id) in ids]
    results = {long_id(change.record_id): WriteResult(change.record_id, ok=True) for change in changes}
    if found:
        named = ",".join(ids[long_id(change.record_id)] for change in found)
        replies = client.delete("composite/sobjects", {"ids": named, "allOrNone": "false"}, headers)
        results |= _joined(client, found, replies, passed=_GONE)
    return results


def _joined(
    client: Client, changes: Sequence[Change], replies: object, passed: frozenset[str] = frozenset()
) -> dict[str, WriteResult]:
    """Results by position; a list of another length says nothing. `passed` are codes that are as good as success."""
    if not isinstance(replies, list) or len(replies) != len(changes):
        raise outcome_unknown(host_of(client.address))
    results: dict[str, WriteResult] = {}
    for change, reply in zip(changes, replies, strict=True):
        errors = reply.get("errors") or []
        fine = reply.get("success") or any(error.get("statusCode") in passed for error in errors)
        result = WriteResult(change.record_id, ok=True) if fine else row_result(change.record_id, errors)
        results[long_id(change.record_id)] = result
    return results


def _rows(client: Client, ids: Sequence[str], fields: Sequence[str]) -> Iterator[dict[str, Any]]:
    pending = iter(dict.fromkeys(long_id(record_id) for record_id in ids))
    while chunk := list(islice(pending, ASKED)):
        page = client.query(soql.select(["Id", DETAIL_KEY, *fields], DETAIL, f"{DETAIL_KEY} IN {soql.one_of(chunk)}"))
        yield from page["records"]
        while not page.get("done", True):
            page = client.more(page["nextRecordsUrl"])
            yield from page["records"]
