"""The review round: moves of the tier that wait until people from sales, marketing and finance have looked at them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import QuerySet, Subquery
from django.utils import timezone

from sync import audit
from sync.models import AccountState, Portfolio, Run, TierMove
from sync.reading import dirty

DECISIONS = (TierMove.State.ACCEPTED, TierMove.State.REJECTED, TierMove.State.DEFERRED)


class Refused(ValueError):
    """A decision that cannot be; the message says why and what to do."""


def note(run: Run, as_of: date, rows: Iterable[tuple[AccountState, Mapping[str, Any]]]) -> None:
    """Keep the list of proposed moves of these accounts up to date; inside a transaction.

    A proposal that the figures no longer make is dropped; one that was decided stays as the record of it.
    """
    wanted = {state.pk: row for state, row in rows}
    proposed = {pk: row for pk, row in wanted.items() if row.get("proposed")}
    known = {move.account_id: move for move in TierMove.objects.filter(account_id__in=list(wanted), as_of=as_of)}
    stale = [move.pk for pk, move in known.items() if pk not in proposed and move.state == TierMove.State.PROPOSED]
    TierMove.objects.filter(pk__in=stale).delete()
    TierMove.objects.bulk_create(
        TierMove(
            account_id=pk,
            run=run,
            as_of=as_of,
            before=row.get("by_rule") or row["tier"],
            after=row["proposed"],
            why=str(row["short_reason"])[:255],
        )
        for pk, row in proposed.items()
        if pk not in known
    )


def waiting(portfolio: Portfolio) -> QuerySet[TierMove]:
    """Moves that nobody has decided, of the newest date there is, the most valuable accounts first."""
    moves = TierMove.objects.filter(account__connection__portfolio=portfolio)
    newest = moves.order_by("-as_of").values("as_of")[:1]
    found = moves.filter(as_of=Subquery(newest), state=TierMove.State.PROPOSED)
    return found.select_related("account__connection").order_by("-account__value_score", "pk")


def decide(moves: Collection[TierMove], decision: str, by: str, comment: str = "") -> int:
    """Accept, reject or put off these moves; how many were still open. Raises `Refused`."""
    if decision not in DECISIONS:
        raise Refused(f"'{decision}' is no decision; there are {', '.join(DECISIONS)}.")
    if decision == TierMove.State.REJECTED and not comment.strip():
        raise Refused("Say why the move is rejected: the account's owner reads it.")
    open_ones = TierMove.objects.filter(pk__in=[move.pk for move in moves], state=TierMove.State.PROPOSED)
    with transaction.atomic():
        open_moves = list(open_ones.select_related("account__connection__portfolio"))
        accounts = [(move.account.connection_id, move.account.record_id) for move in open_moves]
        open_ones.update(state=decision, decided_by=by, decided_at=timezone.now(), comment=comment.strip())
        connections = {move.account.connection_id: move.account.connection for move in moves}
        for pk, connection in connections.items():
            ids = [record_id for owner, record_id in accounts if owner == pk]
            dirty.mark(connection, ids, f"the review round {decision} a move")
        _note(open_moves, decision, by, comment)
    return len(accounts)


def _note(moves: Collection[TierMove], decision: str, by: str, comment: str) -> None:
    """One entry for all moves that were decided together; a round may decide thousands."""
    portfolios = {move.account.connection.portfolio_id: move.account.connection.portfolio for move in moves}
    for pk, portfolio in portfolios.items():
        theirs = [move for move in moves if move.account.connection.portfolio_id == pk]
        subject = str(theirs[0]) if len(theirs) == 1 else f"{len(theirs):,} moves of the tier"
        ids = [move.pk for move in theirs]
        audit.note(portfolio, by, f"moves {decision}", subject, moves=ids, comment=comment.strip())
