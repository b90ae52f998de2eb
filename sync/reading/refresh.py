"""Step `pull`: bring the mirror up to date, one kind of one connection a job, at most PATIENCE seconds each."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

import pyarrow as pa
from django.utils import timezone

from connectors.base import BulkReads, Crm
from sync import absent, clock, crms, lease, mirror, outputs
from sync.matching import looking, matches
from sync.models import Connection, Run
from sync.reading import bulk_refresh, dirty, drift, files, org_currency, rates, read_back, territories, touched

#: Whether all records of a kind are read, and why.
Need = Literal["", "first", "again"]
#: Seconds of reading per job, and rows held before they are merged into the mirror.
PATIENCE = 40.0
BUFFER = 50_000
#: Short lists, read whole each time: a row that was deleted leaves no trace but its absence.
SHORT = frozenset({rates.KIND, *territories.SHORT})
_MANY = {"opportunity": "opportunities", "activity": "activities", "territory": "territories"}


def advance(run: Run, token: str) -> bool:
    """Read the next kind, or go on with one that was too large for one job; False when all are read."""
    state = run.progress.get("pull")
    if state is None:
        return _begin(run, token)
    if state["done"] == state["total"]:
        return _conclude(run, token)
    pk, kind, defaults = state["kinds"][state["done"]]
    connection = Connection.objects.get(pk=pk)
    complete, calls, wait = True, 0, 0.0
    with mirror.writing(run.portfolio_id) as copy:
        if connection.kind == Connection.FILES:
            looking.look(run, copy)  # files name companies, not their records in two CRMs
            files.pull(copy, connection, kind)
        elif connection in absent.crms(run):
            with absent.asking(connection):
                crm = crms.open_crm(connection, run)
                fields = outputs.layout(run.model, connection).columns(kind, defaults)
                job = state.get("bulk", {}).get(str(state["done"]))
                if kind in SHORT:
                    copy.replace(connection.name, kind, tuple(fields), list(crm.pull(kind, fields, None)))
                elif job is not None and isinstance(crm, BulkReads):
                    target = bulk_refresh.Target(connection.name, kind, fields)
                    start = copy.cursor(connection.name, kind, fields)
                    job = bulk_refresh.advance(copy, crm, target, job, partial(_remove_gone, copy, crm, target, start))
                    complete = job["phase"] == "done"
                    state = {**state, "bulk": {**state["bulk"], str(state["done"]): job}}
                    wait = job["pause"]
                else:
                    need = state["whole"].get(str(state["done"]), "")
                    complete = _pull(copy, crm, connection.name, kind, fields, need)
                if complete and ((job and not job["since"]) or str(state["done"]) in state["whole"]):
                    copy.note_whole(connection.name, kind, run.today)
                if complete and kind == territories.ACCOUNT and not state.get("recounted"):
                    complete = not territories.is_behind(copy, crm, connection.name)
                    state = state if complete else _from_the_start(copy, connection.name, kind, fields, state)
                calls = crms.calls_since_last(crm)
        rows = copy.count(kind)
    state = {
        **state,
        "done": state["done"] + complete,
        "note": f"{_MANY.get(kind, kind.replace('_', ' ') + 's')}: {rows:,}",
    }
    later = {"not_before": timezone.now() + timedelta(seconds=wait)} if wait else {}
    lease.record(run.pk, token, progress={**run.progress, "pull": state}, api_calls=run.api_calls + calls, **later)
    return True


def _from_the_start(
    copy: mirror.Mirror, name: str, kind: str, fields: Mapping[str, str], state: dict[str, Any]
) -> dict[str, Any]:
    """Have the kind that is being read read anew; once a run, for while somebody deletes no two counts agree."""
    copy.forget(name, kind, fields)
    place = str(state["done"])
    bulk = {key: job for key, job in state["bulk"].items() if key != place}
    return {**state, "bulk": bulk, "whole": {**state["whole"], place: "first"}, "recounted": True}


def _begin(run: Run, token: str) -> bool:
    """Ask every CRM which kinds it has; some orgs have no orders, for example. Files come last: they are matched
    to accounts. Bulk reads of large kinds all start now: the CRM works on them side by side."""
    kinds: list[list[Any]] = []
    bulk: dict[str, Any] = {}
    whole: dict[str, str] = {}
    calls = run.api_calls
    for connection in absent.crms(run):
        with absent.asking(connection):
            crm = crms.open_crm(connection, run)
            drift.require_none(connection, crm, run.model)
            if run.kind == Run.Kind.FULL or not org_currency.noted(connection):
                org_currency.note(connection, crm)
            layout = outputs.layout(run.model, connection)
            read = {kind: columns for kind, columns in crm.kinds().items() if layout.reads(kind)}
            with mirror.writing(run.portfolio_id) as copy:  # opened once: that takes longer than asking it
                for kind, columns in read.items():
                    fields = layout.columns(kind, columns)
                    kinds.append([connection.pk, kind, dict(columns)])
                    if kind in SHORT:
                        continue
                    need = _whole_needed(copy, run, connection, crm, kind, fields)
                    place = str(len(kinds) - 1)
                    if job := _in_bulk(copy, run, connection, crm, kind, fields, need):
                        bulk[place] = job
                    elif need:
                        whole[place] = need
            calls += crms.calls_since_last(crm)
    for connection in run.portfolio.files():
        kinds += [[connection.pk, kind, {}] for kind in files.kinds(connection)]
    state = {
        "done": 0,
        "total": len(kinds),
        "note": "",
        "kinds": kinds,
        "bulk": bulk,
        "whole": whole,
        "dirty": dirty.newest(run),
    }
    lease.record(run.pk, token, progress={**run.progress, "pull": state}, api_calls=calls)
    return True


def _in_bulk(
    copy: mirror.Mirror,
    run: Run,
    connection: Connection,
    crm: Crm,
    kind: str,
    fields: Mapping[str, str],
    need: Need,
) -> dict[str, Any] | None:
    """A bulk read of this kind begun, if there is much to read: all of it, or much that was modified.

    Time stamps move for many reasons: a load of ours, a picklist that was edited, a roll-up that changed.
    """
    if not isinstance(crm, BulkReads) or not (need or run.kind == Run.Kind.FULL):
        return None
    cursor = copy.cursor(connection.name, kind, fields)
    if not need and not cursor.complete:
        return None  # goes on where it was broken off
    since = None if need else cursor.settled()
    return bulk_refresh.start(crm, kind, fields, known=need != "first", begun=crm.server_time(), since=since)


def _whole_needed(
    copy: mirror.Mirror, run: Run, connection: Connection, crm: Crm, kind: str, fields: Mapping[str, str]
) -> Need:
    """Whether all records of a kind are read: the first time, and now and then if it has formulas among its columns."""
    cursor, last = copy.cursor(connection.name, kind, fields), copy.whole_on(connection.name, kind)
    if cursor.modified_at is None:
        return "first"
    days = outputs.model(run.model).clock.formula_days
    if run.kind != Run.Kind.FULL or not days or not _changes_unseen(crm, kind, fields):
        return ""
    return "again" if last is None or (run.today - last).days >= days else ""


def _changes_unseen(crm: Crm, kind: str, fields: Mapping[str, str]) -> bool:
    """Whether a column can change without the record's time stamp: a formula, or a field of a related record."""
    described = crm.describe(kind)
    found = [described[path] for path in fields.values() if path in described]
    return any("." in path for path in fields.values()) or any(each.derived and each.custom for each in found)


def _pull(copy: mirror.Mirror, crm: Crm, name: str, kind: str, fields: Mapping[str, str], need: Need) -> bool:
    """Read what changed, or everything, into the mirror; False when time was up before the end.

    What is read for the first time touches every account anyway, so it is not compared.
    """
    start = copy.cursor(name, kind, fields)
    begun = crm.server_time() if start.complete or start.modified_at is None else None
    deadline = time.monotonic() + PATIENCE
    held: list[pa.RecordBatch] = []
    last = start
    since = None if need == "again" and start.complete else start.since()
    for batch in crm.pull(kind, fields, since):
        if batch.num_rows == 0:
            continue
        held.append(batch)
        last = mirror.Cursor(_last(batch, "modified_at"), str(_last(batch, "id")), complete=False)
        late = time.monotonic() > deadline
        if late or sum(page.num_rows for page in held) >= BUFFER:
            copy.absorb(name, kind, pa.Table.from_batches(held), cursor=last, compare=need != "first")
            held = []
        if late:
            return False
    if held:
        copy.absorb(name, kind, pa.Table.from_batches(held), cursor=last, compare=need != "first")
    _remove_gone(copy, crm, bulk_refresh.Target(name, kind, fields), start)
    end = mirror.Cursor(_later(start, last), last.last_id, complete=True, seen_at=begun)
    copy.absorb(name, kind, pa.table({}), cursor=end)
    return True


def _remove_gone(copy: mirror.Mirror, crm: Crm, target: bulk_refresh.Target, start: mirror.Cursor) -> None:
    """Take out of the mirror what the CRM has deleted since the last complete read, which is where `start` stands.

    What changed has been read, but is not noted as complete: whoever dies here does this again.
    """
    if start.seen_at is None and not start.complete:
        return  # never read before
    gone: list[str] = []

    def held() -> int:
        copy.remove(target.connection, target.kind, gone)
        gone.clear()
        return copy.count(target.kind, target.connection)

    for record in crm.deleted(target.kind, start.settled(), held):
        gone.append(record)
    held()


def _last(batch: pa.RecordBatch, column: str) -> Any:
    return batch.column(column)[-1].as_py()


def _later(start: mirror.Cursor, last: mirror.Cursor) -> datetime | None:
    """A look-back read may end before the point already reached; the cursor never moves back."""
    known = [moment for moment in (start.modified_at, last.modified_at) if moment is not None]
    return max(known) if known else None


def forget_touched(run: Run) -> None:
    """The run has ended well: what had been touched when it began to score is dealt with."""
    upto = run.progress.get("pull", {}).get("touched")
    if upto is not None:
        with mirror.writing(run.portfolio_id) as copy:
            touched.forget(copy.database, upto)
    dirty.forget(run)


def _conclude(run: Run, token: str) -> bool:
    """Publish the snapshot, and fix the date this run scores for. True where reading has to begin again."""
    if not _all_here(run):
        begun = {step: state for step, state in run.progress.items() if step != Run.Step.PULL}
        lease.record(run.pk, token, progress=begun)
        return True
    calls = run.api_calls + read_back.settle(run)
    if matches.crms_of(run.portfolio):
        with mirror.writing(run.portfolio_id) as copy:
            looking.look(run, copy)
    records = mirror.publish(run.portfolio_id)
    with mirror.reading(run.portfolio_id) as tables:
        as_of = clock.as_of(outputs.model(run.model), run.today, tables)
        rates.require(run.portfolio, tables, outputs.model(run.model))
    counts = {**run.counts, "accounts_read": records["account"], "records": records}
    state = {**run.progress["pull"], "touched": mirror.touched_accounts(run.portfolio_id).upto}
    lease.record(run.pk, token, api_calls=calls, as_of=as_of, counts=counts, progress={**run.progress, "pull": state})
    return False


def _all_here(run: Run) -> bool:
    """Whether all that this run read is in the mirror still, which somebody may have deleted meanwhile.

    Without its orders every customer would lose his tier.
    """
    names = {connection.pk: connection.name for connection in absent.crms(run)}
    read = [(names[pk], kind) for pk, kind, _ in run.progress["pull"]["kinds"] if pk in names and kind not in SHORT]
    with mirror.writing(run.portfolio_id) as copy:
        return all(copy.read_to_end(name, kind) for name, kind in read)
