"""Alerts: whose, about what, until when; and the findings of one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from admin.views import owing, paging, portfolio
from admin.views.answers import panel
from sync import labels
from sync.alerts import handling, states
from sync.alerts.channels.registry import TITLES
from sync.fixing import questions
from sync.links import record_url
from sync.models import AccountState, Alert, Delivery, Finding, FindingEvent, Owner, Portfolio, Todo

STATES = (("open", "open"), ("resting", "resting"), ("resolved", "resolved"), ("all", "all"))
#: Part of an alert's findings -> its words, and the states in it.
PARTS = {
    "waiting": ("to do", states.WAITING),
    "resting": ("put aside", states.RESTING),
    "mended": ("mended", (states.State.RESOLVED,)),
}
MINE = "mine"


@dataclass(frozen=True)
class Asked:
    """What the address asks for; what it asks for wrongly is left out. `owner`: a number, "mine", or ""."""

    state: str
    owner: str
    rule: str
    sort: str

    @classmethod
    def of(cls, request: HttpRequest) -> Asked:
        given = {key: str(value).replace("\x00", "")[:100] for key, value in request.GET.items()}
        state, owner, sort = given.get("state", ""), given.get("owner", ""), given.get("sort", "")
        number = owner.isascii() and owner.isdigit()
        return cls(
            state=state if state in dict(STATES) else "open",
            owner=owner[:18] if number or owner == MINE else "",
            rule=given.get("rule", ""),
            sort=sort if sort in dict(owing.SORTS) else owing.SORTS[0][0],
        )


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
    """Who owes what: people with their alerts; of one person, the alerts one by one."""
    chosen = portfolio.current(request)
    asked = Asked.of(request)
    ours = Alert.objects.filter(portfolio=chosen) if chosen else Alert.objects.none()
    mine = handling.answered_by(request.user, chosen) if chosen else set()
    narrowed = _narrowed(ours, asked, mine)
    counts = dict(narrowed.order_by().values_list("state").annotate(n=Count("pk")))
    alerts = narrowed if asked.state == "all" else narrowed.filter(state=asked.state)
    shown = _by_person(request, chosen, asked, alerts) if chosen and not asked.owner else _one_by_one(request, alerts)
    owners = Owner.objects.filter(portfolio=chosen, alerts__isnull=False).distinct().order_by("name")
    model = labels.labels(chosen).model if chosen else None
    context = {
        "asked": asked,
        "filters": [
            (words, paging.address(request, state=key, page=""), key == asked.state, _count(counts, key))
            for key, words in STATES
        ],
        "may_be_mine": bool(mine),
        "owners": owners,
        "person": owners.filter(pk=int(asked.owner)).first() if asked.owner.isdigit() else None,
        "rules": sorted(
            (labels.rule_title(rule), rule) for rule in set(ours.values_list("rule", flat=True).distinct())
        ),
        "sorts": owing.SORTS,
        "currency": model.currency if model else "",
    }
    return render(request, "console/alerts.html", context | shown)


def _narrowed(alerts: QuerySet[Alert], asked: Asked, mine: Collection[str]) -> QuerySet[Alert]:
    """Those of the person and the rule asked for."""
    if asked.owner == MINE:
        addresses = Owner.objects.annotate(address=Lower("email")).filter(address__in=mine)
        alerts = alerts.filter(owner__in=addresses)
    elif asked.owner:
        alerts = alerts.filter(owner=int(asked.owner))
    return alerts.filter(rule=asked.rule) if asked.rule else alerts


def _by_person(request: HttpRequest, chosen: Portfolio, asked: Asked, alerts: QuerySet[Alert]) -> dict[str, Any]:
    page = paging.page(request, Owner.objects.all(), owing.order(chosen, alerts, asked.sort, asked.rule))
    theirs = alerts.filter(owner__in=[owner.pk for owner in page.rows]).select_related("owner")
    shown = _shown(list(theirs.order_by("due_on", "pk")))
    people = owing.people(chosen, page.rows, shown, asked.rule, waiting=asked.state in ("open", "all"))
    return {"page": page, "people": people}


def _one_by_one(request: HttpRequest, alerts: QuerySet[Alert]) -> dict[str, Any]:
    page = paging.page(request, alerts.select_related("owner").order_by("state", "owner__name", "due_on", "pk"))
    return {"page": page, "alerts": _shown(page.rows)}


def _count(counts: Mapping[str, int], state: str) -> int:
    return sum(counts.values()) if state == "all" else counts.get(state, 0)


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
