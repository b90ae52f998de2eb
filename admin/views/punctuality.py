"""How punctually findings are seen and closed, by owner, team, rule and severity."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from admin.views import portfolio
from sync.alerts import punctuality

TITLES = {"owner": "By owner", "team": "By team", "rule": "By kind of problem", "severity": "By severity"}
#: Weeks that can be looked at.
SPANS = (4, 8, 13, 26, 52)


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The figures of the last weeks."""
    chosen = portfolio.current(request)
    asked = request.GET.get("weeks", "")
    weeks = next((span for span in SPANS if str(span) == asked), punctuality.WEEKS)
    every, lines = punctuality.measured(chosen, punctuality.BY, weeks, timezone.now()) if chosen else (None, {})
    context = {
        "weeks": weeks,
        "spans": SPANS,
        "all": every,
        "groups": [(by, TITLES[by], rows) for by, rows in lines.items() if rows],
    }
    return render(request, "console/sla.html", context)
