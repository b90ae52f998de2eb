"""Findings whose rest has come to its day wait again, also where no run looks at them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from sync import outputs
from sync.alerts import history, lifecycle, ways
from sync.alerts.grouping import group
from sync.alerts.states import UNTIL_A_DAY, Event
from sync.models import Finding, Portfolio
from sync.rows import update


def bring_back(portfolio: Portfolio, now: datetime) -> int:
    """Open those whose last day is over, and tell their people; how many they are."""
    published = portfolio.model_in_force()
    if published is None:
        return 0
    model, today, count = outputs.model(published), timezone.localdate(now), 0
    over = Q(rests_until=None) | Q(rests_until__lt=today)
    for connection in portfolio.crms():
        with transaction.atomic():
            rested = Finding.objects.filter(over, connection=connection, state__in=UNTIL_A_DAY)
            due = list(rested.select_for_update(of=("self",)).select_related("alert"))
            if not due:
                continue
            for finding in due:
                lifecycle.reopen(finding, Event.DUE, now, today, model.quality.due_days)
            update(due, lifecycle.REOPENED)
            history.note(due, Event.DUE, now)
            chosen = ways.ways(connection, ways.users(connection), model, today)
            accounts = {finding.account_id for finding in due if finding.account_id}
            group(connection, chosen, ways.places(connection, model, accounts), now, {each.pk for each in due})
            count += len(due)
    return count
