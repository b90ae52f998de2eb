"""Overrides of the tier: those that wait, those in force, those that ended; and what else people set themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from admin.views import export, filled, paging, portfolio
from admin.views.published import label
from scoring.model import Model
from scoring.periods import months_after
from sync import labels
from sync.governance import overriding, requests
from sync.links import record_url
from sync.models import Override, Portfolio

#: Part of the list -> its words and the states in it.
PARTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "": ("wait for a decision", (Override.State.REQUESTED,)),
    "in_force": ("in force", (Override.State.APPROVED,)),
    "ended": ("ended or rejected", (Override.State.EXPIRED, Override.State.REJECTED)),
}


@dataclass(frozen=True)
class Shown:
    """An override in the words of its model. `remark`: a request in the record itself, which names no tier."""

    override: Override
    title: str
    words: str
    computed_words: str
    reason: str
    remark: bool
    url: str


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """One part of the overrides, or values of one field that people chose; and records edited while a run worked."""
    chosen = portfolio.current(request)
    if chosen is None:
        return render(request, "console/overrides.html", {"rows": [], "passed": []})
    names = labels.labels(chosen)
    field = request.GET.get("field", "")
    field = field if field in filled.KEYS else ""
    part = request.GET.get("show", "")
    part = part if part in PARTS and not field else ""
    filters = [(words, f"?show={key}" if key else "?", not field and key == part) for key, (words, _) in PARTS.items()]
    filters += [(f"{names.field(key).lower()} chosen by people", f"?field={key}", key == field) for key in filled.KEYS]
    page: paging.Page[Any]
    rows: list[Any]
    if field:
        page = paging.page(request, filled.chosen_by_people(chosen, field))
        rows = [filled.shown(account, field, names) for account in page.rows]
    else:
        page = paging.page(request, _of(chosen, part).order_by("-noticed_at", "-pk"))
        rows = [shown(override, names) for override in page.rows]
    context = {"page": page, "rows": rows, "field": field, "part": part, "filters": filters}
    return render(request, "console/overrides.html", context | {"passed": filled.passed_over(chosen)})


@require_safe
def show(request: HttpRequest, number: int) -> HttpResponse:
    """One override: what is asked for, by whom and why; and what this person may do about it."""
    found = get_object_or_404(Override.objects.select_related("account__connection__portfolio"), pk=number)
    names = labels.labels(found.account.connection.portfolio)
    remark = found.field == requests.REQUEST
    typed = remark and not found.requested_by
    open_request = found.state == Override.State.REQUESTED and not typed and names.model is not None
    context = {
        "row": shown(found, names),
        "may_decide": open_request and overriding.may_decide(request.user, found),
        "group": names.model.overrides.approver(overriding.jump(found, names.model)) if names.model else "",
        "choices": choices(names.model) if names.model else {},
    }
    return render(request, "console/override.html", context)


@require_safe
def download(request: HttpRequest) -> StreamingHttpResponse:
    """All overrides of the portfolio as CSV."""
    chosen = portfolio.current(request)
    return export.csv_file("overrides.csv", _rows(chosen) if chosen else iter([TITLES]))


def choices(model: Model) -> dict[str, Any]:
    """What a form on an override offers."""
    today = timezone.localdate()
    return {
        "reasons": list(model.overrides.reasons.items()),
        "tiers": [(key, model.tiers.label(key)) for key in model.tiers.keys],
        "first_day": today + timedelta(days=1),
        "last_day": months_after(today, model.overrides.months),
    }


def shown(override: Override, names: labels.Labels) -> Shown:
    """An override as people read it."""
    reasons = names.model.overrides.reasons if names.model else {}
    remark = override.field == requests.REQUEST
    return Shown(
        override=override,
        title=names.field(override.field),
        words=label(names, override.field, override.value),
        computed_words=label(names, "tier" if remark else override.field, override.computed),
        reason=reasons.get(override.reason, override.reason),
        remark=remark,
        url=record_url(override.account.connection, "account", override.account.record_id),
    )


TITLES = [
    *("override", "state", "account", "record id", "field", "value", "computed", "holds as", "reason", "comment"),
    *("asked by", "noticed at", "until", "decided by", "decided at", "decision", "was right"),
]


def _rows(chosen: Portfolio) -> Iterator[list[Any]]:
    names = labels.labels(chosen)
    yield TITLES
    found = Override.objects.filter(account__connection__portfolio=chosen).select_related("account__connection")
    for part in export.chunks(found):
        for each in part:
            row = shown(each, names)
            right = {None: "", True: "yes", False: "no"}[each.was_right]
            yield [
                *(each.pk, each.get_state_display(), each.account.name, each.account.record_id, row.title, row.words),
                *(row.computed_words, each.get_kind_display(), row.reason, each.comment, each.requested_by),
                *(each.noticed_at, each.expires_on, each.decided_by, each.decided_at, each.decision, right),
            ]


def _of(chosen: Portfolio, part: str) -> QuerySet[Override]:
    found = Override.objects.filter(account__connection__portfolio=chosen, state__in=PARTS[part][1])
    return found.select_related("account__connection")
