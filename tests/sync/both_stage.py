"""A small company in a Salesforce org and a HubSpot portal of the sandbox: one portfolio, one model."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management import call_command

from admin import portfolios, schema
from admin.demo import company
from admin.demo.company import other_crm
from connectors.sandbox.background import Served, ServedPortal, serving, serving_portal
from connectors.sandbox.org.org import Org
from connectors.sandbox.portal.portal import Portal
from connectors.sandbox.portal.writes import Change as Edit
from scoring import presets
from sync import jobs, starting
from sync.models import AccountState, Connection, Match, Portfolio, Run
from tests.sync.playing import hurried
from tests.sync.stage import TODAY

ACCOUNTS, SHARED, SEED = 24, 10, 5
#: Our own state after a play.
STATE = "state.json"


@dataclass
class BothStage:
    """A connected portfolio and the two CRMs behind it."""

    portfolio: Portfolio
    org_crm: Served
    portal_crm: ServedPortal

    @property
    def org(self) -> Org:
        return self.org_crm.org

    @property
    def portal(self) -> Portal:
        return self.portal_crm.portal

    @property
    def salesforce(self) -> Connection:
        return self.portfolio.connections.get(kind="salesforce")

    @property
    def hubspot(self) -> Connection:
        return self.portfolio.connections.get(kind="hubspot")

    def start(self, kind: Run.Kind = Run.Kind.FULL) -> Run:
        return starting.create(self.portfolio, "test", today=TODAY, kind=kind)

    def work(self, run: Run, *, until: str = "", attempts: int = 0) -> Run:
        """Work the run unit by unit, to its end or until it stands before the step `until`.

        `attempts`: at every unit, as if so many had gone wrong before.
        """
        for _ in range(500):
            run.refresh_from_db()
            if run.state != Run.State.ACTIVE or run.step == until:
                return run
            Run.objects.filter(pk=run.pk).update(not_before=None, **({"attempts": attempts} if attempts else {}))
            jobs.work(run.pk)
        raise AssertionError(f"{run} does not come to an end; it is at {run.step}: {run.notice}")

    def run(self, kind: Run.Kind = Run.Kind.FULL) -> Run:
        """A new run, which ends well."""
        done = self.work(self.start(kind))
        assert done.state == Run.State.DONE, done.error or done.held
        return done

    def matches(self, state: str = "confirmed") -> list[Match]:
        return list(Match.objects.filter(state=state).select_related("first", "second", "portfolio").order_by("pk"))

    def state(self, connection: Connection, record: str) -> AccountState:
        return AccountState.objects.get(connection=connection, record_id=record)

    def edit_account(self, record: str, **values: Any) -> None:
        """What a person does in Salesforce."""
        self.org.update("Account", [{"Id": record, **values}], all_or_none=True)

    def edit_company(self, record: str, **values: Any) -> None:
        """What a person does in HubSpot."""
        self.portal.update(self.portal.kinds()["companies"], [Edit(record, values)])

    def account(self, record: str, *names: str) -> dict[str, Any]:
        (row,) = self.org.query(f"SELECT {', '.join(names)} FROM Account WHERE Id = '{record}'").records
        return {name: row[name] for name in names}

    def company(self, record: str, *names: str) -> dict[str, Any]:
        found = self.portal.read(self.portal.kinds()["companies"], [int(record)], list(names))[int(record)]
        return {name: found.values.get(name) for name in names}

    def publish(self, *changes: tuple[str, str], folder: Path) -> None:
        text = model_text()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = folder / "model.yaml"
        path.write_text(text)
        portfolios.publish(self.portfolio, path)


def model_text() -> str:
    return presets.text("default") + other_crm.MODEL


def fill(home: Path) -> None:
    """Both CRMs with their records, and our fields in them."""
    with Org.open(home / "org") as org, Portal.open(home / "portal") as portal:
        company.generate(org, SEED, ACCOUNTS, TODAY)
        other_crm.fill(portal, org, SEED, SHARED, TODAY)
    with opened(home) as stage:
        for connection in stage.portfolio.crms():
            schema.apply(connection, schema.plan(connection))


@contextmanager
def opened(home: Path, made: Path | None = None) -> Iterator[BothStage]:
    """Both CRMs served from `home`, after a copy of those that were `made`, and the portfolio on them."""
    for name in ("org", "portal", "mirror", "runs"):
        if made and (made / name).exists():
            shutil.copytree(made / name, home / name)
        else:
            (home / name).mkdir(exist_ok=True)
    with (
        Org.open(home / "org") as org,
        Portal.open(home / "portal") as portal,
        serving(org) as one,
        serving_portal(portal) as other,
        hurried(),
    ):
        if made and (made / STATE).exists():
            call_command("loaddata", str(made / STATE), verbosity=0)
        yield BothStage(connect(one, other, home), one, other)


def connect(one: Served, other: ServedPortal, home: Path) -> Portfolio:
    """The portfolio on these CRMs; one that was played finds them under their new addresses."""
    portfolio, _ = Portfolio.objects.get_or_create(name="both")
    settings = {"login_url": one.url, "client_id": one.facts["client_id"]}
    secret = {"client_secret": one.facts["client_secret"]}
    portfolios.add_connection(portfolio, "sales", "salesforce", settings, secret)
    token = {"access_token": other.facts["access_token"]}
    portfolios.add_connection(portfolio, "marketing", "hubspot", {"api_url": other.url}, token)
    path = home / "model.yaml"
    path.write_text(model_text())
    portfolios.publish(portfolio, path)
    return portfolio
