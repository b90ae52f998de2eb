"""Values that a rule had filled and a person looked at since: in the CRM by choosing another one, or by an answer."""

from __future__ import annotations

from collections.abc import Iterator

from scoring.quality.accuracy import LookedAt
from sync import outputs
from sync.models import AccountState, Change, Confirmation, Connection
from sync.plan import MOVED, RULE, Output

#: What stands in the source of a value that the machine filled.
_MACHINE = (RULE, MOVED)


def looked_at(connection: Connection, layout: outputs.Layout) -> Iterator[LookedAt]:
    """Of the customers of a connection; of a value that was answered more than once, the first answer counts."""
    filled = {output.key: output for output in layout.outputs if output.policy == "fill"}
    answered = set()
    for account, key, kept in _answers(connection, filled):
        answered.add((account.pk, key))
        if kept is not None:
            yield _of(account, key, kept)
    states = AccountState.objects.filter(connection=connection, in_scope=True)
    for state in states.only("segment", "owner_record_id", "written", "current").iterator(chunk_size=5000):
        for key in filled:
            ours = state.written.get(key)
            if ours is not None and state.current.get(key) != ours and (state.pk, key) not in answered:
                yield _of(state, key, False)


def _answers(connection: Connection, filled: dict[str, Output]) -> Iterator[tuple[AccountState, str, bool | None]]:
    """Account, value and whether what the machine had filled was kept; None for what a person had chosen before."""
    found = Confirmation.objects.filter(account__connection=connection, account__in_scope=True, field__in=list(filled))
    rows = list(found.select_related("account").order_by("pk"))
    changes = Change.objects.filter(run__in={row.run_id for row in rows}, kind="account", connection=connection)
    sent = {(run, record): before for run, record, before in changes.values_list("run_id", "record_id", "before")}
    seen = set()
    for row in rows:
        if (row.account_id, row.field) in seen:
            continue
        seen.add((row.account_id, row.field))
        # What an answer changed, as it was before: the source from the machine to a person, the value if not kept.
        before, names = sent.get((row.run_id or 0, row.account.record_id), {}), filled[row.field].names
        machine = before.get(names["source"]) in _MACHINE
        yield row.account, row.field, names["value"] not in before if machine else None


def _of(state: AccountState, key: str, kept: bool) -> LookedAt:
    return LookedAt(key, str(state.current.get("segment") or ""), state.owner_record_id, kept)
