"""Updates in batches of 100: every record sent ends in a result, whatever HubSpot makes of the batch.

It may refuse single records and save the others (207), or refuse the whole batch for the sake of one and name the first
only (400, 409). Then nothing is saved, and the batch is sent in parts until each bad record stands alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation

from connectors.base import Change, WriteResult
from connectors.columns import plain
from connectors.hubspot.client import Client, Json
from connectors.hubspot.errors import Fault, Missing, Refused, fault_of, outcome_unknown
from connectors.hubspot.rejections import refusal, wrong_values
from connectors.hubspot.values import written

Results = dict[str, WriteResult]


def update(client: Client, source: str, changes: Sequence[Change]) -> list[WriteResult]:
    """One result per change, in order. Raises `Unavailable` when nobody knows whether the records were saved."""
    results = _send(client, source, changes)
    return [results[change.record_id] for change in changes]


def _send(client: Client, source: str, changes: Sequence[Change]) -> Results:
    try:
        reply = client.post(
            client.paths.objects(source, "/batch/update"), {"inputs": [_input(each) for each in changes]}
        )
    except (Refused, Missing) as refused:
        if len(changes) == 1:
            return {changes[0].record_id: refusal(changes[0].record_id, refused.fault)}
        # unverified: a batch that is refused with 400 or 409 has saved none of its records.
        return _apart(client, source, _split(changes, refused.fault))
    return _joined(client, source, changes, reply)


def _input(change: Change) -> Json:
    return {"id": change.record_id, "properties": {name: written(value) for name, value in change.values.items()}}


def _apart(client: Client, source: str, parts: Sequence[Sequence[Change]]) -> Results:
    return {record: result for part in parts for record, result in _send(client, source, part).items()}


def _split(changes: Sequence[Change], fault: Fault) -> list[Sequence[Change]]:
    """A refused batch in two: what the refusal is about and the others, or else halves."""
    named = {(str(each.get("name")), str(each.get("message"))) for each in wrong_values(fault)}
    suspects = [change for change in changes if any(_holds(change, *each) for each in named)]
    if 0 < len(suspects) < len(changes):
        blamed = {change.record_id for change in suspects}
        return [suspects, [change for change in changes if change.record_id not in blamed]]
    middle = len(changes) // 2
    return [changes[:middle], changes[middle:]]


def _holds(change: Change, name: str, message: str) -> bool:
    """Whether a change writes the value that the message names; behind a bracket it lists those that are allowed."""
    value = written(change.values.get(name))
    return name in change.values and bool(value) and value in message.partition("[")[0]


def _joined(client: Client, source: str, changes: Sequence[Change], reply: Json) -> Results:
    """Results and refusals by the ids that the reply names. Errors without a name are found by sending again, each for
    itself, the records that it says nothing of; where there is no error either, the records are looked at."""
    results: Results = {}
    for row in client.results(reply):
        results[str(row.get("id"))] = WriteResult(str(row.get("id")), ok=True)
    nameless: list[Fault] = []
    for fault in map(fault_of, reply.get("errors") or ()):
        results |= {record: refusal(record, fault) for record in _ids(fault)}
        nameless += [] if _ids(fault) else [fault]
    silent = [change for change in changes if change.record_id not in results]
    strangers = results.keys() - {change.record_id for change in changes}
    if len(strangers) > len(silent):
        raise outcome_unknown(client.host)
    if not silent:
        return results
    if strangers:
        # unverified: an update of a record that was merged away goes to the one that the merge has made.
        return results | {change.record_id: _merged(change) for change in silent}
    if not nameless:
        return results | _looked_at(client, source, silent)
    if len(changes) == 1:
        return {silent[0].record_id: refusal(silent[0].record_id, nameless[0])}
    return results | _apart(client, source, [[change] for change in silent])


def _looked_at(client: Client, source: str, changes: Sequence[Change]) -> Results:
    """The results of records that a reply is silent about, by what they hold now."""
    names = sorted({name for change in changes for name in change.values})
    body = {"properties": names, "inputs": [{"id": change.record_id} for change in changes]}
    rows = client.results(client.post(client.paths.objects(source, "/batch/read"), body))
    held = {str(row["id"]): row.get("properties") or {} for row in rows}
    return {
        change.record_id: WriteResult(change.record_id, ok=True)
        if _arrived(change, held.get(change.record_id))
        else _unsaid(change)
        for change in changes
    }


def _arrived(change: Change, held: Mapping[str, object] | None) -> bool:
    return held is not None and all(
        written(value) == _shortest(str(held.get(name) or "")) for name, value in change.values.items()
    )


def _shortest(text: str) -> str:
    """A number as we write it; any other text as it is."""
    try:
        return plain(Decimal(text))
    except InvalidOperation:
        return text


def _unsaid(change: Change) -> WriteResult:
    return WriteResult(
        change.record_id,
        ok=False,
        code="NO_OUTCOME",
        message="HubSpot took the request, did not save this record, and did not say why.",
        next_step="Change the record by hand in HubSpot: it tells a person what it does not like.",
    )


def _merged(change: Change) -> WriteResult:
    return WriteResult(
        change.record_id,
        ok=False,
        code="MERGED",
        message="The record was merged into another one while it was written.",
        next_step="Nothing to do: the next run sets the record right that the merge has made.",
    )


def _ids(fault: Fault) -> list[str]:
    """The records an error of a batch is about."""
    named: Mapping[str, object] = fault.context
    ids = named.get("ids") or named.get("id") or ()
    return [str(each) for each in ids] if isinstance(ids, list) else []
