"""Alerts: whose, about what, until when; and the findings of one."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from admin.views import paging, portfolio
from admin.views.answers import panel
from sync import labels
from sync.alerts import handling, states
from sync.alerts.channels.registry import TITLES
from sync.fixing import questions
from sync.links import record_url
from sync.models import AccountState, Alert, Delivery, Finding, FindingEvent, Owner, Todo

STATES = (("open", "open"), ("resting", "resting"), ("resolved", "resolved"), ("all", "all"))
#: Part of an alert's findings -> its words, and the states in it.
PARTS = {
    "waiting": ("wait", states.WAITING),
    "resting": ("rest", states.RESTING),
    "mended": ("mended", (states.State.RESOLVED,)),
}
MINE = "mine"


@dataclass(frozen=True)
class AlertShown:
    alert: Alert
    title: str
    findings: int
    standing: str
    late: bool


@dataclass(frozen=True)
class FindingShown:
    finding: Finding
    field: str
    url: str
    account: int | None
    can_be_fixed: bool
    said: FindingEvent | None
    only_in_crm: bool = False


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Alerts by owner, the open ones first."""
    chosen = portfolio.current(request)
    state = request.GET.get("state", "")
    state = state if state in dict(STATES) else "open"
    owner = request.GET.get("owner", "")
    alerts = Alert.objects.filter(portfolio=chosen) if chosen else Alert.objects.none()
    counts = dict(alerts.order_by().values_list("state").annotate(n=Count("pk")))
    if state != "all":
        alerts = alerts.filter(state=state)
    mine = handling.answered_by(request.user, chosen) if chosen else set()
    if owner.isascii() and owner.isdigit():
        alerts = alerts.filter(owner=int(owner))
    elif owner == MINE:
        addresses = Owner.objects.filter(portfolio=chosen).annotate(address=Lower("email")).filter(address__in=mine)
        alerts = alerts.filter(owner__in=addresses)
    page = paging.page(request, alerts.select_related("owner").order_by("state", "owner__name", "due_on", "pk"))
    context = {
        "page": page,
        "alerts": _shown(page.rows),
        "state": state,
        "filters": [
            (words, key, sum(counts.values()) if key == "all" else counts.get(key, 0)) for key, words in STATES
        ],
        "owner": owner,
        "may_be_mine": bool(mine),
        "owners": Owner.objects.filter(portfolio=chosen, alerts__isnull=False).distinct().order_by("name"),
    }
    return render(request, "console/alerts.html", context)


@require_safe
def show(request: HttpRequest, number: int) -> HttpResponse:
    """One alert: its findings, why it went to this person, what was sent."""
    alert = get_object_or_404(Alert.objects.select_related("owner", "portfolio"), pk=number)
    findings = Finding.objects.filter(alert=alert)
    counts = {key: findings.filter(state__in=among).count() for key, (_, among) in PARTS.items()}
    part = request.GET.get("show", "")
    part = part if part in PARTS else next((key for key, count in counts.items() if count), "waiting")
    mine = findings.filter(state__in=PARTS[part][1]).select_related("connection")
    page = paging.page(request, mine.order_by("due_on", "pk"))
    names = labels.labels(alert.portfolio)
    shown = described(page.rows, names)
    deliveries = [
        (delivery, _channel(delivery))
        for delivery in alert.deliveries.select_related("destination").order_by("channel", "pk")
    ]
    context = {
        "alert": alert,
        "title": names.rule(alert.rule),
        "page": page,
        "findings": shown,
        "several": sum(row.can_be_fixed for row in shown) > 1,
        "parts": [(key, words, counts[key], key == part) for key, (words, _) in PARTS.items()],
        "part": part,
        "part_words": PARTS[part][0],
        "deliveries": deliveries,
        "task": Todo.objects.filter(owner=alert.owner, ended="").first(),
        "late": _late(alert),
    }
    return render(request, "console/alert.html", context | panel(request, alert, page.rows))


def _shown(alerts: list[Alert]) -> list[AlertShown]:
    """With the number of findings that are not mended, by where they stand; of all once an alert is resolved."""
    counted = Finding.objects.filter(alert__in=[alert.pk for alert in alerts]).order_by().values("alert", "state")
    standing: dict[int, dict[str, int]] = {}
    for row in counted.annotate(n=Count("pk")):
        standing.setdefault(row["alert"], {})[row["state"]] = row["n"]
    shown = []
    for alert in alerts:
        numbers = standing.get(alert.pk, {})
        mended = numbers.pop(states.State.RESOLVED, 0)
        words = ", ".join(f"{numbers[key]:,} {words}" for key, words in states.STATES.items() if numbers.get(key))
        total = mended if alert.state == Alert.State.RESOLVED else sum(numbers.values())
        shown.append(AlertShown(alert, labels.rule_title(alert.rule), total, words, _late(alert)))
    return shown


def _channel(delivery: Delivery) -> str:
    title = TITLES.get(delivery.channel, delivery.channel)
    return f"{title} ({delivery.destination})" if delivery.destination else title


def _late(alert: Alert) -> bool:
    return alert.state == Alert.State.OPEN and alert.due_on < timezone.localdate()


def described(findings: list[Finding], names: labels.Labels) -> list[FindingShown]:
    """Findings with the name of their field, and where their record and account are seen."""
    accounts = {
        (connection, record_id): pk
        for pk, connection, record_id in AccountState.objects.filter(
            connection__in={finding.connection_id for finding in findings},
            record_id__in={finding.account_id for finding in findings if finding.account_id},
        ).values_list("pk", "connection", "record_id")
    }
    said = handling.last_said(findings)
    return [
        FindingShown(
            finding,
            names.field(finding.field) if finding.field else "",
            record_url(finding.connection, finding.kind, finding.record_id),
            accounts.get((finding.connection_id, finding.account_id)),
            finding.state in Finding.WAITING and questions.can_be_asked(names.model, finding),
            said.get(finding.pk),
            finding.state in Finding.WAITING and questions.only_in_crm(names.model, finding),
        )
        for finding in findings
    ]
