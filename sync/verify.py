"""Read back what was sent: `verified` when the CRM holds it, `drifted` when something changed it again."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from connectors.base import Crm
from sync import lease, outputs, values
from sync.models import Change, Run
from sync.rows import update
from sync.writeback import held_now, of_one_kind, states_of


def verify_batch(run: Run, token: str, crm: Crm, layout: outputs.Layout, among: QuerySet[Change]) -> None:
    """Verify the next batch of these changes, which belong to one connection."""
    rows = of_one_kind(among.filter(state=Change.State.SENT).order_by("kind", "pk"), crm.fetch_size)
    if not rows:
        return
    fields = sorted({name for row in rows for name in row.after})
    now = held_now(crm, rows, fields)
    accounts = states_of(rows) if rows[0].kind == "account" else {}
    for row in rows:
        found = values.stored_all(now.get(row.record_id, {}))
        _judge(row, found)
        if account := accounts.get(row.record_id):
            shown = layout.by_role({name: found.get(name) for name in row.after})
            account.current = {**account.current, **shown}
    with transaction.atomic():
        lease.record(run.pk, token)
        update(rows, ["state", "message", "next_step"])
        update(accounts.values(), ["current"])


def _judge(row: Change, found: dict[str, values.Stored]) -> None:
    if values.same(row.after, found):
        row.state, row.message, row.next_step = Change.State.VERIFIED, "", ""
        return
    row.state = Change.State.DRIFTED
    different = [name for name in row.after if found.get(name) != row.after[name]]
    row.message = "Read back differently from what was written: " + "; ".join(
        f"{name} is {found.get(name) if found.get(name) is not None else 'empty'}" for name in different
    )
    row.next_step = "Look for a flow, trigger or other integration in the CRM that changes these fields on save."
