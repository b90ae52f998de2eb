"""The portfolio a person is looking at: kept in the session, chosen at the top of every page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from sync.models import Portfolio

KEY = "portfolio"


def current(request: HttpRequest) -> Portfolio | None:
    """The chosen portfolio, else the first; None when nothing is set up yet."""
    everything = Portfolio.objects.order_by("pk")
    chosen = everything.filter(pk=request.session[KEY]).first() if KEY in request.session else None
    return chosen or everything.first()


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Look at another portfolio from now on."""
    number = request.POST.get("portfolio", "")
    chosen = get_object_or_404(Portfolio, pk=int(number) if number.isascii() and number.isdigit() else 0)
    request.session[KEY] = chosen.pk
    return redirect("overview")
