"""The review round: moves of tiers that wait, and what was decided about the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from admin.views import export, paging, portfolio
from sync import labels
from sync.governance import reviewing
from sync.models import Portfolio, TierMove

#: Decided moves the page shows; all of them are in the CSV file.
LAST = 50
DONE = {"accepted": "accepted", "rejected": "rejected", "deferred": "put off until the next round"}


@dataclass(frozen=True)
class Shown:
    """A move with the labels of its tiers."""

    move: TierMove
    before: str
    after: str
    decision: str


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Moves that wait, the most valuable accounts first, and the last ones that were decided."""
    chosen = portfolio.current(request)
    if chosen is None:
        return render(request, "console/review.html", {"rows": [], "decided": []})
    names = labels.labels(chosen)
    page = paging.page(request, reviewing.waiting(chosen))
    decided = _all(chosen).exclude(state=TierMove.State.PROPOSED).order_by("-decided_at", "-pk")[:LAST]
    context = {
        "page": page,
        "rows": [_shown(move, names) for move in page.rows],
        "decided": [_shown(move, names) for move in decided],
        "approval": names.model.tiers.stability.approval if names.model else "none",
    }
    return render(request, "console/review.html", context)


@require_POST
def decide(request: HttpRequest) -> HttpResponse:
    """Accept, reject or put off the moves that are ticked, or all that wait."""
    if not request.user.is_staff:
        raise PermissionDenied("Only people with the right to start runs may decide in the review round.")
    chosen = portfolio.current(request)
    waiting = reviewing.waiting(chosen) if chosen else TierMove.objects.none()
    if "every" not in request.POST:
        waiting = waiting.filter(pk__in=[int(key) for key in request.POST.getlist("move") if _number(key)])
    moves = list(waiting)
    decision = request.POST.get("decision", "")
    try:
        if not moves:
            raise reviewing.Refused("Tick at least one move that waits.")
        comment = request.POST.get("comment", "").replace("\x00", "")[:1000]
        count = reviewing.decide(moves, decision, request.user.get_username(), comment)
    except reviewing.Refused as refused:
        messages.error(request, str(refused))
    else:
        verb = "move is" if count == 1 else "moves are"
        messages.success(request, f"{count:,} {verb} {DONE[decision]}. The next run acts on it.")
    return redirect("review")


@require_safe
def download(request: HttpRequest) -> StreamingHttpResponse:
    """All moves that waited or wait as CSV."""
    chosen = portfolio.current(request)
    return export.csv_file("review.csv", _rows(chosen) if chosen else iter([TITLES]))


TITLES = [
    *("move", "as of", "state", "account", "record id", "value score", "from", "to", "why"),
    *("decided by", "decided at", "comment"),
]


def _rows(chosen: Portfolio) -> Iterator[list[Any]]:
    names = labels.labels(chosen)
    yield TITLES
    for part in export.chunks(_all(chosen)):
        for move in part:
            yield [
                *(move.pk, move.as_of, move.get_state_display(), move.account.name, move.account.record_id),
                *(move.account.value_score, names.tier(move.before), names.tier(move.after), move.why),
                *(move.decided_by, move.decided_at, move.comment),
            ]


def _all(chosen: Portfolio) -> Any:
    return TierMove.objects.filter(account__connection__portfolio=chosen).select_related("account__connection")


def _shown(move: TierMove, names: labels.Labels) -> Shown:
    return Shown(move, names.tier(move.before), names.tier(move.after), move.get_state_display())


def _number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 16
