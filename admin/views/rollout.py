"""Mandatory values: how far their introduction is, who still has accounts to fill, when the CRM may begin to refuse."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from admin.views import portfolio
from sync import labels
from sync.models import Connection
from sync.quality import rollout

#: Owners on the page, those with most to fill first.
SHOWN = 20
STAGES = {
    "optional": "nobody is asked yet",
    "warn": "owners are told what is missing",
    "required": "the CRM refuses records without, once enough are filled",
}


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every requirement of the model, per CRM."""
    chosen = portfolio.current(request)
    names = labels.labels(chosen) if chosen else None
    rows = [_row(each, connection, names) for connection in (chosen.crms() if chosen and names else ()) for each in
            rollout.progress(connection)]  # fmt: skip
    return render(request, "console/rollout.html", {"rows": rows})


def _row(each: rollout.Rollout, connection: Connection, names: Any) -> dict[str, Any]:
    return {
        "connection": connection,
        "key": each.requirement.key,
        "values": [names.field(value) for value in each.requirement.values],
        "stage": STAGES[each.requirement.stage],
        "since": each.requirement.since,
        "off": connection.mandatory_off,
        "rollout": each,
        "percent": round(100 * each.filled),
        "needed": round(100 * each.needed),
        "owners": each.owners[:SHOWN],
        "more": max(len(each.owners) - SHOWN, 0),
    }
