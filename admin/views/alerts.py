"""Alerts: whose, about what, until when; and the findings of one."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from admin.views import paging, portfolio
from sync import labels
from sync.alerts.channels.registry import TITLES
from sync.fixing import questions
from sync.links import record_url
from sync.models import AccountState, Alert, Delivery, Finding, Owner

STATES = (("open", "open"), ("resolved", "resolved"), ("all", "all"))


@dataclass(frozen=True)
class AlertShown:
    alert: Alert
    title: str
    findings: int
    late: bool


@dataclass(frozen=True)
class FindingShown:
    finding: Finding
    field: str
    url: str
    account: int | None
    can_be_fixed: bool


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
    if owner.isascii() and owner.isdigit():
        alerts = alerts.filter(owner=int(owner))
    page = paging.page(request, alerts.select_related("owner").order_by("state", "owner__name", "due_on", "pk"))
    context = {
        "page": page,
        "alerts": _shown(page.rows),
        "state": state,
        "filters": [
            (words, key, sum(counts.values()) if key == "all" else counts.get(key, 0)) for key, words in STATES
        ],
        "owner": owner,
        "owners": Owner.objects.filter(portfolio=chosen, alerts__isnull=False).distinct().order_by("name"),
    }
    return render(request, "console/alerts.html", context)


@require_safe
def show(request: HttpRequest, number: int) -> HttpResponse:
    """One alert: its findings, why it went to this person, what was sent."""
    alert = get_object_or_404(Alert.objects.select_related("owner", "portfolio"), pk=number)
    findings = Finding.objects.filter(alert=alert).select_related("connection")
    if alert.state == Alert.State.OPEN:
        findings = findings.filter(state=Finding.State.OPEN)
    page = paging.page(request, findings.order_by("due_on", "pk"))
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
        "deliveries": deliveries,
        "late": _late(alert),
    }
    return render(request, "console/alert.html", context)


def _shown(alerts: list[Alert]) -> list[AlertShown]:
    """With the number of open findings; of all findings once an alert is resolved."""
    keys = [alert.pk for alert in alerts]
    counted = {
        row["alert"]: row
        for row in Finding.objects.filter(alert__in=keys)
        .order_by()
        .values("alert")
        .annotate(n=Count("pk"), unsolved=Count("pk", filter=Q(state=Finding.State.OPEN)))
    }
    nothing = {"n": 0, "unsolved": 0}
    return [
        AlertShown(
            alert,
            labels.rule_title(alert.rule),
            counted.get(alert.pk, nothing)["unsolved" if alert.state == Alert.State.OPEN else "n"],
            _late(alert),
        )
        for alert in alerts
    ]


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
    return [
        FindingShown(
            finding,
            names.field(finding.field) if finding.field else "",
            record_url(finding.connection, finding.kind, finding.record_id),
            accounts.get((finding.connection_id, finding.account_id)),
            finding.state in Finding.WAITING and questions.can_be_asked(names.model, finding),
        )
        for finding in findings
    ]
