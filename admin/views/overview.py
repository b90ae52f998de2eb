"""The first page: what needs attention, how many accounts stand in each tier, what the last run did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from admin.views import portfolio
from sync import labels
from sync.governance import reviewing
from sync.matching import matches
from sync.models import AccountState, Alert, Calibration, Change, Connection, Delivery, Match, Override, Portfolio, Run
from sync.scores import evaluate


@dataclass(frozen=True)
class Attention:
    """Something a person has to look at. `kind` is error or warning."""

    kind: str
    text: str
    next_step: str
    address: str = ""


@dataclass(frozen=True)
class TierCount:
    key: str
    label: str
    accounts: int
    address: str


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The overview of the chosen portfolio."""
    chosen = portfolio.current(request)
    if chosen is None:
        return render(request, "console/overview.html", {"tiers": []})
    runs = Run.objects.filter(portfolio=chosen).exclude(kind=Run.Kind.ANSWER).select_related("model", "calibration")
    last = runs.exclude(state=Run.State.ACTIVE).first()
    tiers = _tiers(chosen)
    context = {
        "attention": [
            *_connections(chosen),
            *_drift(chosen),
            *_waiting(chosen),
            *(_run(last) if last else ()),
            *_people(chosen),
        ],
        "tiers": tiers,
        "in_scope": sum(tier.accounts for tier in tiers),
        "most": max((tier.accounts for tier in tiers), default=0),
        "out_of_scope": _accounts(chosen).filter(tier="", in_scope=False).count(),
        "active": runs.filter(state=Run.State.ACTIVE).first(),
        "run": last,
        "cuts": " ".join(filter(None, (evaluate.note(last), evaluate.equity(last)))) if last else "",
        "filled": _filled(last, chosen) if last else [],
        "seconds": (last.finished_at - last.started_at).total_seconds() if last and last.finished_at else None,
        "connections": chosen.crms(),
        "published": chosen.published_models.exists(),
    }
    return render(request, "console/overview.html", context)


def _accounts(chosen: Portfolio) -> Any:
    ours = AccountState.objects.filter(connection__in=list(chosen.crms().values_list("pk", flat=True)))
    return matches.companies(chosen, ours)


def _tiers(chosen: Portfolio) -> list[TierCount]:
    """Accounts in scope per tier, the best tier first; those that have none last."""
    names = labels.labels(chosen)
    counted = dict(_accounts(chosen).exclude(tier="").values_list("tier").annotate(n=Count("pk")).order_by())
    known = list(names.model.tiers.keys) if names.model else []
    keys = known + sorted(key for key in counted if key not in known)
    without = _accounts(chosen).filter(tier="", in_scope=True).count()
    if not counted and not without:
        return []
    accounts = reverse("accounts")
    rows = [TierCount(key, names.tier(key), counted.get(key, 0), f"{accounts}?tier={key}") for key in keys]
    return [*rows, TierCount("", "No tier", without, f"{accounts}?tier=none&scope=in")] if without else rows


def _filled(run: Run, chosen: Portfolio) -> list[tuple[str, int]]:
    names = labels.labels(chosen)
    return [(names.field(key), count) for key, count in run.counts.get("filled", {}).items()]


def _connections(chosen: Portfolio) -> Iterator[Attention]:
    for connection in chosen.crms().filter(state=Connection.State.RECONNECT):
        yield Attention(
            "error",
            f"{connection} refuses our credentials; runs cannot work.",
            f"Reconnect: tierline connection reconnect {connection}",
        )


def _drift(chosen: Portfolio) -> Iterator[Attention]:
    for connection in chosen.crms():
        if connection.drift:
            more = f" and {len(connection.drift) - 1} more" if len(connection.drift) > 1 else ""
            yield Attention(
                "error",
                f"{connection} is not as the model has it: {connection.drift[0]}{more}",
                f"See and mend it: tierline schema plan {connection}",
            )


def _waiting(chosen: Portfolio) -> Iterator[Attention]:
    for run in Run.objects.filter(portfolio=chosen, state=Run.State.HELD):
        yield Attention(
            "warning",
            f"{run} waits for approval: {run.held[0]['message']}",
            "Look at it, then approve or drop it.",
            reverse("run", args=[run.pk]),
        )


def _run(run: Run) -> Iterator[Attention]:
    address = reverse("run", args=[run.pk])
    if run.state == Run.State.FAILED:
        yield Attention("error", f"{run} failed: {run.error}", run.next_step, address)
    refused = run.changes.filter(state=Change.State.REJECTED).count()
    if refused:
        yield Attention(
            "error",
            f"The CRM refused {_records(refused)} in {run}.",
            "See why, and what to do.",
            f"{address}?outcome=rejected",
        )
    drifted = run.changes.filter(state=Change.State.DRIFTED).count()
    if drifted:
        yield Attention(
            "warning",
            f"Something changed {_records(drifted)} again right after {run} had written.",
            "Usually a flow or another integration in the CRM.",
            f"{address}?outcome=drifted",
        )


def _people(chosen: Portfolio) -> Iterator[Attention]:
    failed = Delivery.objects.filter(owner__portfolio=chosen, state=Delivery.State.FAILED).count()
    if failed:
        yield Attention("error", f"Messages not delivered: {failed:,}.", "See the alerts for why.", reverse("alerts"))
    alerts = Alert.objects.filter(portfolio=chosen, state=Alert.State.OPEN)
    late = alerts.filter(due_on__lt=timezone.localdate()).count()
    if late:
        yield Attention("warning", f"Alerts past their date: {late:,}.", "Ask their owners.", reverse("alerts"))
    edits = Override.objects.filter(account__connection__portfolio=chosen, state=Override.State.REQUESTED).count()
    if edits:
        yield Attention(
            "warning",
            f"Overrides of the tier that wait for a decision: {edits:,}.",
            "They stay as they are until somebody decides.",
            reverse("overrides"),
        )
    yield from _governance(chosen)


def _governance(chosen: Portfolio) -> Iterator[Attention]:
    moves = reviewing.waiting(chosen).count()
    if moves:
        title = f"Moves of tiers that wait for the review round: {moves:,}."
        yield Attention("warning", title, "Decide about them.", reverse("review"))
    pairs = Match.objects.filter(portfolio=chosen, state=Match.State.PROPOSED).count()
    if pairs:
        title = f"Records of the two CRMs that may be one company: {pairs:,}."
        yield Attention("warning", title, "Say which are.", reverse("two_crms"))
    if Calibration.objects.filter(model=chosen.model_in_force(), state=Calibration.State.PROPOSED).exists():
        title = "New boundaries of the tiers are proposed."
        yield Attention("warning", title, "Compare and decide.", reverse("calibrations"))


def _records(count: int) -> str:
    return "1 record" if count == 1 else f"{count:,} records"
