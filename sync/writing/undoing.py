"""Taking a run back: its changes turned round, sent by the same line, so that people's edits are spared and listed.

A row is sent only if the CRM still holds what the run wrote. An undo is a run itself and can be undone. The values it
takes back are remembered on the account and not written again until another value is computed or another model is
published (`sync.writing.undone`); else the next run would bring them back.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from sync import lease, outputs, queue
from sync.governance import requests
from sync.models import AuditEvent, Change, Run
from sync.writing import exclusive

#: The values that can be chosen; each comes with its companions (source, date, reason).
OUTPUTS = ("segment", "sub_segment", "value_profile", "tier")
#: Changes turned round in one job.
CHUNK = 5000


class CannotUndo(Exception):
    """Nothing of the run can be taken back now; the message says why."""


def start(run: Run, requested_by: str, *, accounts: Collection[str] = (), fields: Collection[str] = ()) -> Run:
    """Begin to take back a run, or only its changes of these accounts (record ids) and fields (API names).

    Raises CannotUndo and `queue.QueueUnreachable`.
    """
    queue.redis().close()
    undo = create(run, requested_by, accounts=accounts, fields=fields)
    queue.enqueue("advance", undo.pk)
    return undo


def create(run: Run, requested_by: str, *, accounts: Collection[str] = (), fields: Collection[str] = ()) -> Run:
    """The row of the undo run, not queued yet."""
    if run.state == Run.State.ACTIVE:
        raise CannotUndo(f"{run} is still at work. Undo it when it has ended.")
    if held := Run.objects.filter(portfolio=run.portfolio, state=Run.State.HELD).first():
        raise CannotUndo(f"{held} waits for approval. Approve or drop it first.")
    scope = {"accounts": sorted(accounts), "fields": sorted(fields)}
    if not written(run, scope).exists():
        what = "of these accounts and fields " if accounts or fields else ""
        raise CannotUndo(f"{run} has written nothing {what}to the CRM.")
    try:
        with transaction.atomic():
            undo = Run.objects.create(
                portfolio=run.portfolio,
                kind=Run.Kind.UNDO,
                step=Run.Step.PLAN,
                model=run.model,
                calibration=run.calibration,
                requested_by=requested_by,
                today=run.today,
                as_of=run.as_of,
                undoes=run,
                scope=scope,
            )
            AuditEvent.objects.create(
                portfolio=run.portfolio, actor=requested_by, action="undo started", subject=str(run), detail=scope
            )
    except IntegrityError as error:
        others = Run.objects.filter(portfolio=run.portfolio, state=Run.State.ACTIVE)
        active = others.filter(kind__in=(Run.Kind.FULL, Run.Kind.UNDO)).first()
        if active is None:
            raise
        raise CannotUndo(f"{active} is at work. Undo {run} when it has ended.") from error
    return undo


def written(run: Run, scope: dict[str, list[str]]) -> QuerySet[Change]:
    """The changes of a run that are, or may be, in the CRM."""
    state = Change.State
    arrived = Q(state__in=(state.VERIFIED, state.DRIFTED, state.SENT)) | Q(state=state.UNPROCESSED, attempts__gt=0)
    rows = run.changes.filter(arrived)
    if accounts := scope.get("accounts"):
        rows = rows.filter(Q(record_id__in=accounts) | Q(kind__in=outputs.ATTACHED, parent_id__in=accounts))
    if scope.get("fields"):
        named = Q()
        for name in scope["fields"]:
            named |= Q(after__has_key=name)
        rows = rows.filter(named)
    return rows.order_by("pk")


def advance(run: Run, token: str) -> bool:
    """Turn the next changes round; False after the last."""
    if run.undoes is None:
        raise ValueError("an undo run names the run it takes back")
    state = run.progress.get("plan") or {"done": 0, "total": written(run.undoes, run.scope).count(), "note": "records"}
    ahead = written(run.undoes, run.scope).filter(pk__gt=state.get("last", 0))
    rows = list(ahead.select_related("connection")[:CHUNK])
    changes = [turned for row in rows if (turned := _turned(run, row)).after]
    state = {**state, "done": state["done"] + len(rows), "last": rows[-1].pk if rows else state.get("last", 0)}
    with exclusive.planning(), transaction.atomic():
        Change.objects.bulk_create(changes, batch_size=1000)
        lease.record(run.pk, token, progress={**run.progress, "plan": state})
    return bool(state["done"] < state["total"] and rows)


def _turned(run: Run, row: Change) -> Change:
    kept = _requests(run, row)
    names = [
        name for name in row.after if name not in kept and (not run.scope.get("fields") or name in run.scope["fields"])
    ]
    return Change(
        run=run,
        connection_id=row.connection_id,
        kind=row.kind,
        record_id=row.record_id,
        record_name=row.record_name,
        parent_id=row.parent_id,
        before={name: row.after[name] for name in names},
        after={name: row.before[name] for name in names},
    )


def _requests(run: Run, row: Change) -> set[str]:
    """Fields in which people ask and are answered: what was asked once is not asked again by an undo."""
    names = outputs.layout(run.model, row.connection).names
    return {names[role] for role in requests.ROLES if role in names} if row.kind == "account" else set()


def field_names(run: Run, words: Collection[str]) -> list[str]:
    """API names of the fields of these outputs ("tier"), each with its companions; other words are API names.

    Raises CannotUndo for a word that is neither.
    """
    names: set[str] = set()
    known: set[str] = set()
    for connection in run.portfolio.crms():
        layout = outputs.layout(run.model, connection)
        known |= {output.key for output in layout.outputs} | set(layout.names.values())
        for output in layout.outputs:
            if output.key in words:
                names |= set(output.names.values())
        names |= set(words) & set(layout.names.values())
    if strange := sorted(set(words) - known):
        raise CannotUndo(f"{', '.join(strange)}: no field of ours. Ours are {', '.join(sorted(known))}.")
    return sorted(names)
