"""Findings one by one: where each stands, what happened to it, and what a person says about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_POST, require_safe

from admin.views.alerts import PARTS, described
from admin.views.answers import DONE, panel
from sync import labels
from sync.alerts import handling, history
from sync.alerts.states import DEEDS, EVENTS, Event
from sync.models import Alert, Finding, FindingEvent

NOT_YOURS = "Only whoever has these findings or stands in, and people who may start runs, may answer them."


@dataclass(frozen=True)
class EventShown:
    event: FindingEvent
    words: str
    value: str
    opened: bool


@require_safe
def show(request: HttpRequest, number: int) -> HttpResponse:
    """One finding: what is wrong, where it stands, everything that happened to it."""
    finding = get_object_or_404(
        Finding.objects.select_related("connection__portfolio", "alert__owner", "alert__portfolio"), pk=number
    )
    names = labels.labels(finding.connection.portfolio)
    (row,) = described([finding], names)
    context = {
        "row": row,
        "title": names.rule(finding.rule),
        "events": [
            EventShown(
                each,
                EVENTS[Event(each.event)],
                names.value(finding.field, each.value) if each.value else "",
                each.event in history.OPENED,
            )
            for each in history.of(finding)
        ],
    }
    return render(request, "console/finding.html", context | panel(request, finding.alert, [finding]))


@require_POST
def handle(request: HttpRequest, number: int) -> HttpResponse:
    """Say something about one finding."""
    finding = get_object_or_404(Finding.objects.select_related("connection__portfolio", "alert__owner"), pk=number)
    taken_back = request.POST.get("deed") == Event.TAKE_BACK and handling.may_take_back(request.user, finding)
    if not taken_back and (finding.alert is None or not handling.may(request.user, finding.alert)):
        raise PermissionDenied(NOT_YOURS)
    _do(request, finding.alert, [finding.pk])
    return redirect("finding", number)


@require_POST
def handle_alert(request: HttpRequest, number: int) -> HttpResponse:
    """Say something about the findings of an alert that were ticked, or about all of them."""
    alert = get_object_or_404(Alert.objects.select_related("portfolio", "owner"), pk=number)
    if not handling.may(request.user, alert):
        raise PermissionDenied(NOT_YOURS)
    theirs = Finding.objects.filter(alert=alert).exclude(state=Finding.State.RESOLVED)
    part = request.POST.get("all", "")
    if part in PARTS:
        theirs = theirs.filter(state__in=PARTS[part][1])
    else:
        ticked = [int(each) for each in request.POST.getlist("finding") if each.isascii() and each.isdigit()]
        theirs = theirs.filter(pk__in=ticked)
    _do(request, alert, list(theirs.values_list("pk", flat=True)))
    return redirect("alert", number)


def _do(request: HttpRequest, alert: Alert | None, findings: Sequence[int]) -> None:
    deed = next((each for each in DEEDS if each == request.POST.get("deed")), None)
    if deed is None or alert is None:
        messages.error(request, "Choose what to do.")
        return
    until = _day(request, deed)
    try:
        done = handling.do(
            alert.portfolio,
            findings,
            deed,
            request.user.get_username(),
            reason=request.POST.get("reason", "").replace("\x00", "")[:500],
            until=until,
        )
    except handling.Refused as refused:
        messages.error(request, str(refused))
        return
    left = len(findings) - done
    more = f" {left:,} stood where this cannot be done, and stay as they were." if left else ""
    said = DONE[deed].format(until=until or "its last day")
    messages.success(request, f"{done:,} record{'' if done == 1 else 's'} {said}.{more}")


def _day(request: HttpRequest, deed: Event) -> date | None:
    try:
        return parse_date(request.POST.get(f"until_{deed}", ""))
    except ValueError:  # the 31st of February
        return None
