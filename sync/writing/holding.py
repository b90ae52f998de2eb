"""Step `guard`, and what a person does with a run it held: approve it, approve a part of it, or drop it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from typing import Literal

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from sync import figures, labels, lease, outputs, tally
from sync.alerts import notices
from sync.models import AccountState, AuditEvent, Change, Run
from sync.rows import portions
from sync.writing import guard, publishing
from sync.writing.guard import Reason

#: Parts of a plan that can be left out on approval.
Part = Literal["moves", "downgrades", "lost"]
PARTS: dict[Part, str] = {
    "moves": "every move to another tier",
    "downgrades": "moves to a lower tier",
    "lost": "tiers that would be emptied",
}


class NotHeld(Exception):
    """The run does not wait for a decision."""

    def __init__(self, run: Run) -> None:
        super().__init__(f"{run} is {run.get_state_display()}; only a run that waits can be approved or dropped.")


def advance(run: Run, token: str) -> bool:
    """Hold the run if its plan exceeds the model's limits and nobody has approved it; a run is judged once."""
    approved = run.progress.get("guard", {}).get("approved")
    if not approved and (reasons := _reasons(run)):
        hold(run, token, reasons)
    return False


def _reasons(run: Run) -> list[Reason]:
    model = outputs.model(run.model)
    earlier = (
        Run.objects.filter(portfolio=run.portfolio, kind=Run.Kind.FULL, state=Run.State.DONE, pk__lt=run.pk)
        .order_by("-pk")
        .first()
    )
    whole = run.counts.get("whole", True)
    with_tier = run.counts.get("accounts_with_tier", 0)
    if not whole and earlier:
        # A few accounts are measured against all of them, else three moves among four would hold a micro-batch.
        with_tier = max(with_tier, sum(earlier.counts.get("tiers", {}).values()))
    earlier_segments = earlier.counts.get("segments", {}) if earlier and whole else {}
    retired = {value.key for value in model.retired.segment}
    facts = guard.Facts(
        with_tier=with_tier,
        moves=tally.moves(run.counts),
        segments=run.counts.get("segments", {}),
        earlier_segments={key: count for key, count in earlier_segments.items() if key not in retired},
        records=run.counts.get("records", {}),
        earlier_records=earlier.counts.get("records", {}) if earlier else {},
    )
    return list(guard.judge(facts, model.guard, model.tiers.keys, labels.Labels(model).segment))


def hold(run: Run, token: str, reasons: Collection[Reason]) -> None:
    """Let the run wait for a person, and tell the administrator."""
    with transaction.atomic():
        lease.record(
            run.pk,
            token,
            state=Run.State.HELD,
            held=[asdict(reason) for reason in reasons],
            counts=figures.counts(run),
            notice="",
        )
        run.held = [asdict(reason) for reason in reasons]
        notices.held(run)


def replace_earlier(run: Run) -> None:
    """A newer plan takes the place of one that still waits: both would write the same accounts."""
    for earlier in Run.objects.filter(portfolio=run.portfolio, state=Run.State.HELD, pk__lt=run.pk):
        _end(earlier, f"{run} planned anew", "Decide on the newer run.")


def approve(run: Run, actor: str, *, leave_out: Collection[Part] = (), accounts: Collection[str] = ()) -> int:
    """Send a held run, without the parts and the accounts (record ids) named; returns how many rows were left out.

    The scheduler queues it. Raises NotHeld, and Busy when another run is at work.
    """
    with transaction.atomic():
        claimed = Run.objects.select_for_update().filter(pk=run.pk, state=Run.State.HELD).first()
        if claimed is None:
            raise NotHeld(run)
        left_out = _leave_out(claimed, actor, leave_out, accounts)
        step = {**claimed.progress.get(claimed.step, {}), "approved": True}
        claimed.progress = {**claimed.progress, claimed.step: step}
        claimed.state, claimed.decided_by, claimed.decided_at = Run.State.ACTIVE, actor, timezone.now()
        try:
            with transaction.atomic():
                claimed.save(update_fields=["progress", "state", "decided_by", "decided_at"])
        except IntegrityError as error:
            raise Busy(claimed) from error
        detail = {"left_out": sorted(leave_out), "accounts": sorted(accounts), "rows": left_out}
        AuditEvent.objects.create(
            portfolio=run.portfolio, actor=actor, action="run approved", subject=str(run), detail=detail
        )
    return left_out


class Busy(Exception):
    """Another run of the portfolio is at work."""

    def __init__(self, run: Run) -> None:
        active = Run.objects.filter(portfolio=run.portfolio, state=Run.State.ACTIVE).first()
        super().__init__(f"{active} is at work; {run} can be approved when it has ended, unless that plans anew.")


def drop(run: Run, actor: str) -> None:
    """End a held run; nothing more of it is sent. Raises NotHeld."""
    with transaction.atomic():
        claimed = Run.objects.select_for_update().filter(pk=run.pk, state=Run.State.HELD).first()
        if claimed is None:
            raise NotHeld(run)
        _end(claimed, f"{actor} dropped the run", "Nothing to do: the next run plans anew.", actor)
        AuditEvent.objects.create(portfolio=run.portfolio, actor=actor, action="run dropped", subject=str(run))


def _end(run: Run, why: str, next_step: str, actor: str = "") -> None:
    with transaction.atomic():
        _set_aside(run, run.changes.filter(state=Change.State.PLANNED), why, next_step)
        Run.objects.filter(pk=run.pk).update(
            state=Run.State.DROPPED,
            notice=f"{why}."[:500],
            decided_by=actor,
            decided_at=timezone.now(),
            finished_at=timezone.now(),
        )
        run.refresh_from_db()
        Run.objects.filter(pk=run.pk).update(counts=figures.counts(run))


def _leave_out(run: Run, actor: str, parts: Collection[Part], accounts: Collection[str]) -> int:
    planned = run.changes.filter(state=Change.State.PLANNED)
    records = {row.record_id for part in parts for row in part_of(run, part)} | set(accounts)
    chosen: set[int] = set()
    for some in portions(sorted(records)):
        # What hangs on the account stays away with it.
        mine = Q(record_id__in=some) | Q(kind__in=outputs.ATTACHED, parent_id__in=some)
        chosen |= set(planned.filter(mine).values_list("pk", flat=True))
    for pks in portions(sorted(chosen)):
        _set_aside(
            run, planned.filter(pk__in=pks), f"{actor} approved the run without it", "The next run plans it again."
        )
    return len(chosen)


def _set_aside(run: Run, rows: QuerySet[Change], why: str, next_step: str) -> None:
    """Give these changes their outcome, and let their accounts stand as before."""
    records = list(rows.values_list("connection", "record_id"))
    rows.update(state=Change.State.LEFT_OUT, message=f"{why}.", next_step=next_step)
    for some in portions(records):
        mine = AccountState.objects.filter(
            connection__in={connection for connection, _ in some}, record_id__in=[record for _, record in some]
        )
        publishing.withdraw(run, mine)


def part_of(run: Run, part: Part) -> list[Change]:
    """The planned changes that a part of the plan consists of."""
    rank = {tier: position for position, tier in enumerate(outputs.model(run.model).tiers.keys)}
    found = []
    for connection in run.portfolio.crms():
        name = outputs.layout(run.model, connection).names["tier"]
        planned = run.changes.filter(connection=connection, kind="account", state=Change.State.PLANNED)
        rows = planned.filter(after__has_key=name)
        for row in rows.iterator(chunk_size=2000):
            old, new = row.before[name] or "", row.after[name] or ""
            down = bool(old and new) and rank.get(new, 0) > rank.get(old, 0)
            if {"moves": bool(old and new), "downgrades": down, "lost": bool(old) and not new}[part]:
                found.append(row)
    return found
