"""Last units of the step `plan`: the data-quality line of every account of which something else is to be told now.

First one look at all that the CRM will hold; which lines are to be written lies in the run's folder then. Then portions
of them, each in one transaction with the progress of the run. A line joins the change that is planned of its account,
or becomes one of its own, so that canary, guard and undo see one change per record.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.db import transaction
from django.utils import timezone

from scoring import quality
from sync import absent, lease, mirror, outputs
from sync.models import AccountState, Change, Connection, Run
from sync.plan import digest
from sync.quality import look
from sync.reading import dirty
from sync.rows import insert, portions, update
from sync.scores import evaluate
from sync.values import Stored
from sync.writing import quality_line

Row = Mapping[str, Any]
#: Accounts whose lines are planned in one unit.
MOST = 20_000
_SHAPE = pa.schema([("record_id", pa.string()), ("parent_id", pa.string()), ("line", pa.string())])


def advance(run: Run, token: str) -> bool:
    """Look, then plan some of the lines a unit; False after the last, and where the model does not publish them."""
    if not outputs.model(run.model).quality.publish:
        return False
    plan = run.progress.get("plan", {"done": 0, "total": 0, "note": "accounts"})
    if "lines" not in plan:
        begun = timezone.now().isoformat()
        left = {connection.name: _look(run, connection) for connection in absent.crms(run)}
        lease.record(run.pk, token, progress={**run.progress, "plan": plan | {"looked_at": begun, "lines": left}})
        return any(left.values())
    left = plan["lines"]
    connection = next((each for each in absent.crms(run) if left.get(each.name)), None)
    if connection is None:
        return False
    left = {**left, connection.name: left[connection.name] - 1}
    with pq.ParquetFile(_path(run, connection)) as due:
        planned = _Lines(run, connection, due.read_row_group(left[connection.name]).to_pylist())
    with transaction.atomic():
        counts = {**run.counts, "records_held_back": run.counts.get("records_held_back", 0) + planned.save()}
        lease.record(run.pk, token, progress={**run.progress, "plan": plan | {"lines": left}}, counts=counts)
    return any(left.values())


def _look(run: Run, connection: Connection) -> int:
    """Look at the records of a CRM, and put aside which lines are to be written; how many units that takes."""
    seen = look.at(run, connection)
    look.keep(run, connection, seen)
    wanted = quality.lines(seen.findings, outputs.model(run.model))
    due = _standing(run, connection, list(_due(run, connection, wanted, seen.accounts)))
    rows = [{"record_id": key, "parent_id": parent or key, "line": wanted.get(key)} for key, parent in due.items()]
    pq.write_table(pa.Table.from_pylist(rows, schema=_SHAPE), _path(run, connection), row_group_size=MOST)
    return -(-len(rows) // MOST)


def _path(run: Run, connection: Connection) -> Path:
    return evaluate.folder(run) / f"lines-{connection.pk}.parquet"


def _due(
    run: Run, connection: Connection, wanted: Mapping[str, str], among: Collection[str] | None
) -> Iterator[str]:  # fmt: skip
    """Accounts of all, or of those looked at, whose line is to be written."""
    name = outputs.layout(run.model, connection).names[quality_line.ROLE]
    states = AccountState.objects.filter(connection=connection).order_by("record_id")
    rows = states.values_list("record_id", f"current__{quality_line.ROLE}", "undone")
    for part in [rows] if among is None else [rows.filter(record_id__in=some) for some in portions(sorted(among))]:
        for record_id, held, undone in part.iterator(chunk_size=5000):
            if quality_line.due(held or None, wanted.get(record_id), undone.get(name), run.model_id):
                yield record_id


def _standing(run: Run, connection: Connection, due: Sequence[str]) -> dict[str, str | None]:
    """Those of the accounts that the CRM still has, with the parent in whose order they are sent."""
    if not due:
        return {}
    with mirror.reading(run.portfolio_id, "account") as tables:
        accounts = tables["account"]
        mine = mirror.of(accounts.filter(accounts.connection == connection.name), "id", due)
        rows = mine.select("id", "parent_id").order_by("id").to_pyarrow().to_pydict()
    return dict(zip(rows["id"], rows["parent_id"], strict=True))


class _Lines:
    """Lines of one connection that are to be written, and how they join what is planned."""

    def __init__(self, run: Run, connection: Connection, due: Sequence[Row]) -> None:
        self._run, self._connection = run, connection
        self._name = outputs.layout(run.model, connection).names[quality_line.ROLE]
        self._parents = {row["record_id"]: row["parent_id"] for row in due}
        self._joined: list[Change] = []
        self._refused: list[Change] = []
        self._new: list[dict[str, Any]] = []
        self._busy: list[str] = []
        for some in portions(due):
            self._plan({row["record_id"]: row["line"] for row in some})

    def _plan(self, wanted: Mapping[str, str | None]) -> None:
        records = list(wanted)
        states = AccountState.objects.filter(connection=self._connection, record_id__in=records)
        changes = Change.objects.filter(connection=self._connection, kind="account", record_id__in=records)
        mine = {row.record_id: row for row in changes.filter(run=self._run)}
        busy = set(changes.filter(state__in=Change.OPEN).exclude(run=self._run).values_list("record_id", flat=True))
        for state in states.only("record_id", "name", "current", "refused", "seen_in"):
            if state.record_id in busy or (state.seen_in_id or 0) > self._run.pk:
                self._busy.append(state.record_id)
                continue
            held = state.current.get(quality_line.ROLE) or None
            self._join(state, mine.get(state.record_id), held, wanted[state.record_id])

    def _join(self, state: AccountState, change: Change | None, held: Stored, line: str | None) -> None:
        before, after = {self._name: held}, {self._name: line}
        if change is not None:
            before, after = change.before | before, change.after | after
        if state.refused and state.refused == digest(before, after):
            if change is not None:
                self._refused.append(change)
        elif change is not None:
            change.before, change.after = before, after
            self._joined.append(change)
        else:
            self._new.append(self._row(state, before, after))

    def _row(self, state: AccountState, before: Row, after: Row) -> dict[str, Any]:
        return {
            "run_id": self._run.pk,
            "connection_id": self._connection.pk,
            "kind": "account",
            "record_id": state.record_id,
            "record_name": state.name,
            "parent_id": self._parents[state.record_id],
            "before": before,
            "after": after,
        }

    def save(self) -> int:
        """Record all of it, inside a transaction; how many changes the CRM refused before in just this form."""
        update(self._joined, ["before", "after"])
        insert(Change, self._new)
        for some in portions([change.pk for change in self._refused]):
            Change.objects.filter(pk__in=some).delete()
        dirty.mark(self._connection, self._busy, f"another run was writing it when {self._run} looked")
        return len(self._refused)
