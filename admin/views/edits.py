"""What people set in the CRM and Tierline leaves alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, NullIf
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from admin.views import paging, portfolio
from admin.views.published import label
from sync import labels, requests
from sync.links import record_url
from sync.models import AccountState, Change, Override, Portfolio, Run

#: Values that are filled when empty; a person's choice stays without anybody being asked.
FILLED = ("segment", "sub_segment", "value_profile")
#: Runs whose passed-over edits are listed; older ones are on the pages of their runs.
RUNS = 10
LAST = 50


@dataclass(frozen=True)
class Edit:
    """A value that a person set. `noticed` is None where Tierline only sees that it is not its own."""

    account: AccountState
    field: str
    title: str
    value: str
    words: str
    computed: str
    computed_words: str
    noticed: datetime | None
    url: str


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Values a person set differently, of one field at a time; and records edited while a run was at work."""
    chosen = portfolio.current(request)
    if chosen is None:
        return render(request, "console/edits.html", {"rows": [], "passed": []})
    names = labels.labels(chosen)
    field = request.GET.get("field", "")
    field = field if field in FILLED else ""
    overrides = Override.objects.filter(account__connection__portfolio=chosen, state=Override.State.REQUESTED)
    filters = [("computed values", ""), *((names.field(key).lower(), key) for key in FILLED)]
    page: paging.Page[Any]
    if field:
        accounts = _accounts(chosen, field).filter(_by_a_person(field)).select_related("connection", "score")
        page = paging.page(request, accounts.order_by("name", "pk"))
        rows = [_filled(account, field, names) for account in page.rows]
    else:
        found = overrides.select_related("account__connection").order_by("-noticed_at", "-pk")
        page = paging.page(request, found)
        rows = [_override(override, names) for override in page.rows]
    context = {"page": page, "rows": rows, "field": field, "filters": filters, "passed": _passed_over(chosen)}
    return render(request, "console/edits.html", context)


def _accounts(chosen: Portfolio, key: str) -> QuerySet[AccountState]:
    """Customers, annotated with what of this output the CRM holds, we wrote, and we compute ("" for nothing)."""
    sources = {"held": "current", "written": "written", "computed": "score__result"}
    texts = {f"{name}_{key}": _text(field, key) for name, field in sources.items()}
    connections = list(chosen.crms().values_list("pk", flat=True))
    return AccountState.objects.filter(connection__in=connections, in_scope=True).annotate(**texts)


def _text(field: str, key: str) -> Coalesce:
    text = Cast(KeyTextTransform(key, field), TextField())
    # SQLite reads JSON's null as this word, PostgreSQL as NULL.
    return Coalesce(NullIf(text, Value("null")), Value(""), output_field=TextField())


def _by_a_person(key: str) -> Q:
    """The CRM holds a value that we did not write, and we compute another one. The cheap comparisons stand first."""
    held = F(f"held_{key}")
    there = ~Q(**{f"held_{key}": ""}) & ~Q(**{f"written_{key}": held})
    return there & ~Q(**{f"computed_{key}": ""}) & ~Q(**{f"computed_{key}": held})


def _filled(account: AccountState, key: str, names: labels.Labels) -> Edit:
    computed = str(account.score.result.get(key) or "") if account.score else ""
    value = str(account.current.get(key) or "")
    return _edit(account, key, value, computed, None, names)


def _override(override: Override, names: labels.Labels) -> Edit:
    return _edit(override.account, override.field, override.value, override.computed, override.noticed_at, names)


def _edit(
    account: AccountState, key: str, value: str, computed: str, noticed: datetime | None, names: labels.Labels
) -> Edit:
    return Edit(
        account=account,
        field=key,
        title=names.field(key),
        value=value,
        words=label(names, key, value),
        computed=computed,
        computed_words=label(names, "tier" if key == requests.REQUEST else key, computed),
        noticed=noticed,
        url=record_url(account.connection, "account", account.record_id),
    )


def _passed_over(chosen: Portfolio) -> list[dict[str, object]]:
    """Records that were not written because a person edited them meanwhile, the newest first."""
    runs = list(Run.objects.filter(portfolio=chosen).values_list("pk", flat=True)[:RUNS])
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
