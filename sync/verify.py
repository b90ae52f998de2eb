"""Read back what was sent: `verified` when the CRM holds it, `drifted` when something changed it again."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from connectors.base import Crm
from sync import lease, outputs, values
from sync.models import Change, Run
from sync.reading import read_back
from sync.rows import update
from sync.writeback import held_now, states_of


def verify_batch(run: Run, token: str, crm: Crm, layout: outputs.Layout, among: QuerySet[Change]) -> None:
    """Verify the next batch of these changes, which belong to one connection."""
    sent = among.filter(state=Change.State.SENT).order_by("pk")
    kind = sent.values_list("kind", flat=True).first()
    rows = list(sent.filter(kind=kind)[: crm.fetch_size])
    if not rows:
        return
    fields = sorted({name for row in rows for name in row.after})
    now = held_now(crm, rows, fields)
    roles = {name: role for role, name in layout.names.items()}
    held = {row.record_id: values.stored_all(now[row.record_id]) for row in rows if row.record_id in now}
    read_back.keep(run, rows[0].connection.name, layout, rows[0].kind, held)
    accounts = states_of(rows, "current") if kind == "account" else {}
    for row in rows:
        found = held.get(row.record_id, {})
        _judge(row, found)
        if account := accounts.get(row.record_id):
            account.current = account.current | {roles[name]: found.get(name) for name in row.after if name in roles}
    with transaction.atomic():
        lease.record(run.pk, token)
        update(rows, ["state", "message", "next_step"])
        update(accounts.values(), ["current"])


def _judge(row: Change, found: dict[str, values.Stored]) -> None:
    different = [name for name, value in row.after.items() if found.get(name) != value]
    if not different:
        row.state, row.message, row.next_step = Change.State.VERIFIED, "", ""
        return
    row.state = Change.State.DRIFTED
    row.message = "Read back differently from what was written: " + "; ".join(
        f"{name} is {found.get(name) if found.get(name) is not None else 'empty'}" for name in different
    )
    row.next_step = "Look for a flow, trigger or other integration in the CRM that changes these fields on save."
