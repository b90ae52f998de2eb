"""A small seller of hardware in a HubSpot portal of the sandbox, connected and installed."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from admin import portfolios, schema
from admin.demo import datasets
from connectors.sandbox import mapping, portal_load
from connectors.sandbox.background import ServedPortal
from connectors.sandbox.portal.history import Source
from connectors.sandbox.portal.portal import Portal
from connectors.sandbox.portal.writes import Change as Edit
from sync.models import Portfolio
from tests.sync.crm_stage import CrmStage, Values

TODAY = date(2018, 1, 15)
COMPANIES, DEALS = 16, 64
MODEL = Path(datasets.__file__).parent / "crm_sales" / "model.yaml"
_SECTORS = ("technolgy", "medical", "retail", "finance", "software", "entertainment")
_AGENTS = ("Aino Berg", "Mika Lind", "Sara Holm")
#: Everything that can stand on a company or a deal.
PLACES = "\ndetail: {enabled: true}\nopportunities: {values: [segment, tier]}\n"


@dataclass
class HubspotStage(CrmStage):
    """A connected portfolio and the portal behind it."""

    crm: ServedPortal

    today = TODAY
    foreign = "description"
    named = "Hardware customers"
    strict = ("tiers:\n", "guard: {at_least: 1, tiers_moved: 0.05, downgrades: 0.05}\n\ntiers:\n")

    @property
    def portal(self) -> Portal:
        return self.crm.portal

    def model_text(self) -> str:
        return MODEL.read_text() + PLACES

    def edit(self, account: str, **values: Any) -> None:
        self._change("companies", account, **values)

    def edit_as(self, who: Source, account: str, **values: Any) -> None:
        """What this person or program changes."""
        self.portal.update(self.portal.kinds()["companies"], [Edit(account, values)], source=who)

    def refuse_next(self, rows: int) -> None:
        """HubSpot refuses a batch as a whole; each of the parts it is sent in then has to be refused as well."""
        message = 'Property values were not valid: [{"isValid":false,"message":"No","error":"INVALID","name":"x"}]'
        reply = {"status": "error", "message": message, "category": "VALIDATION_ERROR"}
        times = 2 * rows - 1
        self.fault(method="POST", path="/batch/update", action="status", status=400, reply=reply, times=times)

    def own_values(self) -> Values:
        return self.records("companies", ours=True)

    def foreign_values(self) -> Values:
        return self.records("companies", ours=False)

    def live_one_day(self, accounts: list[str], day: int) -> None:
        chosen, other = accounts[day % len(accounts)], accounts[(day * 7) % len(accounts)]
        self.edit(chosen, sector=("retail", "medical", "finance")[day % 3])
        kinds = self.portal.kinds()
        self.made("tickets", {"subject": f"Case {day}", "hs_pipeline_stage": "1"}, (other,))
        deals = sorted(self.records("deals", ours=False))
        self._change("deals", deals[day % len(deals)], amount=str(100 * day), dealstage="Won")
        if day % 12 == 0:
            self.portal.archive(kinds["deals"], [deals[-1]])
        if day == 30:
            self.portal.archive(kinds["companies"], [accounts[11]])
        if day == 36:
            self.portal.merge(kinds["companies"], accounts[12], accounts[13])

    def made(self, name: str, values: dict[str, Any], companies: Sequence[str]) -> str:
        """A new record of this object that belongs to these companies, to the last of them first of all."""
        kinds = self.portal.kinds()
        (made,) = self.portal.create(kinds[name], [values])
        assert isinstance(made, int), made
        for number, company in enumerate(companies, 1):
            primary = number == len(companies)
            self.portal.link(kinds[name], kinds["companies"], [(made, int(company))], primary=primary)
        return str(made)

    def _change(self, name: str, record: str, **values: Any) -> None:
        self.portal.update(self.portal.kinds()[name], [Edit(record, values)])

    def changed_while_the_index_lags(self) -> str:
        """A company that a person has changed just now, which no search finds yet."""
        self.portal.set_setting("search_lag", 3600)
        company = next(iter(self.records("companies", ours=True)))
        self.edit(company, customer_type="Former customer")
        return company

    def records(self, name: str, *, ours: bool) -> Values:
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


def install(crm: ServedPortal, home: Path) -> None:
    """Put our properties into the portal."""
    connection = connect(crm, home, PLACES).connections.get()
    schema.apply(connection, schema.plan(connection))


def _write(path: Path, lines: Sequence[str]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_NONE, escapechar="\\").writerows(line.split(",") for line in lines)
