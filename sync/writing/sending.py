"""Steps `send` and `verify`: one batch a job, with progress and API calls recorded on the run."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Count, QuerySet

from connectors.base import BulkWrites, Crm
from sync import absent, crms, lease, outputs, verify, writeback
from sync.models import Change, Connection, Run
from sync.writing import loading

Batch = Callable[[Run, str, Crm, outputs.Layout, QuerySet[Change]], None]


def send(run: Run, token: str) -> bool:
    """Send the next batch; False when every planned change was sent or has an outcome."""
    waiting = (Change.State.PLANNED, Change.State.SENDING)
    return _unit(run, token, "send", waiting, _send_next)


def _send_next(run: Run, token: str, crm: Crm, layout: outputs.Layout, among: QuerySet[Change]) -> None:
    """A few records go by themselves, many as a bulk job where the CRM has them."""
    if isinstance(crm, BulkWrites):
        load = run.loads.filter(connection=among.values("connection")[:1], done=False).first()
        if load is not None:
            loading.go_on(run, token, crm, layout, load)
            return
        kinds = writeback.waiting(among).order_by("kind").values_list("kind").annotate(n=Count("pk"))
        kind, count = kinds[0]
        if count >= loading.LARGE:
            loading.begin(run, token, crm, layout, among.filter(kind=kind))
            return
    writeback.send_batch(run, token, crm, layout, among)


def verify_sent(run: Run, token: str) -> bool:
    """Read the next batch back; False when everything that was sent has been verified."""
    return _unit(run, token, "verify", (Change.State.SENT,), verify.verify_batch)


def _unit(run: Run, token: str, step: str, open_states: tuple[str, ...], batch: Batch) -> bool:
    first = _first(run, open_states)
    if first is not None:
        connection = Connection.objects.get(pk=first.connection_id)
        with absent.asking(connection):
            crm = crms.open_crm(connection, run)
            among = Change.objects.filter(run=run, connection=connection)
            batch(run, token, crm, outputs.layout(run.model, connection), among)
        calls = run.api_calls + crms.calls_since_last(crm)
    else:
        calls = run.api_calls
    total = run.changes.count()
    left = run.changes.filter(state__in=open_states).count()
    progress = {"done": total - left, "total": total, "note": "records"}
    lease.record(run.pk, token, progress={**run.progress, step: progress}, api_calls=calls)
    return left > 0


def _first(run: Run, states: tuple[str, ...]) -> Change | None:
    """A change in one of these states. State by state, the index has it at once; of all of them it sorts the whole."""
    found = (run.changes.filter(state=state).order_by("pk").first() for state in states)
    return next((change for change in found if change), None)
