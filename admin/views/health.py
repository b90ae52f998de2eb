"""Whether the console can work: for load balancers and monitoring."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from sync import queue


@never_cache
@login_not_required
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """200 when database and job queue answer, else 503; says which of them does not, and no more."""
    answers = {"database": _database(), "queue": _queue()}
    well = all(answers.values())
    words = {name: "ok" if answer else "unreachable" for name, answer in answers.items()}
    return JsonResponse({"status": "ok" if well else "failing", **words}, status=200 if well else 503)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    return True


def _queue() -> bool:
    try:
        queue.redis().close()
    except queue.QueueUnreachable:
        return False
    return True
