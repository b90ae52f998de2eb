"""What data-quality rules look at: the records of one CRM as it holds them now, of all accounts or of a few."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

import ibis
import pandas as pd
from django.db.models import QuerySet

from scoring import quality
from scoring.features import purchases
from scoring.model import Model
from scoring.model.fields import MAIN_FAMILY
from scoring.quality import Checked, erp
from scoring.records import only as narrowed
from sync import mirror, outputs
from sync.matching import differences
from sync.models import AccountState, Change, Connection, Portfolio, Run
from sync.quality import told_apart
from sync.reading import rates
from sync.rows import portions
from sync.scores import evaluate, latest

#: Kinds that quality rules look at.
KINDS = ("account", "user", "product", "opportunity", "order", erp.KIND)
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


def read(run: Run, connection: Connection, accounts: Collection[str] | None = None) -> Checked:
    """The records as they are in the CRM; what the run has planned and not sent yet counts as written.

    `accounts`: ids; None for all. Deals that belong to no account, wrong orders, users and products are read whole.
    """
    model = outputs.model(run.model)
    records = _records(run, connection, accounts)
    if MAIN_FAMILY in quality.tested(model):
        put_families(records["account"], run.portfolio, model, evaluate.as_of(run), accounts)
    states = AccountState.objects.filter(connection=connection)
    parts = [None] if accounts is None else portions(sorted(accounts))
    chosen = [states if some is None else states.filter(record_id__in=some) for some in parts]
    put_current(records["account"], chosen, _planned(run, connection))
    scores = latest.read(run.portfolio_id, SCORES, () if accounts is None else accounts or [""])  # of none, not of all
    apart, standing = told_apart.pairs(connection)
    differing = differences.of_connection(connection, accounts)
    as_of = evaluate.as_of(run)
    return Checked(records, scores, model, as_of, run.today, apart=apart, standing=standing, differing=differing)


def _records(run: Run, connection: Connection, accounts: Collection[str] | None) -> dict[str, pd.DataFrame]:
    """What the mirror holds of this connection, by kind; of orders only those that something can be wrong with.

    These name no account it has, lie in the future, or are below zero: there may be millions of others.
    """
    with mirror.reading(run.portfolio_id, *KINDS) as tables:
        mine = {kind: table.filter(table.connection == connection.name) for kind, table in tables.items()}
        there = mine["account"].id
        if erp.KIND in tables:  # of files, and matched to accounts
            mine[erp.KIND] = tables[erp.KIND].filter(tables[erp.KIND].account_id.isin(there))
        if "order" in mine and "account_id" in mine["order"].columns:
            orders = mine["order"]
            wrong = orders.account_id.isnull() | orders.account_id.notin(there)
            if "ordered_on" in orders.columns:
                wrong |= orders.ordered_on > run.today
            if "amount" in orders.columns:
                wrong |= orders.amount < 0
            mine["order"] = orders.filter(wrong)
        if accounts is not None:
            wanted = ibis.memtable({"wanted": sorted(accounts)}, schema={"wanted": "string"}).wanted
            if "opportunity" in mine:
                deals = mine["opportunity"]
                lost = deals.account_id.isnull() | deals.account_id.notin(there)
                mine["opportunity"] = deals.filter(lost | deals.account_id.isin(wanted))
            if erp.KIND in mine:
                mine[erp.KIND] = mine[erp.KIND].filter(mine[erp.KIND].account_id.isin(wanted))
            mine["account"] = mine["account"].filter(there.isin(wanted))
        return {kind: mirror.frame(table) for kind, table in mine.items()}


def put_families(
    accounts: pd.DataFrame, portfolio: Portfolio, model: Model, as_of: date, only: Collection[str] | None
) -> None:
    """What the accounts mainly buy, by orders of the CRM and of files; for a model that asks, because it reads all.

    `only`: ids of accounts whose orders are enough; None for all.
    """
    with mirror.reading(portfolio.pk, "account", "order", "order_line", "product", rates.KIND) as held:
        tables = rates.named(portfolio, held, model)
        worths = rates.worths(portfolio, tables, model)
        chosen = tables if only is None else narrowed(tables, only)
        found = mirror.frame(purchases.main_families(chosen, model, as_of, worths))
    accounts[MAIN_FAMILY] = accounts["id"].map(dict(zip(found["account_id"], found[MAIN_FAMILY], strict=True)))


def put_current(
    accounts: pd.DataFrame,
    states: Iterable[QuerySet[AccountState]],
    planned: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
) -> None:
    """The mirror was read before this run wrote: put the values that were read back since into the frame.

    `states` in parts that one statement can name; `planned`: values by role that are about to be written, by account.
    """
    current: dict[str, Mapping[str, Any]] = {}
    for part in states:
        current |= dict(part.values_list("record_id", "current"))
    known = [{**current.get(record, {}), **planned.get(record, {})} for record in accounts["id"].tolist()]
    for role in (*OUTPUTS, *(f"{key}_date" for key in OUTPUTS[:3])):
        column = outputs.OWN + role
        if column in accounts:
            held = accounts[column].tolist()
            accounts[column] = [now.get(role, earlier) for now, earlier in zip(known, held, strict=True)]


def _planned(run: Run, connection: Connection) -> dict[str, dict[str, Any]]:
    """What the run is about to write to accounts, by role."""
    roles = {name: role for role, name in outputs.layout(run.model, connection).names.items()}
    rows = Change.objects.filter(run=run, connection=connection, kind="account", state=Change.State.PLANNED)
    return {
        record: {roles[name]: value for name, value in after.items() if name in roles}
        for record, after in rows.values_list("record_id", "after").iterator(chunk_size=5000)
    }
