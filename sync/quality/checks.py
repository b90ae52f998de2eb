"""Steps `findings` and `alerts`: record what stands in the CRM now, and tell the people who own it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from sync import absent, crms, lease, outputs
from sync.alerts import due, lifecycle, outbox, ways
from sync.alerts.grouping import group
from sync.models import Connection, Run
from sync.quality import look, quality_scores

State = Mapping[str, Any]


def find(run: Run, token: str) -> bool:
    """Look, record what was found, and put it into alerts; one job, or one for each part where there is much."""
    state = run.progress.get("findings")
    if state is None:
        state = _look(run, token)
        if _many(state):
            return True
    while connection := next((each for each in absent.crms(run) if state["left"].get(each.name)), None):
        state = _record(run, token, connection, state)
        if _many(state):
            return True
    for each in absent.crms(run):
        if each.name in state["left"]:
            _close(run, token, each, datetime.fromisoformat(state["at"]))
    alerts = {"done": 0, "total": due.waiting(run.portfolio), "note": "messages"}
    lease.record(run.pk, token, progress={**run.progress, "findings": state, "alerts": alerts})
    return False


def _many(state: State) -> bool:
    return any(parts > 1 for parts in state["of"].values())


def _look(run: Run, token: str) -> State:
    """Look where the look of the plan does not stand any more. All parts are recorded as of this moment."""
    left = {}
    for connection in absent.crms(run):
        if not look.stands(run, connection):
            look.keep(run, connection, look.at(run, connection))
        left[connection.name] = look.parts(run, connection)
    counted = {"done": 0, "total": sum(left.values()), "note": "parts"}
    state = {**counted, "at": timezone.now().isoformat(), "left": left, "of": left}
    lease.record(run.pk, token, progress={**run.progress, "findings": state})
    return state


def _record(run: Run, token: str, connection: Connection, state: State) -> State:
    """One part of the findings of a connection; how things stand then."""
    part, of = state["left"][connection.name] - 1, state["of"][connection.name]
    state = {**state, "done": state["done"] + 1, "left": {**state["left"], connection.name: part}}
    found = look.findings(run, connection, part, of)
    with transaction.atomic():
        lease.record(run.pk, token, progress={**run.progress, "findings": state})
        among = look.looked_for(run, connection, part, of)
        model, now = outputs.model(run.model), datetime.fromisoformat(state["at"])
        lifecycle.reconcile(run, connection, found, model, now, among)
    return state


def _close(run: Run, token: str, connection: Connection, now: datetime) -> None:
    """Everything is recorded: who hears of it, and what the figures are."""
    model, people = outputs.model(run.model), ways.users(connection)
    chosen = ways.ways(connection, people, model, run.today)
    look.remember(run, connection)
    with transaction.atomic():
        lease.record(run.pk, token)
        group(connection, chosen, ways.places(connection, model), now)
        # Of all accounts; after a look at a few those of the day's last whole one stand.
        if figures := look.figures(run, connection):
            names = {key: person.name for key, person in people.items()}
            quality_scores.record(run, token, connection, figures, names)
        look.note(run, connection)
    look.forget_others(run, connection)


def deliver(run: Run, token: str) -> bool:
    """Send the next few messages; False when none is due."""
    tried = outbox.send(run.portfolio, lambda: lease.record(run.pk, token))
    state = run.progress.get("alerts", {"done": 0, "total": 0, "note": "messages"})
    state = {**state, "done": min(state["done"] + tried, state["total"])}
    calls = sum(crms.calls_since_last(crms.open_crm(connection)) for connection in run.portfolio.crms())
    lease.record(run.pk, token, progress={**run.progress, "alerts": state}, api_calls=run.api_calls + calls)
    return due.waiting(run.portfolio) > 0
