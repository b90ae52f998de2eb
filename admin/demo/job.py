"""The demo's steps that need the product's own state: connect, install, run, and a login to look around."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model

from admin import portfolios, report, schema
from admin.cli.output import err
from admin.demo import company
from admin.demo.datasets import Dataset
from connectors.salesforce import soql
from connectors.salesforce.permissions import DATA_OWNER
from connectors.sandbox.org.org import Org
from sync import outputs, starting
from sync.models import Connection, Portfolio, Run

NAME = "demo"


def connect(crm: Mapping[str, Any], model: Path, *, other: Mapping[str, Any]) -> Portfolio:
    """Connect the demo's CRM, or both, publish its model and install the fields the model needs."""
    portfolio, _ = Portfolio.objects.get_or_create(name=NAME)
    chosen = {"salesforce": crm, "hubspot": other} if other else {NAME: crm}
    connections = [portfolios.add_connection(portfolio, name, *_way(facts)) for name, facts in chosen.items()]
    portfolios.publish(portfolio, model)
    for connection in connections:
        steps = schema.plan(connection)
        if steps.changes:
            schema.apply(connection, steps)
            where = f"{connection}" if other else "the CRM"
            err.print(f"Installed {len(steps.changes)} fields and value lists in {where}.")
    return portfolio


def _way(crm: Mapping[str, Any]) -> tuple[str, dict[str, str], dict[str, str]]:
    """Kind, settings and credentials."""
    if "portal_id" in crm:
        return "hubspot", {"api_url": crm["url"]}, {"access_token": crm["access_token"]}
    settings = {"login_url": crm["url"], "client_id": crm["client_id"]}
    return "salesforce", settings, {"client_secret": crm["client_secret"]}


def add_erp(portfolio: Portfolio, dataset: Dataset) -> None:
    """Let the demo read the company's orders from its files, as from an ERP."""
    _, mapping = dataset.with_orders_in_files()
    portfolios.add_files(portfolio, "erp", mapping, dataset.directory)


def enter_existing_values(root: Path, portfolio: Portfolio, seed: int) -> None:
    """What the company's people had entered before the first run: some right, some wrong."""
    if portfolio.runs.exists():
        return
    connection = Connection.objects.get(portfolio=portfolio, kind="salesforce")
    layout = outputs.layout(portfolio.published_models.latest("published_at"), connection)
    names = {output.key: output.names["value"] for output in layout.outputs if output.policy == "fill"}
    company.enter_existing_values(Org.open(root / "org"), seed, names, layout.choices())


def let_people_answer(root: Path) -> None:
    """What an administrator does after the installation: the company's people get the permission set of data owners."""
    org = Org.open(root / "org")
    (chosen,) = org.find_ids("PermissionSet", "Name", DATA_OWNER.name)
    assigned = soql.select(["AssigneeId"], "PermissionSetAssignment", f"PermissionSetId = {soql.literal(chosen)}")
    held = {row["AssigneeId"] for row in org.query(assigned).records}
    users = [row["Id"] for row in org.query("SELECT Id FROM User WHERE IsActive = true").records]
    rows = [{"AssigneeId": user, "PermissionSetId": chosen} for user in users if user not in held]
    org.bulk_load("PermissionSetAssignment", rows)


def run(portfolio: Portfolio, today: date | None, *, quiet: bool, meanwhile: Callable[[], None]) -> Run:
    """Start a run on the demo's workers, or go on with one that was interrupted, and follow it to its end."""
    active = portfolio.runs.filter(state=Run.State.ACTIVE, kind=Run.Kind.FULL).first()
    started = active or starting.start(portfolio, "demo", today=today)
    return report.follow(started, quiet=quiet, meanwhile=meanwhile)


def password() -> str:
    """A new password of the console user `admin`; shown once, kept only as a hash."""
    user, _ = get_user_model().objects.get_or_create(
        username="admin", defaults={"is_staff": True, "is_superuser": True}
    )
    chosen = secrets.token_urlsafe(9)
    user.set_password(chosen)
    user.save()
    return chosen
