"""The demo's steps that need the product's own state: connect, install, run, and a login to look around."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from connectors.sandbox.org.org import Org
from django.contrib.auth import get_user_model
from sync import outputs
from sync import run as running
from sync.models import Connection, Portfolio, Run

from admin import portfolios, report, schema
from admin.cli.output import err
from admin.demo import company

NAME = "demo"


def connect(root: Path, crm: Mapping[str, Any], model: Path) -> Portfolio:
    """Connect the demo's CRM, publish its model and install the fields the model needs."""
    portfolio, _ = Portfolio.objects.get_or_create(name=NAME)
    connection = portfolios.add_connection(
        portfolio,
        NAME,
        "salesforce",
        {"login_url": crm["url"], "client_id": crm["client_id"]},
        {"client_secret": crm["client_secret"]},
    )
    portfolios.publish(portfolio, model)
    steps = schema.plan(connection)
    if steps.changes:
        schema.apply(connection, steps)
        err.print(f"Installed {len(steps.changes)} fields and value lists in the CRM.")
    return portfolio


def enter_existing_values(root: Path, portfolio: Portfolio, seed: int) -> None:
    """What the company's people had entered before the first run: some right, some wrong."""
    if portfolio.runs.exists():
        return
    connection = Connection.objects.get(portfolio=portfolio, name=NAME)
    layout = outputs.layout(portfolio.published_models.latest("published_at"), connection)
    names = {output.key: output.names["value"] for output in layout.outputs if output.policy == "fill"}
    company.enter_existing_values(Org.open(root / "org"), seed, names, layout.choices())


def run(portfolio: Portfolio, today: date | None, *, quiet: bool) -> Run:
    """Start a run on the demo's workers and follow it to its end."""
    return report.follow(running.start(portfolio, "demo", today=today), quiet=quiet)


def password() -> str:
    """A new password of the console user `admin`; shown once, kept only as a hash."""
    user, _ = get_user_model().objects.get_or_create(
        username="admin", defaults={"is_staff": True, "is_superuser": True}
    )
    chosen = secrets.token_urlsafe(9)
    user.set_password(chosen)
    user.save()
    return chosen
