"""Send planned changes, one batch a job: record the intent, read again, send, record what became of each row.

Just before the batch is sent its target fields are read again. Rows that no longer hold the planned before-value
were edited by someone: they become `superseded` and are not sent. (The CRM has no compare-and-set; the moment between
this read and the write remains.) A row found in state `sending` was on its way when a worker died: if the CRM already
holds the new values it has arrived, otherwise it is sent again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from django.db import transaction
from django.db.models import F, QuerySet

from connectors.base import Change as CrmChange
from connectors.base import Crm, Scalar, WriteResult
from sync import lease, outputs, plan, values
from sync.models import AccountState, Change, Run
from sync.rows import portions, update
from sync.writing import quality_line, undone

#: A locked row is tried this often before it is reported as rejected.
TRIES = 5

Verdict = Literal["send", "arrived", "superseded", "gone"]


def triage(
    before: Mapping[str, Scalar],
    after: Mapping[str, Scalar],
    now: Mapping[str, Scalar] | None,
    *,
    resumed: bool,
) -> Verdict:
    """PURE: what to do with one row, given what the CRM holds now (None: the record is gone)."""
    if now is None:
        return "gone"
    if resumed and values.same(after, now):
        return "arrived"
    return "send" if values.same(before, now) else "superseded"


def waiting(rows: QuerySet[Change]) -> QuerySet[Change]:
    """Those of them that are to be sent: accounts first, and of each kind those refused for a lock last."""
    open_rows = rows.filter(state__in=(Change.State.PLANNED, Change.State.SENDING))
    return open_rows.order_by("kind", "attempts", "parent_id", "pk")


def first(rows: QuerySet[Change], size: int) -> list[Change]:
    """The first of those that wait. They are put in order by their ids alone: a row is long."""
    pks = list(waiting(rows).values_list("pk", flat=True)[:size])
    found = {row.pk: row for some in portions(pks) for row in rows.filter(pk__in=some)}
    return [found[pk] for pk in pks]


def send_batch(run: Run, token: str, crm: Crm, layout: outputs.Layout, among: QuerySet[Change]) -> None:
    """Send the next batch of these changes, which belong to one connection.

    Raises `connectors.errors.ConnectorError` when the call as a whole fails: the rows stay `sending` and are
    triaged again by whoever comes next.
    """
    ahead = first(among, crm.batch_size)
    rows = [row for row in ahead if row.kind == ahead[0].kind]
    if not rows:
        return
    to_send = prepare(run, token, crm, layout, rows)
    if to_send:
        push(run, token, crm, layout, to_send)


def push(run: Run, token: str, crm: Crm, layout: outputs.Layout, rows: Sequence[Change]) -> None:
    """Send these rows of one kind now, and record what the CRM said of each."""
    for some in portions(rows, crm.batch_size):
        changes = [outgoing(row, remove=layout.removes(row.kind, row.after)) for row in some]
        conclude(run, token, some, crm.push(rows[0].kind, changes), layout)


def outgoing(row: Change, *, remove: bool = False) -> CrmChange:
    """A row as the CRM is sent it."""
    parent = row.parent_id if row.kind == outputs.DETAIL else ""
    return CrmChange(row.record_id, row.after, remove=remove, parent_id=parent)


def prepare(run: Run, token: str, crm: Crm, layout: outputs.Layout, rows: Sequence[Change]) -> list[Change]:
    """Record the intent, read the target fields again, and give an outcome to rows that are not to be sent.

    Returns the others, which are to be sent right now.
    """
    undoing = run.kind == Run.Kind.UNDO
    # A row that was on its way before may have arrived, whatever was heard of it.
    resumed = {row.pk for row in rows if undoing or row.attempts}
    claimed: set[int] = set()
    with transaction.atomic():
        lease.record(run.pk, token)
        for some in portions([row.pk for row in rows]):
            mine = Change.objects.filter(pk__in=some)
            still = mine.filter(state__in=(Change.State.PLANNED, Change.State.SENDING))
            still.update(state=Change.State.SENDING, attempts=F("attempts") + 1, load=None)
            claimed |= set(mine.filter(state=Change.State.SENDING).values_list("pk", flat=True))
    rows = [row for row in rows if row.pk in claimed]  # the answer of a person may have taken the place of one
    if not rows:
        return []
    for row in rows:
        row.attempts += 1
    fields = sorted({name for row in rows for name in row.after})
    now = held_now(crm, rows, fields)
    to_send, others = [], []
    for row in rows:
        verdict = triage(row.before, row.after, now.get(row.record_id), resumed=row.pk in resumed)
        if verdict == "send":
            to_send.append(row)
        else:
            _settle(row, verdict, now.get(row.record_id), layout, undoing=undoing)
            others.append(row)
    _save(run, token, others, set(), layout)
    return to_send


def held_now(crm: Crm, rows: Sequence[Change], fields: Sequence[str]) -> Mapping[str, Mapping[str, Scalar]]:
    """What the CRM holds of these rows of one kind. A detail record that is not there holds nothing."""
    kind, ids = rows[0].kind, [row.record_id for row in rows]
    found = crm.fetch(kind, ids, fields)
    return {record_id: found.get(record_id, {}) for record_id in ids} if kind == outputs.DETAIL else found


def conclude(
    run: Run, token: str, rows: Sequence[Change], results: Sequence[WriteResult], layout: outputs.Layout
) -> None:
    """Record what the CRM said of rows that were sent, result by result."""
    refused = {row.pk for row, result in zip(rows, results, strict=True) if not _record(row, result)}
    _save(run, token, rows, refused, layout)


def _settle(
    row: Change, verdict: Verdict, now: Mapping[str, Scalar] | None, layout: outputs.Layout, *, undoing: bool
) -> None:
    """Outcome of a row that is not sent."""
    if verdict == "arrived":
        row.state = Change.State.SENT
    elif verdict == "superseded":
        held = values.stored_all({name: (now or {}).get(name) for name in row.after})
        edited = [name for name in row.after if held[name] != row.before[name]]
        row.state = Change.State.SUPERSEDED
        since = "after we had written it" if undoing else "after this run had read it"
        row.message = f"Edited in the CRM {since}: " + "; ".join(
            f"{layout.title(name)} is now {layout.words(name, held[name])}" for name in edited
        )
        row.next_step = (
            "Nothing to do: the edit stays. When a later run made it, undo that run first."
            if undoing
            else "Nothing to do: the edit stays, and the next run takes it into account."
        )
    elif verdict == "gone":
        row.state = Change.State.REJECTED
        row.code = "ENTITY_IS_DELETED"
        row.message = "The record was deleted or merged after this run had read it."
        row.next_step = "Nothing to do: the next run no longer sees it."


def _record(row: Change, result: WriteResult) -> bool:
    """Outcome of a row that was sent; False when the CRM refuses this change for good."""
    if result.ok:
        row.state = Change.State.SENT
        return True
    row.code, row.message, row.next_step = result.code, result.message, result.next_step
    again = result.retryable and row.attempts < TRIES
    row.state = Change.State.PLANNED if again else Change.State.REJECTED
    if result.retryable and not again:
        row.next_step = f"Tried {TRIES} times; the next run tries again."
    return result.retryable


def _save(run: Run, token: str, rows: Sequence[Change], refused: set[int], layout: outputs.Layout) -> None:
    """Record outcomes and what we now know to have written, in one transaction under our lease."""
    if not rows:
        return
    accounts = states_of(rows, "written", "undone", "refused")
    for row in rows:
        account = accounts[row.account_id]
        if row.state == Change.State.SENT:
            if row.is_own and run.kind != Run.Kind.ANSWER:  # what a person chose is not ours
                account.written = {**account.written, **layout.published(row.after, row.kind)}
            account.undone = undone.remember(run, row, account.undone)
            if set(row.after) != {layout.names.get(quality_line.ROLE)}:  # that the line was taken says nothing else
                account.refuse(row, "")
        elif row.pk in refused:
            account.refuse(row, plan.digest(row.before, row.after))
    with transaction.atomic():
        lease.record(run.pk, token)
        update(rows, ["state", "code", "message", "next_step"])
        update(accounts.values(), ["written", "undone", "refused"])


def states_of(rows: Sequence[Change], *fields: str) -> dict[str, AccountState]:
    """The accounts of these changes of one connection, by record id, with these fields."""
    accounts = AccountState.objects.filter(connection_id=rows[0].connection_id).only("record_id", *fields)
    return {
        account.record_id: account
        for some in portions(sorted({row.account_id for row in rows}))
        for account in accounts.filter(record_id__in=some)
    }
