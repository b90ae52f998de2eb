"""Many changes in one bulk job of the CRM: begun, watched and reconciled by whichever worker comes next.

The job's id is stored before anything is uploaded. A worker that finds a job still open cannot know whether its rows
arrived there, so it gives that job up and plans the rows again; a job the CRM has begun with is waited for, however
many workers die meanwhile. Between the moment the target fields are read again and the moment the CRM writes them lie
the seconds the job waits in its queue: rows edited in between cannot be told from others, as with single writes.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from connectors.base import BulkWrites, Crm
from sync import lease, outputs, writeback
from sync.models import Change, Load, Run
from sync.rows import portions

#: Waiting records from which a bulk job costs less than single batches, and records in one job.
LARGE = 2_000
SIZE = 10_000
#: Seconds between two looks at a job: 1, 2, 4 ... and no longer than this.
LONGEST_PAUSE = 15.0


def begin(run: Run, token: str, crm: Crm, layout: outputs.Layout, among: QuerySet[Change]) -> None:
    """Send the next records of these, all of one kind, in a new job; records to be removed go by themselves."""
    assert isinstance(crm, BulkWrites)
    rows = writeback.first(among, SIZE)
    prepared = writeback.prepare(run, token, crm, layout, rows)
    to_send = [row for row in prepared if not layout.removes(row.kind, row.after)]
    writeback.push(run, token, crm, layout, [row for row in prepared if layout.removes(row.kind, row.after)])
    if not to_send:
        return
    kind = to_send[0].kind
    job = crm.open_load(kind)
    with transaction.atomic():
        lease.record(run.pk, token)
        load = Load.objects.create(run=run, connection_id=rows[0].connection_id, job=job)
        for some in portions([row.pk for row in to_send]):
            Change.objects.filter(pk__in=some).update(load=load)
    crm.fill_load(job, kind, [writeback.outgoing(row) for row in to_send])
    _look_again(run, token, load)


def go_on(run: Run, token: str, crm: Crm, layout: outputs.Layout, load: Load) -> None:
    """Look at a job: wait for it, take its outcomes, or give it up."""
    assert isinstance(crm, BulkWrites)
    state = crm.load_state(load.job)
    if state.phase == "busy":
        _look_again(run, token, load)
        return
    if state.phase == "open":
        crm.abort_load(load.job)
    if state.phase in ("open", "gone"):
        # Nothing was written by a job that never began; of one the CRM has forgotten, the rows are read again.
        with transaction.atomic():
            lease.record(run.pk, token)
            load.changes.update(load=None)
            Load.objects.filter(pk=load.pk).update(done=True)
        return
    rows = list(Change.objects.filter(load=load, state=Change.State.SENDING).order_by("pk"))
    changes = [writeback.outgoing(row) for row in rows]
    results = crm.load_results(load.job, rows[0].kind, state, changes) if rows else []
    with transaction.atomic():
        if rows:
            writeback.conclude(run, token, rows, results, layout)
        lease.record(run.pk, token)
        Load.objects.filter(pk=load.pk).update(done=True)


def _look_again(run: Run, token: str, load: Load) -> None:
    pause = min(float(2**load.polls), LONGEST_PAUSE)
    lease.record(run.pk, token, not_before=timezone.now() + timedelta(seconds=pause))
    Load.objects.filter(pk=load.pk).update(polls=load.polls + 1)
