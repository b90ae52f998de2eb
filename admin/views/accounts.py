"""All accounts of a portfolio: found by name, filtered, sorted, exported."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OrderBy, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from admin.views import export, paging, portfolio
from sync import labels
from sync.links import record_url
from sync.matching import matches
from sync.models import AccountState, Portfolio

#: A filter value for "has none".
NONE = "none"
SCOPES = (("in", "in scope"), ("out", "out of scope"))
SORTS = (
    ("name", "name"),
    ("value", "value score, highest first"),
    ("value_up", "value score, lowest first"),
    ("moved", "tier changed, newest first"),
)
_ORDER: dict[str, tuple[OrderBy | str, ...]] = {
    "name": ("name", "pk"),
    "value": (F("value_score").desc(nulls_last=True), "pk"),
    "value_up": (F("value_score").asc(nulls_last=True), "pk"),
    "moved": (F("tier_since").desc(nulls_last=True), "pk"),
}


@dataclass(frozen=True)
class Filter:
    """What the address asks for; what it asks for wrongly is left out."""

    name: str = ""
    tier: str = ""
    segment: str = ""
    scope: str = ""
    without_orders: bool = False
    sort: str = "name"

    @classmethod
    def of(cls, request: HttpRequest) -> Filter:
        given = {key: str(value).replace("\x00", "").strip()[:100] for key, value in request.GET.items()}
        return cls(
            name=given.get("q", ""),
            tier=given.get("tier", ""),
            segment=given.get("segment", ""),
            scope=given.get("scope", "") if given.get("scope") in dict(SCOPES) else "",
            without_orders=given.get("orders") == NONE,
            sort=given.get("sort", "") if given.get("sort") in _ORDER else "name",
        )

    def __bool__(self) -> bool:
        return self != Filter(sort=self.sort)

    def accounts(self, chosen: Portfolio) -> QuerySet[AccountState]:
        """The accounts that pass, in no order; a company with a record in each CRM once, found by both."""
        wanted = Q(connection__in=list(chosen.crms().values_list("pk", flat=True)))
        if self.name:
            other = matches.confirmed(chosen).filter(first=OuterRef("connection"), first_record=OuterRef("record_id"))
            by_other = other.filter(Q(second_name__icontains=self.name) | Q(second_record=self.name))
            wanted &= Q(name__icontains=self.name) | Q(record_id=self.name) | Q(Exists(by_other))
        if self.tier:
            wanted &= Q(tier="" if self.tier == NONE else self.tier)
        if self.segment:
            wanted &= Q(segment="" if self.segment == NONE else self.segment)
        if self.scope:
            wanted &= Q(in_scope=self.scope == "in")
        if self.without_orders:
            wanted &= Q(score__result__has_orders=False, in_scope=True)
        return matches.companies(chosen, AccountState.objects.filter(wanted))


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """A page of accounts."""
    chosen = portfolio.current(request)
    asked = Filter.of(request)
    names = labels.labels(chosen) if chosen else labels.Labels(None)
    accounts = asked.accounts(chosen) if chosen else AccountState.objects.none()
    page = paging.page(request, _for_list(accounts).order_by(*_ORDER[asked.sort]))
    several = chosen is not None and matches.crms_of(chosen) is not None
    others = matches.other_records(page.rows) if several else {}
    rows = [
        (
            state,
            names.tier(state.tier),
            names.segment(state.segment),
            [(record, _url(record)) for record in (state, others.get(state.pk)) if record],
        )
        for state in page.rows
    ]
    context = {
        "page": page,
        "rows": rows,
        "several": several,
        "asked": asked,
        "tiers": [(key, names.tier(key)) for key in names.model.tiers.keys] if names.model else [],
        "segments": [(segment.key, segment.label) for segment in names.model.segments] if names.model else [],
        "scopes": SCOPES,
        "sorts": SORTS,
        "export": paging.address(request, page=""),
    }
    return render(request, "console/accounts.html", context)


@require_safe
def download(request: HttpRequest) -> StreamingHttpResponse:
    """The accounts that pass the filter as CSV."""
    chosen = portfolio.current(request)
    rows = _rows(chosen, Filter.of(request)) if chosen else iter([TITLES])
    return export.csv_file("accounts.csv", rows)


TITLES = [
    *("account", "record id", "tier", "tier since", "value score", "cost to serve per 100", "in scope", "why not"),
    *("has orders", "segment", "sub-segment", "value profile", "why this tier", "CRM address"),
    *("group led by", "group tier", "tiers by business unit", "other CRM", "record id there", "address there"),
]


def _rows(chosen: Portfolio, asked: Filter) -> Iterator[list[Any]]:
    names = labels.labels(chosen)
    yield TITLES
    accounts = asked.accounts(chosen).select_related("connection", "score").defer("written")
    for part in export.chunks(accounts):
        others = matches.other_records(part)
        for state in part:
            yield _row(state, others.get(state.pk), names)


def _row(state: AccountState, other: AccountState | None, names: labels.Labels) -> list[Any]:
    result = state.score.result if state.score else {}
    return [
        state.name,
        state.record_id,
        names.tier(state.tier),
        state.tier_since,
        state.value_score,
        state.score.cost_to_serve if state.score else None,
        "yes" if state.in_scope else "no",
        result.get("scope_reason", ""),
        "yes" if result.get("has_orders") else "no",
        names.segment(state.segment),
        names.sub_segment(state.current.get("sub_segment") or result.get("sub_segment") or ""),
        names.value_profile(state.current.get("value_profile") or result.get("value_profile") or ""),
        result.get("short_reason", ""),
        _url(state),
        result.get("group_id") or "",
        names.tier(result.get("group_tier") or ""),
        "; ".join(f"{unit.label}: {names.tier(tier)}" for unit, tier in names.unit_tiers(result)),
        *((other.connection.name, other.record_id, _url(other)) if other else ("", "", "")),
    ]


def _for_list(accounts: QuerySet[AccountState]) -> QuerySet[AccountState]:
    return accounts.select_related("connection", "score").only(
        "name",
        "record_id",
        "tier",
        "tier_since",
        "segment",
        "value_score",
        "in_scope",
        "connection__name",
        "connection__kind",
        "connection__identity",
        "score__cost_to_serve",
    )


def _url(state: AccountState) -> str:
    return record_url(state.connection, "account", state.record_id)
