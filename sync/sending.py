"""Steps `send` and `verify`: one batch a job, with progress and API calls recorded on the run."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import QuerySet

from connectors.base import BulkWrites, Crm
from sync import crms, lease, loading, outputs, verify, writeback
from sync.models import Change, Connection, Run

Batch = Callable[[Run, str, Crm, outputs.Layout, QuerySet[Change]], None]


def send(run: Run, token: str) -> bool:
    """Send the next batch; False when every planned change was sent or has an outcome."""
    waiting = (Change.State.PLANNED, Change.State.SENDING)
    return _unit(run, token, "send", waiting, _send_next)


def _send_next(run: Run, token: str, crm: Crm, layout: outputs.Layout, among: QuerySet[Change]) -> None:
    """A few records go by themselves, many as a bulk job where the CRM has them."""
    if isinstance(crm, BulkWrites):
        load = run.loads.filter(connection__in=among.values("connection"), done=False).first()
        if load is not None:
            loading.go_on(run, token, crm, layout, load)
            return
        kind = writeback.waiting(among).values_list("kind", flat=True).first()
        alike = among.filter(kind=kind)
        if writeback.waiting(alike).count() >= loading.LARGE:
            loading.begin(run, token, crm, layout, alike)
            return
    writeback.send_batch(run, token, crm, layout, among)


def verify_sent(run: Run, token: str) -> bool:
    """Read the next batch back; False when everything that was sent has been verified."""
    return _unit(run, token, "verify", (Change.State.SENT,), verify.verify_batch)


def _unit(run: Run, token: str, step: str, open_states: tuple[str, ...], batch: Batch) -> bool:
    first = run.changes.filter(state__in=open_states).values_list("connection", flat=True).first()
    if first is not None:
        connection = Connection.objects.get(pk=first)
        crm = crms.open_crm(connection, run)
        batch(run, token, crm, outputs.layout(run.model, connection), run.changes.filter(connection=connection))
        calls = run.api_calls + crms.calls_since_last(crm)
    else:
        calls = run.api_calls
    total = run.changes.count()
    left = run.changes.filter(state__in=open_states).count()
    progress = {"done": total - left, "total": total, "note": "records"}
    lease.record(run.pk, token, progress={**run.progress, step: progress}, api_calls=calls)
    return left > 0
