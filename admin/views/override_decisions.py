"""Asking for an override, and deciding about one."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_POST

from admin.views import account as account_page
from sync.governance import overriding
from sync.models import AccountState, Override

_ANSWERED = "Answered. It stands in the record after the next run."


@require_POST
def ask(request: HttpRequest, number: int) -> HttpResponse:
    """Ask for another tier of this account. Whoever sees it may ask: asking alone moves nothing."""
    account = get_object_or_404(AccountState.objects.select_related("connection__portfolio", "score"), pk=number)
    until = _day(request)
    try:
        if until is None:
            raise overriding.Refused("Say until when it should hold, as a date.")
        made = overriding.request(
            account,
            request.POST.get("tier", ""),
            request.user.get_username(),
            kind=request.POST.get("kind", ""),
            reason=request.POST.get("reason", ""),
            comment=_comment(request),
            until=until,
            today=timezone.localdate(),
        )
    except overriding.Refused as refused:
        messages.error(request, str(refused))
        return account_page.page(request, number, request.POST.dict())
    messages.success(request, "Asked for. Somebody else decides; until then the tier stays.")
    return redirect("override", made.pk)


@require_POST
def decide(request: HttpRequest, number: int) -> HttpResponse:
    """Approve or reject a request, end an override that is in force, or judge one that has ended."""
    found = get_object_or_404(Override.objects.select_related("account__connection__portfolio"), pk=number)
    actor = request.user.get_username()
    decision = request.POST.get("decision", "")
    try:
        if decision in ("approve", "reject"):
            _may_decide(request, found)
            said = _approve(request, found) if decision == "approve" else _reject(request, found)
        else:
            _may_end(request)
            if decision == "end":
                overriding.end(found, actor)
                said = "Ended. The next run publishes the computed tier again."
            elif decision in ("right", "wrong"):
                overriding.judge(found, decision == "right", actor)
                said = f"Kept: it was {decision}."
            else:
                raise overriding.Refused("Choose what to do.")
    except overriding.Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, said)
    return redirect("override", number)


def _approve(request: HttpRequest, found: Override) -> str:
    overriding.approve(
        found,
        request.user.get_username(),
        today=timezone.localdate(),
        reason=request.POST.get("reason", ""),
        comment=_comment(request),
        until=_day(request),
    )
    return _ANSWERED if found.field == overriding.REMARK else "Approved. The next run publishes it."


def _reject(request: HttpRequest, found: Override) -> str:
    overriding.reject(found, request.user.get_username(), _comment(request))
    remark = found.field == overriding.REMARK
    return (
        "Answered. It stands in the record after the next run."
        if remark
        else "Rejected. The next run publishes the computed tier."
    )


def _may_decide(request: HttpRequest, found: Override) -> None:
    if not overriding.may_decide(request.user, found):
        raise PermissionDenied(
            "You may not decide about this override: it is your own, or it takes somebody whom the model names for it."
        )


def _may_end(request: HttpRequest) -> None:
    if not request.user.is_staff:
        raise PermissionDenied("Only people with the right to start runs may end or judge an override.")


def _day(request: HttpRequest) -> date | None:
    try:
        return parse_date(request.POST.get("until", ""))
    except ValueError:  # the 31st of February
        return None


def _comment(request: HttpRequest) -> str:
    return request.POST.get("comment", "").replace("\x00", "")[:1000]
