"""All runs, and starting one."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from admin.views import paging, portfolio
from sync import queue, starting
from sync.models import Run


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Runs of the portfolio, the newest first; what people answered to findings apart, for these are many."""
    chosen = portfolio.current(request)
    answers = request.GET.get("kind") == Run.Kind.ANSWER
    runs = Run.objects.filter(portfolio=chosen) if chosen else Run.objects.none()
    runs = runs.filter(kind=Run.Kind.ANSWER) if answers else runs.exclude(kind=Run.Kind.ANSWER)
    page = paging.page(request, runs)
    return render(request, "console/runs.html", {"page": page, "answers": answers})


@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """Begin a run and show it; when that is not possible, say why."""
    if not request.user.is_staff:
        raise PermissionDenied("Only people with the right to start runs may do this.")
    chosen = portfolio.current(request)
    if chosen is None:
        messages.error(request, "Nothing is set up yet. Add your CRM: tierline connection add NAME --help")
        return redirect("runs")
    try:
        if not queue.workers_alive(queue.redis()):
            messages.error(request, "No worker is running, so nothing would happen. Start Tierline with: tierline up")
            return redirect("runs")
        run = starting.start(chosen, request.user.get_username())
    except starting.AlreadyRunning as already:
        messages.info(request, f"{already} You see it here.")
        return redirect("run", already.run.pk)
    except (starting.NothingToRun, queue.QueueUnreachable) as reason:
        messages.error(request, str(reason))
        return redirect("runs")
    return redirect("run", run.pk)
