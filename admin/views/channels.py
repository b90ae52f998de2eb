"""Places outside that messages go to as well: which there are, whether they work, and what waits for them."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from admin.views import portfolio
from sync.alerts import destinations
from sync.alerts.channels.base import DeliveryError
from sync.alerts.channels.registry import KINDS
from sync.models import Delivery, Destination


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All channels of the portfolio."""
    chosen = portfolio.current(request)
    waiting = Count("deliveries", filter=Q(deliveries__state=Delivery.State.PENDING))
    sent = Count("deliveries", filter=Q(deliveries__state=Delivery.State.SENT))
    found = Destination.objects.filter(portfolio=chosen).annotate(waiting=waiting, sent=sent)
    titles = {key: kind.title for key, kind in KINDS.items()}
    context = {"channels": [(each, titles.get(each.kind, each.kind)) for each in found], "kinds": list(titles.items())}
    return render(request, "console/channels.html", context)


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Add a place. Its address and key are sealed, and never shown again."""
    _only_staff(request)
    chosen = portfolio.current(request)
    if chosen is None:
        messages.error(request, "Connect a CRM first: tierline connection add NAME --help")
        return redirect("channels")
    fields = {name: request.POST.get(name, "").strip() for name in ("kind", "name", "url", "key", "only_for")}
    if not fields["name"]:
        messages.error(request, "Give the channel a name.")
        return redirect("channels")
    try:
        destinations.add(
            chosen,
            fields["kind"],
            fields["name"][:60],
            {"url": fields["url"], "key": fields["key"]},
            request.user.get_username(),
            only_for=fields["only_for"],
            only_high="only_high" in request.POST,
        )
    except destinations.Unusable as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"Messages about new alerts go to {fields['name']} as well. Try it.")
    return redirect("channels")


@require_POST
def change(request: HttpRequest, number: int) -> HttpResponse:
    """Try, enable, disable or remove a place."""
    _only_staff(request)
    found = get_object_or_404(Destination.objects.select_related("portfolio"), pk=number)
    wish, actor = request.POST.get("wish", ""), request.user.get_username()
    if wish == "test":
        try:
            where = destinations.test(found, timezone.now())
        except DeliveryError as error:
            messages.error(request, f"{error} {destinations.advice(found)}")
        else:
            messages.success(request, f"{where} took the message.")
    elif wish in ("enable", "disable"):
        destinations.switch(found, wish == "enable", actor)
        messages.success(request, f"{found.name} is {found.state}.")
    elif wish == "remove":
        destinations.remove(found, actor)
        messages.success(request, f"{found.name} is removed. What was sent stays in the log.")
    else:
        messages.error(request, "Choose what to do.")
    return redirect("channels")


def _only_staff(request: HttpRequest) -> None:
    if not getattr(request.user, "is_staff", False):
        raise PermissionDenied("Only an administrator may change channels.")
