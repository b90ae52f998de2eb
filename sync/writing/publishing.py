"""Take back scores that a run recorded for changes which then were not sent."""

from __future__ import annotations

from django.db.models import OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from sync.models import AccountState, Run, Score


def withdraw(run: Run, accounts: QuerySet[AccountState]) -> None:
    """Let these accounts stand as they did before the run; a few hundred at a time, inside a transaction."""
    scores = Score.objects.filter(run=run, account__in=accounts)
    pks = list(scores.values_list("account", flat=True))
    scores.delete()
    latest = Score.objects.filter(account=OuterRef("pk")).order_by("-pk")
    touched = AccountState.objects.filter(pk__in=pks)
    touched.update(
        score=Subquery(latest.values("pk")[:1]),
        tier=Coalesce(Subquery(latest.values("tier")[:1]), Value("")),
        tier_since=Subquery(latest.values("tier_since")[:1]),
        value_score=Subquery(latest.values("value_score")[:1]),
    )
