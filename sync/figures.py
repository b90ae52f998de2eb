"""The figures of a run, as shown in the console and printed by the command line."""

from __future__ import annotations

from django.db.models import Count, F

from sync.matching import matches
from sync.models import AccountState, Alert, Change, Finding, Run


def counts(run: Run) -> dict[str, object]:
    """Counts of this run: those recorded while it worked, and outcomes, tiers, findings as they stand now."""
    rows = run.changes.order_by()
    outcomes = dict(rows.filter(kind="account").values_list("state").annotate(n=Count("pk")))
    state = Change.State
    attached = rows.exclude(kind="account").filter(state__in=(state.VERIFIED, state.DRIFTED, state.REJECTED))
    also = dict(attached.values_list("kind").annotate(n=Count("pk")))
    left_over = attached.filter(kind="detail").exclude(record_id=F("parent_id"))
    merged = 0 if run.undoes_id else left_over.count()
    verified, drifted, rejected = (outcomes.get(s, 0) for s in (state.VERIFIED, state.DRIFTED, state.REJECTED))
    seen = AccountState.objects.filter(connection__portfolio=run.portfolio, seen_in=run)
    accounts = matches.companies(run.portfolio, seen)
    open_findings = Finding.objects.filter(connection__portfolio=run.portfolio, state__in=Finding.WAITING)
    return {
        **run.counts,
        "accounts_in_scope": accounts.filter(in_scope=True).count(),
        "records_planned": sum(outcomes.values()),
        "records_written": verified + drifted + rejected,
        "records_verified": verified,
        "records_drifted": drifted,
        "records_failed": rejected,
        "records_superseded": outcomes.get(state.SUPERSEDED, 0),
        "records_unprocessed": outcomes.get(state.UNPROCESSED, 0),
        "records_left_out": outcomes.get(state.LEFT_OUT, 0),
        "details_written": also.get("detail", 0) - merged,
        "merged_details_removed": merged,
        "opportunities_written": also.get("opportunity", 0),
        "tiers": dict(accounts.exclude(tier="").values_list("tier").annotate(n=Count("pk")).order_by("tier")),
        "findings": open_findings.count(),
        "alerts": Alert.objects.filter(portfolio=run.portfolio, state=Alert.State.OPEN).count(),
    }
