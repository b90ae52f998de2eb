"""Who owes what: the people of a list of alerts, with what lies with each of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.db.models import Count, Min, Q, QuerySet

from sync.alerts import gap, states
from sync.models import Alert, Finding, Owner, Portfolio

if TYPE_CHECKING:
    from admin.views.alerts import AlertShown

SORTS = (("due", "oldest deadline"), ("revenue", "revenue behind"), ("records", "records"), ("name", "name"))


@dataclass(frozen=True)
class Owing:
    """A person, the alerts that lie with them, those due first at the top, and what comes to.

    `revenue` (scaled) is that of the accounts that wait; None where nothing does.
    """

    owner: Owner
    alerts: Sequence[AlertShown]
    revenue: int | None

    @property
    def records(self) -> int:
        return sum(each.findings for each in self.alerts)

    @property
    def due_on(self) -> date:
        """The oldest deadline of what is not resolved, of all where everything is."""
        unsolved = [each.alert.due_on for each in self.alerts if each.alert.state != Alert.State.RESOLVED]
        return min(unsolved or [each.alert.due_on for each in self.alerts])

    @property
    def late(self) -> int:
        return sum(each.late for each in self.alerts)


def order(chosen: Portfolio, alerts: QuerySet[Alert], sort: str, rule: str) -> list[int]:
    """The people of these alerts in this order: first those with the oldest deadline, the most of it, or by name."""
    due = Min("due_on", filter=~Q(state=Alert.State.RESOLVED))
    found = list(alerts.order_by().values_list("owner", "owner__name").annotate(due=due))
    behind: dict[int, int] = {}
    if sort == "revenue":
        behind = gap.by_owner(chosen, rule)
    elif sort != "name":
        findings = Finding.objects.filter(alert__in=alerts).exclude(state=states.State.RESOLVED)
        behind = dict(findings.order_by().values_list("alert__owner").annotate(n=Count("pk")))
    by_due = sort == "due"
    rows = [
        ((due or date.max) if by_due else date.min, -behind.get(owner, 0), name, owner) for owner, name, due in found
    ]
    return [owner for *_, owner in sorted(rows)]


def people(
    chosen: Portfolio, owners: Sequence[Owner], alerts: Collection[AlertShown], rule: str, *, waiting: bool
) -> list[Owing]:
    """These people with their alerts; with the revenue behind them where they wait."""
    revenue = gap.by_owner(chosen, rule, [owner.pk for owner in owners]) if waiting else {}
    by_owner: dict[int, list[AlertShown]] = {}
    for each in alerts:
        by_owner.setdefault(each.alert.owner_id, []).append(each)
    return [
        Owing(owner, by_owner[owner.pk], revenue.get(owner.pk, 0) if waiting else None)
        for owner in owners
        if owner.pk in by_owner
    ]
