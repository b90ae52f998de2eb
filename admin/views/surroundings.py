"""What every page shows around its content: where one is, the portfolios, what waits."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from admin.views import portfolio
from sync.matching import matches
from sync.models import Alert, Portfolio

#: Title -> address name, and the first part of the address of the pages below it.
PAGES = (
    ("Overview", "overview", ""),
    ("Runs", "runs", "runs"),
    ("Accounts", "accounts", "accounts"),
    ("Alerts", "alerts", "alerts"),
    ("Mandatory values", "rollout", "mandatory"),
    ("Data quality", "quality", "quality"),
    ("Overrides", "overrides", "overrides"),
    ("Review round", "review", "review"),
    ("Calibrations", "calibrations", "calibrations"),
)
#: The page of portfolios with two CRMs.
BOTH = ("Both CRMs", "two_crms", "crms")


def surroundings(request: HttpRequest) -> dict[str, Any]:
    """A template context processor; empty for people who are not logged in."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    chosen = portfolio.current(request)
    place = request.path.strip("/").partition("/")[0]
    place = "alerts" if place in ("findings", "answers") else place
    pages = (*PAGES, BOTH) if chosen and matches.crms_of(chosen) else PAGES
    return {
        "navigation": [(title, name, place == first) for title, name, first in pages],
        "portfolio": chosen,
        "portfolios": Portfolio.objects.order_by("name"),
        "open_alerts": Alert.objects.filter(portfolio=chosen, state=Alert.State.OPEN).count() if chosen else 0,
        "time_zone": timezone.get_current_timezone_name(),
    }
