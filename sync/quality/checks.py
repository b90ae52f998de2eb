"""Steps `findings` and `alerts`: check what stands in the CRM now, and tell the people who own it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import pandas as pd
from django.db.models import QuerySet
from django.utils import timezone

from scoring import purchases, quality
from scoring.fields import MAIN_FAMILY
from scoring.model import Model
from sync import crms, lease, mirror, outputs
from sync.alerts import delivery, due, lifecycle, ways
from sync.models import AccountState, Connection, Run
from sync.quality import own_rules, quality_scores
from sync.reading import rates
from sync.scores import evaluate, latest

#: Kinds that quality rules look at, and messages sent per job.
CHECKED = ("account", "user", "product", "opportunity", "order")
#: Values of ours that they look at, and columns of the scores; with all reasons these would fill the memory.
OUTPUTS = ("segment", "sub_segment", "value_profile", "tier")
SCORES = (
    "account_id",
    "in_scope",
    "tier",
    "last_contact_on",
    "no_rate",
    "revenue",
    *(key + end for key in OUTPUTS[:3] for end in ("", "_why")),
)
MESSAGES = 10


def find(run: Run, token: str) -> bool:
    """Check all records of all connections; one job."""
    model = outputs.model(run.model)
    scores = latest.read(run.portfolio_id, SCORES)
    for connection in run.portfolio.crms():
        records = _records(run, connection)
        if MAIN_FAMILY in quality.tested(model):
            put_families(records["account"], run, model, evaluate.as_of(run))
        put_current(records["account"], AccountState.objects.filter(connection=connection))
        found, figures = quality.examine(records, scores, model, evaluate.as_of(run), run.today, own_rules.loaded())
        chosen = ways.ways(connection, ways.people(records["user"]), model, run.today)
        lifecycle.record_findings(run, token, connection, found, model, chosen)
        names = dict(zip(records["user"]["id"], records["user"]["name"].fillna(""), strict=True))
        quality_scores.record(run, token, connection, figures, names)
    total = sum(1 for _ in due.deliveries(run.portfolio))
    progress = {
        **run.progress,
        "findings": {"done": 1, "total": 1, "note": "records"},
        "alerts": {"done": 0, "total": total, "note": "messages"},
    }
    lease.record(run.pk, token, progress=progress)
    return False


def _records(run: Run, connection: Connection) -> dict[str, pd.DataFrame]:
    """What the mirror holds of this connection, by kind; of orders only those that something can be wrong with.

    These name no account it has, lie in the future, or are below zero: there may be millions of others.
    """
    with mirror.reading(run.portfolio_id, *CHECKED) as tables:
        mine = {kind: table.filter(table.connection == connection.name) for kind, table in tables.items()}
        if "order" in mine and "account_id" in mine["order"].columns:
            orders = mine["order"]
            wrong = orders.account_id.isnull() | orders.account_id.notin(mine["account"].id)
            if "ordered_on" in orders.columns:
                wrong |= orders.ordered_on > run.today
            if "amount" in orders.columns:
                wrong |= orders.amount < 0
            mine["order"] = orders.filter(wrong)
        return {kind: mirror.frame(table) for kind, table in mine.items()}


def put_families(accounts: pd.DataFrame, run: Run, model: Model, as_of: date, only: Collection[str] = ()) -> None:
    """What the accounts mainly buy, by orders of the CRM and of files; for a model that asks, because it reads all.

    `only`: ids of accounts whose orders are enough; all without.
    """
    with mirror.reading(run.portfolio_id, "account", "order", "order_line", "product", rates.KIND) as held:
        tables = rates.named(run.portfolio, held, model)
        if only and "order" in tables:
            tables["order"] = tables["order"].filter(tables["order"].account_id.isin(list(only)))
            tables["account"] = tables["account"].filter(tables["account"].id.isin(list(only)))
        worths = rates.worths(run.portfolio, tables, model)
        found = mirror.frame(purchases.main_families(tables, model, as_of, worths))
    accounts[MAIN_FAMILY] = accounts["id"].map(dict(zip(found["account_id"], found[MAIN_FAMILY], strict=True)))


def put_current(accounts: pd.DataFrame, states: QuerySet[AccountState]) -> None:
    """The mirror was read before this run wrote: put the values that were read back since into the frame."""
    current = dict(states.values_list("record_id", "current"))
    known = [current.get(record_id, {}) for record_id in accounts["id"].tolist()]
    for role in (*OUTPUTS, *(f"{key}_date" for key in OUTPUTS[:3])):
        column = outputs.OWN + role
        if column in accounts:
            held = accounts[column].tolist()
            accounts[column] = [now.get(role, earlier) for now, earlier in zip(known, held, strict=True)]


def deliver(run: Run, token: str) -> bool:
    """Send the next few messages; False when none is due."""
    waiting = list(due.deliveries(run.portfolio)[:MESSAGES])
    for message in waiting:
        lease.record(run.pk, token)
        delivery.deliver(message, timezone.now())
    state = run.progress.get("alerts", {"done": 0, "total": 0, "note": "messages"})
    state = {**state, "done": min(state["done"] + len(waiting), state["total"])}
    calls = sum(crms.calls_since_last(crms.open_crm(connection)) for connection in run.portfolio.crms())
    lease.record(run.pk, token, progress={**run.progress, "alerts": state}, api_calls=run.api_calls + calls)
    return due.deliveries(run.portfolio).exists()
