"""Both CRMs: which records are one company, and how far the two agree on them."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from admin.views import paging, portfolio
from sync import labels
from sync.links import record_url
from sync.matching import matches, parity
from sync.models import Match, Portfolio

#: Decided matches and differences that the page shows; the command line lists them all.
LAST, SHOWN = 50, 100


@dataclass(frozen=True)
class Pair:
    """A match and where its two records are seen."""

    match: Match
    first_url: str
    second_url: str


@dataclass(frozen=True)
class Difference:
    """A value on which two records differ, in words."""

    row: parity.Row
    field: str
    first: str
    second: str


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Proposals that wait, the parity report, and what was decided last."""
    chosen = portfolio.current(request)
    told = parity.report(chosen) if chosen else None
    if chosen is None or told is None:
        return render(request, "console/two_crms.html", {"told": None})
    names = labels.labels(chosen)
    page = paging.page(request, _proposed(chosen))
    decided = _matches(chosen).exclude(state=Match.State.PROPOSED).exclude(decided_by="", decided_at=None)
    context = {
        "told": told,
        "page": page,
        "rows": [_pair(match) for match in page.rows],
        "lines": [(names.field(key), line) for key, line in told.lines.items()],
        "differences": [_difference(row, names) for row in told.rows[:SHOWN]],
        "more": max(len(told.rows) - SHOWN, 0),
        "decided": [_pair(match) for match in decided.order_by("-decided_at", "-pk")[:LAST]],
    }
    return render(request, "console/two_crms.html", context)


@require_POST
def decide(request: HttpRequest) -> HttpResponse:
    """Confirm or reject the matches that are ticked, or all that wait."""
    if not request.user.is_staff:
        raise PermissionDenied("Only people with the right to start runs may decide about matches.")
    chosen = portfolio.current(request)
    found = _matches(chosen).exclude(state=Match.State.RELEASED) if chosen else Match.objects.none()
    if "every" in request.POST:
        found = found.filter(state=Match.State.PROPOSED)
    else:
        keys = (key for key in request.POST.getlist("match") if key.isascii() and key.isdigit() and len(key) < 16)
        found = found.filter(pk__in=[int(key) for key in keys])
    act = {"confirmed": matches.confirm, "rejected": matches.reject}.get(request.POST.get("decision", ""))
    try:
        rows = list(found)
        if not rows or act is None:
            raise matches.Refused("Tick at least one match that waits.")
        count = act(rows, request.user.get_username())
    except matches.Refused as refused:
        messages.error(request, str(refused))
    else:
        verb = "match is" if count == 1 else "matches are"
        messages.success(request, f"{count:,} {verb} {request.POST['decision']}. The next run acts on it.")
    return redirect("two_crms")


def _matches(chosen: Portfolio) -> QuerySet[Match]:
    return Match.objects.filter(portfolio=chosen).select_related("first", "second", "portfolio")


def _proposed(chosen: Portfolio) -> QuerySet[Match]:
    return _matches(chosen).filter(state=Match.State.PROPOSED).order_by("-strength", "first_name", "pk")


def _pair(match: Match) -> Pair:
    urls = [record_url(connection, "account", record) for connection, record in match.records]
    return Pair(match, urls[0], urls[1])


def _difference(row: parity.Row, names: labels.Labels) -> Difference:
    words = {
        "segment": names.segment,
        "sub_segment": names.sub_segment,
        "value_profile": names.value_profile,
        "tier": names.tier,
    }[row.key]
    first, second = (words(value) if value else "empty" for value in row.values)
    return Difference(row, names.field(row.key), first, second)
