"""What routing needs to know, out of the mirror and the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from scoring.model import Model
from sync import mirror, outputs
from sync.alerts.routing import Away, Case, Person, Post, Ways
from sync.models import Absence, AccountState, Connection, Finding, Portfolio
from sync.reading import territories


@dataclass(frozen=True)
class Places:
    """Segment, the columns that rules ask for, and who works in their territory, of accounts by record id."""

    segments: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    posts: Mapping[str, tuple[Post, ...]] = field(default_factory=dict)

    def case(self, owner_id: str, account_id: str, rule: str = "", wrong: str = "", kind: str = "account") -> Case:
        segment, columns = self.segments.get(account_id, ""), self.columns.get(account_id, {})
        return Case(owner_id, rule, wrong, segment, columns, self.posts.get(account_id, ()), kind)


def _people(users: pd.DataFrame) -> dict[str, Person]:
    """The CRM's users (columns of kind "user") by record id."""
    rows: list[Any] = users.astype(object).where(users.notna(), None).to_dict("records")
    managers = {row.get("manager_id") for row in rows if row["is_active"]}
    return {
        row["id"]: Person(
            row["id"],
            row["name"] or row["id"],
            row["email"] or "",
            bool(row["is_active"]),
            row.get("manager_id") or "",
            row.get("time_zone") or "",
            row["id"] in managers,
        )
        for row in rows
    }


def administrator(connection: Connection, known: Mapping[str, Person], model: Model) -> Person:
    """The last resort: who the portfolio or the model names, else the CRM user whose credentials we use."""
    portfolio, named = connection.portfolio, model.administrator
    email = portfolio.administrator_email or (named.email if named else "")
    if email:
        name = portfolio.administrator_name or (named.name if named else email)
        found = [person for person in known.values() if person.email.lower() == email.lower()]
        return found[0] if found else Person("", name, email)
    identity = connection.identity
    return known.get(identity["user_id"]) or Person(identity["user_id"], identity["user_name"], identity["user_email"])


def ways(connection: Connection, known: Mapping[str, Person], model: Model, today: date) -> Ways:
    """Everything that decides on this day."""
    absences = Absence.objects.filter(portfolio=connection.portfolio, starts_on__lte=today, ends_on__gte=today)
    away = {each.email: Away(each.delegate, each.ends_on) for each in absences}
    return Ways(known, administrator(connection, known, model), model.owners, away)


def places(connection: Connection, model: Model, accounts: Collection[str] | None = None) -> Places:
    """Where accounts stand, as far as the model's rules on owners ask; nothing without rules.

    `accounts`: record ids; None for all that open findings are about.
    """
    asked = [rule.where for rule in model.owners] + [each.where for each in model.follow_up.escalation.model_owners]
    if not asked:
        return Places()
    if accounts is None:
        found = Finding.objects.filter(connection=connection, state__in=Finding.WAITING).exclude(account_id="")
        accounts = set(found.values_list("account_id", flat=True))
    states = AccountState.objects.filter(connection=connection).exclude(segment="").values_list("record_id", "segment")
    segments = {account: segment for account, segment in states if account in accounts}
    columns = _columns(connection, sorted({name for where in asked for name in where}), accounts)
    posts = territories.posts(connection, accounts) if outputs.goes_by_territory(model) else {}
    return Places(segments, columns, posts)


def _columns(connection: Connection, names: list[str], accounts: Collection[str]) -> dict[str, dict[str, str]]:
    if not names:
        return {}
    with mirror.reading(connection.portfolio_id, "account") as tables:
        account = tables["account"]
        read = [name for name in names if name in account.columns]
        rows = mirror.frame(account.filter(account.connection == connection.name).select("id", *read))
    rows = rows[rows["id"].isin(set(accounts))]
    texts = rows[read].astype(object).where(rows[read].notna(), "").astype(str)
    return dict(zip(rows["id"], texts.to_dict("records"), strict=True))


def users(connection: Connection) -> dict[str, Person]:
    """The CRM's users as the newest run read them; nobody before there was one."""
    if not mirror.snapshot_path(connection.portfolio_id).exists():
        return {}
    with mirror.reading(connection.portfolio_id, "user") as tables:
        if "user" not in tables:
            return {}
        return _people(mirror.frame(tables["user"].filter(tables["user"].connection == connection.name)))


def names(portfolio: Portfolio) -> dict[str, str]:
    """Names of the users of all CRMs of a portfolio by record id."""
    return {key: person.name for each in portfolio.crms() for key, person in users(each).items()}
