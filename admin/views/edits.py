"""What people set in the CRM and Tierline leaves alone."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from admin.views import paging, portfolio
from admin.views.published import label
from sync import labels
from sync.links import record_url
from sync.models import AccountState, Change, Override, Run

#: Runs whose passed-over edits are listed; older ones are on the pages of their runs.
RUNS = 10
LAST = 50


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Tiers a person set differently, and records edited while a run was at work."""
    chosen = portfolio.current(request)
    names = labels.labels(chosen) if chosen else labels.Labels(None)
    overrides = Override.objects.filter(account__connection__portfolio=chosen, state=Override.State.REQUESTED)
    found = overrides if chosen else Override.objects.none()
    page = paging.page(request, found.select_related("account__connection").order_by("-noticed_at", "-pk"))
    rows = [
        {
            "override": row,
            "field": names.field(row.field),
            "value": label(names, row.field, row.value),
            "computed": label(names, row.field, row.computed),
            "url": record_url(row.account.connection, "account", row.account.record_id),
        }
        for row in page.rows
    ]
    runs = list(Run.objects.filter(portfolio=chosen).values_list("pk", flat=True)[:RUNS]) if chosen else []
    return render(request, "console/edits.html", {"page": page, "rows": rows, "passed": _passed_over(runs)})


def _passed_over(runs: list[int]) -> list[dict[str, object]]:
    """Records that were not written because a person edited them meanwhile, the newest first."""
    changes = list(
        Change.objects.filter(run__in=runs, state=Change.State.SUPERSEDED)
        .select_related("connection", "run")
        .order_by("-run_id", "pk")[:LAST]
    )
    accounts = {
        (connection, record_id): pk
        for pk, connection, record_id in AccountState.objects.filter(
            connection__in={change.connection_id for change in changes},
            record_id__in=[change.record_id for change in changes],
        ).values_list("pk", "connection", "record_id")
    }
    return [
        {
            "change": change,
            "account": accounts.get((change.connection_id, change.record_id)),
            "url": record_url(change.connection, change.kind, change.record_id),
        }
        for change in changes
    ]
