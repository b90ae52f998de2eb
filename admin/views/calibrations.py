"""Calibrations: the boundaries of the tiers in force, proposals of others, and earlier ones to go back to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from admin import moves
from admin.views import export, portfolio
from sync import labels, outputs
from sync.governance import calibrations
from sync.models import AccountState, Calibration

#: Accounts on the page; all that are stored are in the CSV file.
SHOWN = 50


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The calibrations of the model in force, proposals first."""
    chosen = portfolio.current(request)
    model = chosen.model_in_force() if chosen else None
    if model is None:
        return render(request, "console/calibrations.html", {"proposals": [], "others": []})
    held = calibrations.current(model)
    found = list(model.calibrations.order_by("-as_of", "-pk"))
    told = [(each, sum(each.comparison.get("moves", {}).values()), each.comparison.get("customers")) for each in found]
    context = {
        "held": held,
        "proposals": [row for row in told if row[0].state == Calibration.State.PROPOSED],
        "others": [row for row in told if row[0].state != Calibration.State.PROPOSED and row[0] != held],
    }
    return render(request, "console/calibrations.html", context)


@require_safe
def show(request: HttpRequest, number: int) -> HttpResponse:
    """What one would move or has moved, and publishing it."""
    found = get_object_or_404(Calibration.objects.select_related("model__portfolio"), pk=number)
    model = outputs.model(found.model)
    names = labels.Labels(model)
    told = moves.comparison(found.comparison, model)
    in_force = found.model.portfolio.model_in_force() == found.model
    context = {
        "calibration": found,
        "held": calibrations.current(found.model) == found,
        "of_model_in_force": in_force,
        "note": calibrations.note(found),
        "compared": bool(found.comparison),
        "told": told,
        "grid": moves.grid(told.pairs, model, names.tier),
        "tiers": [(key, names.tier(key)) for key in model.tiers.keys],
        "shares": [(key, names.tier(key), before or 0.0, after or 0.0) for key, before, after in told.shares],
        "sides": [
            (side, [(names.tier(a), names.tier(b), count) for a, b, count in side.told.pairs]) for side in told.beside
        ],
        "accounts": [_account(row, names) for row in _with_pages(found, told.accounts[:SHOWN])],
        "currency": model.currency,
    }
    return render(request, "console/calibration.html", context)


@require_POST
def decide(request: HttpRequest, number: int) -> HttpResponse:
    """Publish a calibration, a proposed or an earlier one, or leave a proposal aside."""
    found = get_object_or_404(Calibration.objects.select_related("model__portfolio"), pk=number)
    if not request.user.is_staff:
        raise PermissionDenied("Only people with the right to start runs may publish a calibration.")
    actor = request.user.get_username()
    try:
        if request.POST.get("decision") == "publish":
            calibrations.publish(found, actor)
            messages.success(request, f"The calibration of {found.as_of} is in force from the next run on.")
        elif request.POST.get("decision") == "reject":
            calibrations.reject(found, actor)
            messages.success(request, f"The calibration of {found.as_of} is rejected; nothing changes.")
        else:
            messages.error(request, "Choose what to do.")
    except calibrations.Refused as refused:
        messages.error(request, str(refused))
    return redirect("calibration", number)


@require_safe
def download(request: HttpRequest, number: int) -> StreamingHttpResponse:
    """The accounts that would move as CSV."""
    found = get_object_or_404(Calibration.objects.select_related("model"), pk=number)
    return export.csv_file(f"calibration-{number}.csv", _rows(found))


def _rows(found: Calibration) -> Iterator[list[Any]]:
    model = outputs.model(found.model)
    names = labels.Labels(model)
    yield [
        *("account", "record id", "from", "to", f"revenue ({model.currency})", "owner", "open deals"),
        f"open amount ({model.currency})",
    ]
    told = moves.comparison(found.comparison, model)
    for each in told.accounts:
        yield [
            *(each["name"], each["id"], names.tier(each["from"]), names.tier(each["to"]), each["revenue"]),
            *(each.get("owner"), each.get("deals"), each["open_amount"]),
        ]
    if told.unnamed:
        yield [f"... and {told.unnamed:,} more, with less revenue, that are counted but not named"]


def _with_pages(found: Calibration, accounts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each with the number of the account's own page."""
    known = AccountState.objects.filter(
        connection__portfolio=found.model.portfolio, record_id__in=[each["id"] for each in accounts]
    )
    pages = dict(known.values_list("record_id", "pk"))
    return [{**each, "page": pages.get(each["id"])} for each in accounts]


def _account(row: dict[str, Any], names: labels.Labels) -> dict[str, Any]:
    there, here = row["from"], row["to"]
    return {**row, "before": there, "before_words": names.tier(there), "after": here, "after_words": names.tier(here)}
