"""What a person decides about a run: approve or drop one that waits, or take back one that wrote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from sync import labels, queue, tally
from sync.models import Change, Run
from sync.writing import holding, undoing

SCOPE: dict[str, list[str]] = {}


@dataclass(frozen=True)
class MoveShown:
    """How many accounts go from one tier to another, and to what it amounts: "up", "down", "first", "lost"."""

    old: tuple[str, str]
    new: tuple[str, str]
    count: int
    direction: str


def moves(run: Run) -> list[MoveShown]:
    """The tier moves a run planned, downgrades and losses first."""
    names = labels.labels(run.portfolio)
    keys = list(names.model.tiers.keys) if names.model else []
    rank = {key: position for position, key in enumerate(keys)}
    shown = []
    for (old, new), count in tally.moves(run.counts).items():
        direction = "first" if not old else "lost" if not new else "down"
        if direction == "down" and rank.get(new, 0) < rank.get(old, 0):
            direction = "up"
        shown.append(MoveShown((old, names.tier(old)), (new, names.tier(new)), count, direction))
    order = ("lost", "down", "up", "first")
    return sorted(shown, key=lambda move: (order.index(move.direction), -move.count))


def parts(run: Run) -> list[tuple[str, str, int]]:
    """What can be left out on approval: key, words, and how many records that is."""
    count: dict[str, int] = {"moves": 0, "downgrades": 0, "lost": 0}
    for move in moves(run):
        count["moves"] += move.count if move.direction in ("up", "down") else 0
        count["downgrades"] += move.count if move.direction == "down" else 0
        count["lost"] += move.count if move.direction == "lost" else 0
    return [(key, words, count[key]) for key, words in holding.PARTS.items() if count[key]]


def undoable(run: Run) -> bool:
    """Whether the page offers to take this run back."""
    ended = run.state not in (Run.State.ACTIVE, Run.State.HELD)
    return ended and undoing.written(run, SCOPE).exists()


@require_POST
def decide(request: HttpRequest, number: int) -> HttpResponse:
    """Approve the run, without the parts that were ticked, or drop it."""
    run = get_object_or_404(Run, pk=number)
    _may(request)
    actor = request.user.get_username()
    chosen = [key for key in holding.PARTS if key in request.POST.getlist("leave_out")]
    try:
        if request.POST.get("decision") == "drop":
            holding.drop(run, actor)
            messages.success(request, f"{run} is dropped. Nothing more of it was sent.")
        else:
            left_out = holding.approve(run, actor, leave_out=chosen)
            without = f" {left_out:,} records were left out." if left_out else ""
            messages.success(request, f"{run} is approved and goes on.{without}")
    except (holding.NotHeld, holding.Busy) as reason:
        messages.error(request, str(reason))
    return redirect("run", number)


@require_GET
def ask_undo(request: HttpRequest, number: int) -> HttpResponse:
    """What taking the run back, or its change of one `account`, would do, before anything is done."""
    run = get_object_or_404(Run.objects.select_related("portfolio", "model"), pk=number)
    _may(request)
    account = request.GET.get("account", "")
    rows = undoing.written(run, {"accounts": [account] if account else []})
    later = (
        Change.objects.filter(run__portfolio=run.portfolio, run__pk__gt=run.pk, state=Change.State.VERIFIED)
        .filter(record_id__in=rows.values("record_id"))
        .aggregate(n=Count("record_id", distinct=True))["n"]
    )
    names = labels.labels(run.portfolio)
    context: dict[str, Any] = {
        "run": run,
        "records": rows.count(),
        "later": later,
        "account": rows.first() if account else None,
        "fields": [(key, names.field(key)) for key in undoing.OUTPUTS],
    }
    return render(request, "console/undo.html", context)


@require_POST
def undo(request: HttpRequest, number: int) -> HttpResponse:
    """Begin to take the run back, or the fields and the account that were chosen of it."""
    run = get_object_or_404(Run.objects.select_related("portfolio", "model"), pk=number)
    _may(request)
    chosen = [key for key in undoing.OUTPUTS if key in request.POST.getlist("field")]
    account = request.POST.get("account", "")
    try:
        if not chosen:
            raise undoing.CannotUndo("Choose at least one value to take back.")
        if not queue.workers_alive(queue.redis()):
            messages.error(request, "No worker is running, so nothing would happen. Start Tierline with: tierline up")
            return redirect("run", number)
        every = len(chosen) == len(undoing.OUTPUTS)
        fields = [] if every else undoing.field_names(run, chosen)
        back = undoing.start(run, request.user.get_username(), accounts=[account] if account else [], fields=fields)
    except (undoing.CannotUndo, queue.QueueUnreachable) as reason:
        messages.error(request, str(reason))
        return redirect("run", number)
    return redirect("run", back.pk)


def _may(request: HttpRequest) -> None:
    if not request.user.is_staff:
        raise PermissionDenied("Only people with the right to start runs may decide about them.")
