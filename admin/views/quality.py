"""Data quality: how complete, valid, consistent and fresh the values are, and the findings behind each figure."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from admin.views import paging, portfolio
from admin.views.alerts import described
from scoring.quality.accuracy import ENOUGH
from sync import labels
from sync.quality import quality_scores

TITLES = {"field": "By field", "segment": "By segment", "owner": "By owner"}


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The newest figures, and how they were before."""
    chosen = portfolio.current(request)
    model = labels.labels(chosen).model if chosen else None
    context = {
        "day": quality_scores.newest_day(chosen) if chosen else None,
        "all": quality_scores.latest(chosen, "all") if chosen else [],
        "groups": [(by, title, quality_scores.latest(chosen, by)) for by, title in TITLES.items()] if chosen else [],
        "history": quality_scores.history(chosen) if chosen else [],
        "currency": model.currency if model else "",
        "enough": ENOUGH,
    }
    return render(request, "console/quality.html", context)


@require_safe
def findings(request: HttpRequest) -> HttpResponse:
    """Open findings behind one line of figures."""
    chosen = portfolio.current(request)
    by, key = request.GET.get("by", "all"), request.GET.get("key", "")
    if chosen is None or by not in ("all", *TITLES):
        raise Http404("there is no such group of figures")
    page = paging.page(request, quality_scores.findings(chosen, by, key))
    context = {
        "title": quality_scores.name(chosen, by, key),
        "page": page,
        "findings": described(page.rows, labels.labels(chosen)),
    }
    return render(request, "console/quality_findings.html", context)
