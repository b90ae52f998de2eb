"""Step `canary`: the first rows of a large write go alone, and the org's reaction is looked at before the rest.

The rows are spread over the whole plan. Before they are sent, all fields of theirs that are not ours are read and
kept; afterwards they are read again. A field of somebody else's that changed in the meantime was changed by the org's
own automation (a flow, a trigger) or by another integration: the run is held, with examples. So is a run of whose
first rows the CRM refuses many.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.db.models import QuerySet

from connectors.base import Crm
from sync import absent, crms, lease, outputs, values, verify, writeback
from sync.models import Change, Connection, Run
from sync.scores import evaluate
from sync.writing import holding
from sync.writing.guard import Reason

#: Rows sent first, and the size from which a write has a canary at all.
ROWS = 200
LARGE = 2 * ROWS
#: One foreign field changed on a single row may be a person at work; on this many it is automation.
FEW = 2
#: Share of the first rows the CRM may refuse.
REFUSED = 0.2
#: Fields asked for at once; long queries are refused.
FIELDS = 100

Values = Mapping[str, Mapping[str, Any]]


def advance(run: Run, token: str) -> bool:
    """Do one unit for the next connection whose first rows are not judged yet; False when all are."""
    state = run.progress.get("canary") or _begin(run)
    if state.pop("approved", False):
        state["parts"] = {
            key: {**part, "state": "judged"} if part["state"] == "held" else part
            for key, part in state["parts"].items()
        }
    for key, part in state["parts"].items():
        connection = Connection.objects.get(pk=int(key))
        if part["state"] == "judged" or connection.name in absent.names(run):
            continue
        with absent.asking(connection):
            crm = crms.open_crm(connection, run)
            done, reasons = _unit(run, token, crm, connection, part)
        part = {**part, "state": done}
        state = {**state, "parts": {**state["parts"], key: part}}
        sent = sum(len(each["rows"]) for each in state["parts"].values() if each["state"] != "chosen")
        state["done"] = sent if done != "watched" else state["done"]
        calls = run.api_calls + crms.calls_since_last(crm)
        progress = {**run.progress, "canary": state}
        lease.record(run.pk, token, progress=progress, api_calls=calls)
        if reasons:
            holding.hold(run, token, reasons)
        return True
    lease.record(run.pk, token, progress={**run.progress, "canary": state})
    return False


def _begin(run: Run) -> dict[str, Any]:
    """Choose the first rows of every connection that has a large write."""
    parts = {}
    for connection in absent.crms(run):
        planned = run.changes.filter(connection=connection, kind="account", state=Change.State.PLANNED).order_by("pk")
        pks = list(planned.values_list("pk", flat=True))
        if len(pks) >= LARGE:
            rows = [pks[position * len(pks) // ROWS] for position in range(ROWS)]
            parts[str(connection.pk)] = {"state": "chosen", "rows": rows}
    return {
        "done": 0,
        "total": sum(len(part["rows"]) for part in parts.values()),
        "note": "first records",
        "parts": parts,
    }


def _unit(run: Run, token: str, crm: Crm, connection: Connection, part: Mapping[str, Any]) -> tuple[str, list[Reason]]:
    """One step for one connection: watch, then send, then judge. Returns the state reached and reasons to hold."""
    layout = outputs.layout(run.model, connection)
    rows = run.changes.filter(connection=connection, pk__in=part["rows"])
    path = evaluate.folder(run) / f"canary-{connection.pk}.json"
    ids = list(rows.values_list("record_id", flat=True))
    if part["state"] == "chosen":
        _keep(path, _foreign(crm, layout, ids))
        return "watched", []
    if part["state"] == "watched":
        writeback.send_batch(run, token, crm, layout, rows)
        return ("watched" if writeback.waiting(rows).exists() else "sent"), []
    verify.verify_batch(run, token, crm, layout, rows)
    if rows.filter(state=Change.State.SENT).exists():
        return "sent", []
    before = json.loads(path.read_text())
    reasons = [
        *_automation(before, _foreign(crm, layout, ids), _names(rows), connection),
        *_refusals(rows, connection),
    ]
    return ("held" if reasons else "judged"), reasons


def _foreign(crm: Crm, layout: outputs.Layout, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """All values of these accounts in fields that are not ours and that somebody sets."""
    ours = {*layout.names.values(), *layout.detail.values()}
    names = sorted(name for name, field in crm.describe("account").items() if not field.derived and name not in ours)
    found: dict[str, dict[str, Any]] = {record_id: {} for record_id in ids}
    for start in range(0, len(names), FIELDS):
        part = crm.fetch("account", ids, names[start : start + FIELDS])
        for record_id, held in part.items():
            found[record_id] |= values.stored_all(held)
    return found


def _keep(path: Path, before: Values) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(before))
    draft.replace(path)


def _names(rows: QuerySet[Change]) -> dict[str, str]:
    return dict(rows.values_list("record_id", "record_name"))


def _automation(before: Values, after: Values, names: Mapping[str, str], connection: Connection) -> Iterator[Reason]:
    """Fields of others that changed on several of the rows we had just written."""
    for field, changed in sorted(changed_fields(before, after).items()):
        if len(changed) < FEW:
            continue
        record, old, new = changed[0]
        yield Reason(
            "AUTOMATION",
            f"{connection}: when our fields were written, {field} changed too, on {len(changed)} of {len(names)} "
            f"records. For example {names.get(record, record)}: from {_shown(old)} to {_shown(new)}.",
            f"Find the flow, trigger or integration that sets {field} when an account is saved; approve the run "
            "if that is wanted.",
        )


def changed_fields(before: Values, after: Values) -> dict[str, list[tuple[str, Any, Any]]]:
    """PURE: field -> (record, old, new) of every value that differs. Records deleted meanwhile are left out."""
    found: dict[str, list[tuple[str, Any, Any]]] = {}
    for record, held in before.items():
        now = after.get(record) or {}
        for field in held.keys() & now.keys():
            if held[field] != now[field]:
                found.setdefault(field, []).append((record, held[field], now[field]))
    return found


def _refusals(rows: QuerySet[Change], connection: Connection) -> Iterator[Reason]:
    refused = list(rows.filter(state=Change.State.REJECTED))
    total = rows.count()
    if len(refused) > REFUSED * total:
        most = _commonest(row.message for row in refused)
        yield Reason(
            "REFUSALS",
            f"{connection} refused {len(refused)} of the first {total} records. Mostly: {most}",
            "Mend the cause and drop the run; or approve it, and the refused records are listed.",
        )


def _commonest(messages: Iterable[str]) -> str:
    counted: dict[str, int] = {}
    for message in messages:
        counted[message] = counted.get(message, 0) + 1
    return max(counted, key=lambda message: counted[message])


def _shown(value: Any) -> str:
    return "empty" if value is None else str(value)
