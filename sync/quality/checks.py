"""Steps `findings` and `alerts`: record what stands in the CRM now, and tell the people who own it."""

from __future__ import annotations

from django.db import transaction

from sync import absent, crms, lease, outputs
from sync.alerts import due, lifecycle, outbox, ways
from sync.models import Run
from sync.quality import look, quality_scores


def find(run: Run, token: str) -> bool:
    """Record what is wrong with the records of all connections; one job."""
    model = outputs.model(run.model)
    for connection in absent.crms(run):
        seen = look.kept(run, connection) or look.at(run, connection)
        people = ways.users(connection)
        chosen = ways.ways(connection, people, model, run.today)
        names = {key: person.name for key, person in people.items()}
        look.remember(run, connection, seen)
        with transaction.atomic():
            lifecycle.record_findings(
                run, token, connection, seen.findings, model, chosen, look.parts(connection, seen)
            )
            if seen.figures:  # of all accounts; after a look at a few those of the day's last whole one stand
                quality_scores.record(run, token, connection, seen.figures, names)
            look.note(run, connection)
        look.forget_others(run, connection)
    total = due.waiting(run.portfolio)
    progress = {
        **run.progress,
        "findings": {"done": 1, "total": 1, "note": "records"},
        "alerts": {"done": 0, "total": total, "note": "messages"},
    }
    lease.record(run.pk, token, progress=progress)
    return False


def deliver(run: Run, token: str) -> bool:
    """Send the next few messages; False when none is due."""
    tried = outbox.send(run.portfolio, lambda: lease.record(run.pk, token))
    state = run.progress.get("alerts", {"done": 0, "total": 0, "note": "messages"})
    state = {**state, "done": min(state["done"] + tried, state["total"])}
    calls = sum(crms.calls_since_last(crms.open_crm(connection)) for connection in run.portfolio.crms())
    lease.record(run.pk, token, progress={**run.progress, "alerts": state}, api_calls=run.api_calls + calls)
    return due.waiting(run.portfolio) > 0
