"""A connected portfolio, the CRM behind it, and a way to work a run unit by unit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from admin import portfolios
from connectors.sandbox.background import Served
from connectors.sandbox.org.org import Org
from scoring import presets
from sync import jobs, outputs, starting
from sync.models import Connection, Portfolio, Run

TODAY = date(2026, 11, 23)
ACCOUNTS = 60
SEED = 7


@dataclass
class Stage:
    """A connected portfolio and the CRM behind it."""

    portfolio: Portfolio
    crm: Served

    @property
    def connection(self) -> Connection:
        return self.portfolio.connections.get()

    @property
    def org(self) -> Org:
        return self.crm.org

    def query(self, soql: str) -> list[dict[str, Any]]:
        return list(self.org.query(soql).records)

    def start(self, today: date = TODAY) -> Run:
        return starting.create(self.portfolio, "test", today=today)

    def work(self, run: Run, *, until: str = "") -> Run:
        """Work the run unit by unit, to its end or until it stands before the step `until`."""
        for _ in range(500):
            run.refresh_from_db()
            if run.state != Run.State.ACTIVE or run.step == until:
                return run
            self.unit(run)
        raise AssertionError(f"{run} does not come to an end; it is at {run.step}: {run.notice}")

    def unit(self, run: Run) -> None:
        """One unit of the run, whatever it waits for."""
        Run.objects.filter(pk=run.pk).update(not_before=None)
        jobs.work(run.pk)

    def run(self, today: date = TODAY) -> Run:
        return self.work(self.start(today))

    def publish(self, *changes: tuple[str, str], folder: Path) -> None:
        """Publish the default model with parts of its text replaced."""
        text = presets.text("default")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = folder / "model.yaml"
        path.write_text(text)
        portfolios.publish(self.portfolio, path)

    def fault(self, **rule: Any) -> None:
        self.crm.request("POST", "/__sandbox__/faults", json=[rule]).raise_for_status()

    def own_values(self) -> dict[str, dict[str, Any]]:
        """Our fields of every account, by id."""
        newest = self.portfolio.published_models.latest("published_at")
        names = list(outputs.layout(newest, self.connection).names.values())
        rows = self.query(f"SELECT Id, {', '.join(names)} FROM Account")
        return {row["Id"]: {name: row[name] for name in names} for row in rows}

    def foreign_values(self) -> dict[str, dict[str, Any]]:
        """All other fields of every account that somebody sets, by id."""
        ours = set(
            outputs.layout(self.portfolio.published_models.latest("published_at"), self.connection).names.values()
        )
        fields = self.org.object("Account").fields.values()
        names = [field.name for field in fields if field.updateable and field.name not in ours]
        rows = self.query(f"SELECT Id, {', '.join(names)} FROM Account")
        return {row["Id"]: {name: row.get(name) for name in names} for row in rows}
