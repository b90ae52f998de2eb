"""What tests that hold for every CRM know of the stage they play on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

from admin import portfolios
from connectors.sandbox.background import Served, ServedPortal
from sync import jobs, outputs, starting
from sync.models import Connection, Portfolio, Run

#: Our fields of every account, by id.
Values = dict[str, dict[str, Any]]


@dataclass
class CrmStage(ABC):
    """A connected portfolio, the CRM behind it, and a way to work a run unit by unit.

    Attributes:
        today: the day on which runs are made.
        foreign: a text field of accounts that is not ours.
        named: how the model names itself.
        strict: what to replace in the model by what, so that the moves of a few accounts hold a run.
    """

    portfolio: Portfolio
    crm: Served | ServedPortal

    today: ClassVar[date]
    foreign: ClassVar[str]
    named: ClassVar[str]
    strict: ClassVar[tuple[str, str]]

    @property
    def connection(self) -> Connection:
        return self.portfolio.connections.get()

    @property
    def layout(self) -> outputs.Layout:
        return outputs.layout(self.portfolio.published_models.latest("published_at"), self.connection)

    def field(self, role: str) -> str:
        """The API name of a field of ours on the account."""
        return self.layout.names[role]

    def start(self, today: date | None = None, kind: Run.Kind = Run.Kind.FULL) -> Run:
        return starting.create(self.portfolio, "test", today=today or self.today, kind=kind)

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

    def run(self, today: date | None = None) -> Run:
        return self.work(self.start(today))

    def incremental(self, today: date | None = None) -> Run:
        """A micro-batch, which has to end well."""
        run = self.work(self.start(today, Run.Kind.INCREMENTAL))
        assert run.state == Run.State.DONE, run.error
        return run

    @abstractmethod
    def model_text(self) -> str:
        """The model that is published first."""

    def publish(self, *changes: tuple[str, str], folder: Path) -> None:
        """Publish the model with parts of its text replaced."""
        text = self.model_text()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = folder / "model.yaml"
        path.write_text(text)
        portfolios.publish(self.portfolio, path)

    def rename_model(self, folder: Path) -> None:
        """Publish another version of the model that computes the same."""
        self.publish((f"name: {self.named}", f"name: {self.named} 2"), folder=folder)

    def fault(self, **rule: Any) -> None:
        self.crm.request("POST", "/__sandbox__/faults", json=[rule]).raise_for_status()

    @abstractmethod
    def edit(self, account: str, **values: Any) -> None:
        """What a person does to an account in the CRM."""

    @abstractmethod
    def refuse_next(self, rows: int) -> None:
        """The CRM refuses all of the next so many records that are written."""

    @abstractmethod
    def own_values(self) -> Values:
        """Our fields of every account, by id."""

    @abstractmethod
    def foreign_values(self) -> Values:
        """All other fields of every account that somebody sets, by id."""

    @abstractmethod
    def live_one_day(self, accounts: list[str], day: int) -> None:
        """A day in the life of the company: accounts are corrected, cases open, records go."""
