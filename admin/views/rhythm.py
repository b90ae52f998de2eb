"""One person's rhythm: why something has not come yet, and what he chooses for himself."""

from __future__ import annotations

from django.contrib import messages as notes
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from admin import messages
from scoring.model.alerts import PACES
from scoring.model.days import WEEKDAYS
from sync.alerts import own_rhythms, rhythms
from sync.models import Owner, OwnRhythm


@require_safe
def show(request: HttpRequest, number: int) -> HttpResponse:
    """How soon this person is told, who decided that, and what waits for him."""
    owner = get_object_or_404(Owner.objects.select_related("portfolio"), pk=number)
    own = OwnRhythm.objects.filter(portfolio=owner.portfolio, email=owner.email.lower()).first()
    shown = messages.rhythm(owner)
    told = dict(shown.next_at)
    context = {
        "owner": owner,
        "shown": shown,
        "paces": [(*each, told[each[0]], getattr(own, each[0], "")) for each in shown.paces],
        "own": own,
        "waiting": messages.log(owner.portfolio, person=owner.pk, state="pending"),
        "choices": [(pace, messages.PACES[pace]) for pace in PACES],
        "weekdays": [(day, day.capitalize()) for day in WEEKDAYS],
        "own_hours": rhythms.rules_of(owner.portfolio).own_choice.hours,
        "may_choose": _may_choose(request, owner),
    }
    return render(request, "console/rhythm.html", context)


@require_POST
def choose(request: HttpRequest, number: int) -> HttpResponse:
    """Keep what was chosen; what is left empty is as the model has it."""
    owner = get_object_or_404(Owner.objects.select_related("portfolio"), pk=number)
    if not _may_choose(request, owner):
        raise PermissionDenied("Only an administrator, or the person whose messages these are, may choose.")
    wanted = {name: request.POST[name].strip() for name in own_rhythms.CHOICES if name in request.POST}
    try:
        own_rhythms.choose(owner.portfolio, owner.email, request.user.get_username(), **wanted)
    except own_rhythms.NotAllowed as refused:
        notes.error(request, str(refused))
    else:
        notes.success(request, "Kept. What waits to be sent follows it.")
    return redirect("rhythm", number)


def _may_choose(request: HttpRequest, owner: Owner) -> bool:
    """An administrator, and whoever the messages go to."""
    user = request.user
    mine = str(getattr(user, "email", "")).lower()
    return bool(owner.email) and (bool(getattr(user, "is_staff", False)) or mine == owner.email.lower())
