"""A small seller of hardware in a HubSpot portal of the sandbox, connected and installed."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from admin import portfolios, schema
from admin.demo import datasets
from connectors.sandbox import mapping, portal_load
from connectors.sandbox.background import ServedPortal, serving_portal
from connectors.sandbox.portal.portal import Portal
from connectors.sandbox.portal.writes import Change as Edit
from sync import jobs, outputs, starting
from sync.models import Connection, Portfolio, Run

TODAY = date(2018, 1, 15)
COMPANIES, DEALS = 16, 64
MODEL = Path(datasets.__file__).parent / "crm_sales" / "model.yaml"
_SECTORS = ("technolgy", "medical", "retail", "finance", "software", "entertainment")
_AGENTS = ("Aino Berg", "Mika Lind", "Sara Holm")
#: Everything that can stand on a company or a deal.
PLACES = "\ndetail: {enabled: true}\nopportunities: {values: [segment, tier]}\n"


@dataclass
class HubspotStage:
    """A connected portfolio and the portal behind it."""

    portfolio: Portfolio
    crm: ServedPortal

    @property
    def connection(self) -> Connection:
        return self.portfolio.connections.get()

    @property
    def portal(self) -> Portal:
        return self.crm.portal

    def run(self, today: date = TODAY) -> Run:
        """A new run, worked to its end."""
        return self.work(starting.create(self.portfolio, "test", today=today))

    def work(self, run: Run) -> Run:
        """Work the run to its end, whatever it waits for."""
        for _ in range(500):
            run.refresh_from_db()
            if run.state != Run.State.ACTIVE:
                return run
            Run.objects.filter(pk=run.pk).update(not_before=None)
            jobs.work(run.pk)
        raise AssertionError(f"{run} does not come to an end; it is at {run.step}: {run.notice}")

    def edit(self, company: str, **values: Any) -> None:
        """What a person does in HubSpot."""
        self.portal.update(self.portal.kinds()["companies"], [Edit(company, values)])

    def changed_while_the_index_lags(self) -> str:
        """A company that a person has changed just now, which no search finds yet."""
        self.portal.set_setting("search_lag", 3600)
        company = next(iter(self.records("companies", ours=True)))
        self.edit(company, customer_type="Former customer")
        return company

    def fault(self, **rule: Any) -> None:
        self.crm.request("POST", "/__sandbox__/faults", json=[rule]).raise_for_status()

    def records(self, name: str, *, ours: bool) -> dict[str, dict[str, Any]]:
        """The properties that are ours, or all others that somebody sets, of every record of an object, by id."""
        kind = self.portal.kinds()[name]
        names = [
            each.name
            for each in self.portal.definitions.properties(kind).values()
            if (each.group == "tierline") == ours and not each.calculated and not each.read_only and not each.archived
        ]
        rows = self.portal.records.page(kind, names, after=0, limit=1000, archived=False)
        return {str(row.id): {name: row.values.get(name) for name in names} for row in rows}

    def tasks(self) -> list[str]:
        """Owners of our tasks."""
        rows = self.portal.records.page(
            self.portal.kinds()["tasks"], ["hubspot_owner_id", "hs_task_subject"], after=0, limit=1000, archived=False
        )
        return sorted(row.values["hubspot_owner_id"] for row in rows if "[TL-" in row.values["hs_task_subject"])


def fill(home: Path) -> None:
    """Make the portal and put the company into it."""
    data = home / "data"
    data.mkdir(parents=True)
    _write(data / "products.csv", ["product,series,sales_price", "GTX Basic,GTX,550", "MG Special,MG,55"])
    teams = [f"{agent},Dustin Brinkmann,Central" for agent in _AGENTS]
    _write(data / "sales_teams.csv", ["sales_agent,manager,regional_office", *teams])
    accounts = ["account,sector,year_established,revenue,employees,office_location,subsidiary_of"]
    for number in range(COMPANIES):
        above = "Company 00" if number == 5 else ""
        sector = _SECTORS[number % len(_SECTORS)]
        accounts.append(f"Company {number:02},{sector},1999,{10 + number}.5,{100 + number},Finland,{above}")
    _write(data / "accounts.csv", accounts)
    deals = ["opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value"]
    for number in range(DEALS):
        stage = ("Won", "Won", "Lost", "Engaging")[number % 4]
        day = date(2017, 1, 1) + timedelta(days=3 * number)
        closed = (day + timedelta(days=20)).strftime("%m/%d/%Y") if stage != "Engaging" else ""
        agent, account = _AGENTS[number % 3], f"Company {number % COMPANIES * number % COMPANIES:02}"
        value = 400 + 37 * number if stage == "Won" else ""
        deals.append(f"D{number},{agent},GTX Basic,{account},{stage},{day.strftime('%m/%d/%Y')},{closed},{value}")
    _write(data / "sales_pipeline.csv", deals)
    with Portal.open(home / "portal") as portal:
        portal_load.load(portal, data, mapping.read(MODEL.with_name(datasets.HUBSPOT_MAPPING)))


def connect(crm: ServedPortal, home: Path, text: str = "") -> Portfolio:
    """A portfolio on this portal, with the seller's model and this much more text in it."""
    portfolio = Portfolio.objects.create(name="test")
    settings, credentials = {"api_url": crm.url}, {"access_token": crm.facts["access_token"]}
    portfolios.add_connection(portfolio, "demo", "hubspot", settings, credentials)
    path = home / "model.yaml"
    path.write_text(MODEL.read_text() + text)
    portfolios.publish(portfolio, path)
    return portfolio


def install(home: Path) -> None:
    """The portal with our properties in it."""
    fill(home)
    with serving(home) as crm:
        portfolio = connect(crm, home, PLACES)
        connection = portfolio.connections.get()
        schema.apply(connection, schema.plan(connection))


@contextmanager
def serving(home: Path) -> Iterator[ServedPortal]:
    with Portal.open(home / "portal") as portal, serving_portal(portal) as crm:
        yield crm


@contextmanager
def played_on(installed: Path, home: Path) -> Iterator[HubspotStage]:
    """A stage of its own on a copy of an installed portal."""
    for name in ("mirror", "runs"):
        (home / name).mkdir()
    shutil.copytree(installed / "portal", home / "portal")
    with serving(home) as crm:
        yield HubspotStage(connect(crm, home, PLACES), crm)


def layout(stage: HubspotStage) -> outputs.Layout:
    published = stage.portfolio.model_in_force()
    assert published is not None
    return outputs.layout(published, stage.connection)


def _write(path: Path, lines: Sequence[str]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_NONE, escapechar="\\").writerows(line.split(",") for line in lines)
