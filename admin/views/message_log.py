"""The log of messages: who got what which way, when, what failed and why, and when it is tried again."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from admin import messages
from admin.views import paging, portfolio
from sync.models import Delivery, Owner

STATES = (("all", ""), *((words, str(key)) for key, words in Delivery.State.choices))


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Messages and tasks, the newest first, of everybody or of one person."""
    chosen = portfolio.current(request)
    state = request.GET.get("state", "")
    state = state if state in Delivery.State.values else ""
    person, page = (_number(request, name) for name in ("person", "page"))
    owners = Owner.objects.filter(portfolio=chosen).order_by("name")
    first = max(page - 1, 0) * paging.ROWS
    rows = messages.log(chosen, person=person, state=state, limit=first + paging.ROWS + 1) if chosen else []
    context = {
        "rows": rows[first : first + paging.ROWS],
        "filters": [(words, paging.address(request, state=key, page=""), key == state) for words, key in STATES],
        "state": state,
        "owners": owners,
        "person": owners.filter(pk=person).first() if person else None,
        "previous": paging.address(request, page=page - 1) if page > 1 else "",
        "following": paging.address(request, page=max(page, 1) + 1) if len(rows) > first + paging.ROWS else "",
    }
    return render(request, "console/messages.html", context)


def _number(request: HttpRequest, name: str) -> int:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
