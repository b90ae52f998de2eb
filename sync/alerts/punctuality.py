"""How punctually findings are dealt with, by owner, team, rule or severity."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from sync import labels
from sync.alerts import sla, ways
from sync.alerts.sla import Episode, Figures
from sync.models import Finding, FindingEvent, Owner, Portfolio

BY = ("owner", "team", "rule", "severity")
SEVERITIES = ("high", "medium", "low")
WEEKS = 8


@dataclass(frozen=True)
class Line:
    """One group with its figures; `name` as people know it."""

    name: str
    figures: Figures


def measured(portfolio: Portfolio, by: Sequence[str], weeks: int, now: datetime) -> tuple[Line, dict[str, list[Line]]]:
    """All findings together, and by each of these, the most overdue first."""
    since, today = now - timedelta(weeks=weeks), timezone.localdate(now)
    facts = {pk: (rule, severity, holder) for pk, rule, severity, holder in _findings(portfolio, since)}
    found = [
        each if each.closed else replace(each, owner=facts[each.finding][2])
        for each in sla.episodes(_events(portfolio, since))
    ]
    owners = {owner.pk: owner for owner in Owner.objects.filter(portfolio=portfolio)}
    teams = _teams(portfolio) if "team" in by else {}
    names = labels.labels(portfolio)

    def person(each: Episode) -> str:
        return owners[each.owner].name if each.owner in owners else "nobody yet"

    def team(each: Episode) -> str:
        record = owners[each.owner].record_id if each.owner in owners else ""
        return teams.get(record, "no manager")

    keys: Mapping[str, Callable[[Episode], str]] = {
        "owner": person,
        "team": team,
        "rule": lambda each: names.rule(facts[each.finding][0]),
        "severity": lambda each: facts[each.finding][1],
    }
    lines = {name: _lines(found, keys[name], since, now) for name in by}
    return Line("All findings", sla.figures(found, since, today)), lines


def _lines(found: Sequence[Episode], key: Callable[[Episode], str], since: datetime, now: datetime) -> list[Line]:
    groups: dict[str, list[Episode]] = {}
    for each in found:
        groups.setdefault(key(each), []).append(each)
    lines = [Line(name, sla.figures(some, since, timezone.localdate(now))) for name, some in groups.items()]
    shown = [line for line in lines if line.figures.open or line.figures.closed.count or line.figures.seen.count]
    rank = {name: place for place, name in enumerate(SEVERITIES)}
    return sorted(
        shown, key=lambda line: (rank.get(line.name, 9), -line.figures.overdue, -line.figures.open, line.name)
    )


def _counted(since: datetime) -> Q:
    """Findings that were open at some time since then."""
    return ~Q(state=Finding.State.RESOLVED) | Q(resolved_at__gte=since) | Q(history__at__gte=since)


def _findings(portfolio: Portfolio, since: datetime) -> list[tuple[int, str, str, int | None]]:
    found = Finding.objects.filter(_counted(since), connection__portfolio=portfolio).order_by().distinct()
    return list(found.values_list("pk", "rule", "severity", "alert__owner"))


def _events(portfolio: Portfolio, since: datetime) -> list[FindingEvent]:
    """What happened to them, each in local time, by finding and time."""
    counted = Finding.objects.filter(_counted(since), connection__portfolio=portfolio).order_by()
    events = FindingEvent.objects.filter(finding__in=counted.values("pk")).defer("reason", "value")
    found = list(events.order_by("finding", "at", "pk"))
    for each in found:
        each.at = timezone.localtime(each.at)
    return found


def _teams(portfolio: Portfolio) -> dict[str, str]:
    """CRM user -> the team of his manager."""
    found = {}
    for connection in portfolio.crms():
        users = ways.users(connection)
        for user in users.values():
            if user.manager_id in users:
                found[user.record_id] = f"{users[user.manager_id].name}'s team"
    return found
