"""Last unit of the step `plan`: the data-quality line of every account of which something else is to be told now.

It joins the change that is planned of its account, or becomes one of its own, so that canary, guard and undo see one
change per record.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from scoring import quality
from sync import absent, lease, mirror, outputs
from sync.models import AccountState, Change, Connection, Run
from sync.plan import digest
from sync.quality import look
from sync.reading import dirty
from sync.rows import insert, portions, update
from sync.values import Stored
from sync.writing import quality_line

Row = Mapping[str, Any]


def advance(run: Run, token: str) -> None:
    """Look at what the CRM will hold, and plan the lines; nothing where the model does not publish them."""
    model = outputs.model(run.model)
    if not model.quality.publish:
        return
    begun = timezone.now()
    found = []
    for connection in absent.crms(run):
        seen = look.at(run, connection)
        look.keep(run, connection, seen)
        found.append(_Lines(run, connection, quality.lines(seen.findings, model), seen.accounts))
    plan = {**run.progress.get("plan", {"done": 0, "total": 0, "note": "accounts"}), "looked_at": begun.isoformat()}
    with transaction.atomic():
        held_back = sum(each.save() for each in found)
        counts = {**run.counts, "records_held_back": run.counts.get("records_held_back", 0) + held_back}
        lease.record(run.pk, token, progress={**run.progress, "plan": plan}, counts=counts)


class _Lines:
    """The lines of one connection that are to be written, and how they join what is planned."""

    def __init__(
        self, run: Run, connection: Connection, wanted: Mapping[str, str], among: Collection[str] | None
    ) -> None:
        self._run, self._connection = run, connection
        self._name = outputs.layout(run.model, connection).names[quality_line.ROLE]
        self._joined: list[Change] = []
        self._refused: list[Change] = []
        self._new: list[dict[str, Any]] = []
        self._busy: list[str] = []
        standing = self._standing(self._due(wanted, among))
        for some in portions(list(standing)):
            self._plan(some, wanted)
        self._new = [row | {"parent_id": standing[row["record_id"]] or row["record_id"]} for row in self._new]

    def _due(self, wanted: Mapping[str, str], among: Collection[str] | None) -> list[str]:
        """Accounts of all, or of those looked at, whose line is to be written."""
        states = AccountState.objects.filter(connection=self._connection).order_by("record_id")
        rows = states.values_list("record_id", f"current__{quality_line.ROLE}", "undone")
        parts = [rows] if among is None else [rows.filter(record_id__in=some) for some in portions(sorted(among))]
        return [
            record_id
            for part in parts
            for record_id, held, undone in part.iterator(chunk_size=5000)
            if quality_line.due(held or None, wanted.get(record_id), undone.get(self._name), self._run.model_id)
        ]

    def _plan(self, records: Sequence[str], wanted: Mapping[str, str]) -> None:
        states = AccountState.objects.filter(connection=self._connection, record_id__in=records)
        changes = Change.objects.filter(connection=self._connection, kind="account", record_id__in=records)
        mine = {row.record_id: row for row in changes.filter(run=self._run)}
        busy = set(changes.filter(state__in=Change.OPEN).exclude(run=self._run).values_list("record_id", flat=True))
        for state in states.only("record_id", "name", "current", "refused", "seen_in"):
            if state.record_id in busy or (state.seen_in_id or 0) > self._run.pk:
                self._busy.append(state.record_id)
                continue
            held, line = state.current.get(quality_line.ROLE) or None, wanted.get(state.record_id)
            self._join(state, mine.get(state.record_id), held, line)

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
            "before": before,
            "after": after,
        }

    def _standing(self, due: Sequence[str]) -> dict[str, str | None]:
        """Those of the accounts that the CRM still has, with the parent in whose order they are sent."""
        if not due:
            return {}
        with mirror.reading(self._run.portfolio_id, "account") as tables:
            accounts = tables["account"]
            mine = mirror.of(accounts.filter(accounts.connection == self._connection.name), "id", due)
            rows = mine.select("id", "parent_id").order_by("id").to_pyarrow().to_pydict()
        return dict(zip(rows["id"], rows["parent_id"], strict=True))

    def save(self) -> int:
        """Record all of it, inside a transaction; how many changes the CRM refused before in just this form."""
        update(self._joined, ["before", "after"])
        insert(Change, self._new)
        for some in portions([change.pk for change in self._refused]):
            Change.objects.filter(pk__in=some).delete()
        dirty.mark(self._connection, self._busy, f"another run was writing it when {self._run} looked")
        return len(self._refused)
