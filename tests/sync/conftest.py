"""One small company in a served sandbox, connected and installed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import override_settings

from admin import schema
from admin.demo import company, job
from connectors.sandbox.background import serving, serving_portal
from connectors.sandbox.org.org import Org
from connectors.sandbox.portal.portal import Portal
from sync.models import Run
from tests.once import made_once
from tests.sync import both_stage, hubspot_stage, playing
from tests.sync.both_stage import BothStage
from tests.sync.crm_stage import CrmStage
from tests.sync.hubspot_stage import HubspotStage
from tests.sync.playing import Plays
from tests.sync.stage import ACCOUNTS, SEED, TODAY, Stage


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An org with the small company, fields not installed yet."""

    def make(home: Path) -> None:
        with Org.open(home / "org") as org:
            company.generate(org, SEED, ACCOUNTS, TODAY)

    return made_once(tmp_path_factory, "filled", make)


@pytest.fixture(scope="session")
def plays(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: Any) -> Plays:
    return Plays(tmp_path_factory, django_db_blocker)


@pytest.fixture(scope="session")
def installed(filled: Path, plays: Plays) -> Path:
    """The same org with our fields, and the values its people had entered before."""

    def make(home: Path) -> None:
        shutil.copytree(filled / "org", home / "org")
        with Org.open(home / "org") as org, serving(org) as crm, plays.unblocker.unblock():
            portfolio = playing.connected(crm)
            connection = portfolio.connections.get()
            schema.apply(connection, schema.plan(connection))
            job.enter_existing_values(home, portfolio, SEED)
            call_command("flush", verbosity=0, interactive=False)

    return made_once(plays.factory, "installed", make)


@pytest.fixture(scope="session")
def settled(installed: Path, plays: Plays) -> Path:
    """The same company after a first run: its org, mirror, run folders and our state."""

    return plays.play("settled", installed, lambda stage, _: _ended_well(stage.run()))


@pytest.fixture(scope="session")
def ready(installed: Path, plays: Plays) -> Path:
    """The same company in its first run, before anything is sent."""
    return plays.play("ready", installed, _until_canary)


def _until_canary(stage: CrmStage, _: Path) -> None:
    stage.work(stage.start(), until=Run.Step.CANARY)


def _ended_well(run: Run) -> None:
    assert run.state == Run.State.DONE, run.error


@pytest.fixture(scope="session")
def installed_portal(plays: Plays) -> Path:
    """A HubSpot portal with a small seller of hardware and our properties."""

    def make(home: Path) -> None:
        hubspot_stage.fill(home)
        with Portal.open(home / "portal") as portal, serving_portal(portal) as crm, plays.unblocker.unblock():
            hubspot_stage.install(crm, home)
            call_command("flush", verbosity=0, interactive=False)

    return made_once(plays.factory, "installed-portal", make)


@pytest.fixture(scope="session")
def settled_portal(installed_portal: Path, plays: Plays) -> Path:
    """The same company in HubSpot after a first run."""
    return plays.play("settled-portal", installed_portal, lambda stage, _: _ended_well(stage.run()))


@pytest.fixture(scope="session")
def ready_portal(installed_portal: Path, plays: Plays) -> Path:
    """The same company in HubSpot in its first run, before anything is sent."""
    return plays.play("ready-portal", installed_portal, _until_canary)


@pytest.fixture
def home(tmp_path: Path, db: None, settings: Any) -> Path:
    settings.HOME = tmp_path
    return tmp_path


@pytest.fixture
def after_run(settled: Path, home: Path) -> Iterator[Stage]:
    """A stage on which the first run has been played."""
    with playing.opened(settled, home) as stage:
        yield stage


@pytest.fixture
def before_run(settled: Path) -> dict[str, dict[str, Any]]:
    """Our fields of every account as they were before the first run of `after_run`, by id."""
    values: dict[str, dict[str, Any]] = json.loads((settled / playing.BEFORE).read_text())
    return values


@pytest.fixture
def mails(settled: Path) -> list[list[str]]:
    """To whom the first run of `after_run` sent its mails."""
    told: list[list[str]] = json.loads((settled / playing.MAILS).read_text())
    return told


@pytest.fixture
def planned(ready: Path, home: Path) -> Iterator[Stage]:
    """A stage on which the first run, `Run.objects.get()`, stands before its canary: nothing has been sent."""
    with playing.opened(ready, home) as stage:
        yield stage


@pytest.fixture
def stage(installed: Path, home: Path) -> Iterator[Stage]:
    with playing.opened(installed, home) as stage:
        yield stage


@pytest.fixture
def uninstalled(filled: Path, home: Path) -> Iterator[Stage]:
    """A connected company whose CRM has no field of ours yet."""
    with playing.opened(filled, home) as stage:
        yield stage


@pytest.fixture
def hub(installed_portal: Path, home: Path) -> Iterator[HubspotStage]:
    with playing.opened(installed_portal, home) as stage:
        yield stage


CRMS = ("salesforce", "hubspot")


@pytest.fixture(params=CRMS)
def settled_crm(request: pytest.FixtureRequest) -> Path:
    """Each CRM in turn after a first run: what is promised of runs holds for both."""
    return _template(request, "settled")


@pytest.fixture
def after_run_of_each(settled_crm: Path, home: Path) -> Iterator[CrmStage]:
    """A stage of each CRM on which the first run has been played."""
    with playing.opened(settled_crm, home) as stage:
        yield stage


@pytest.fixture(params=CRMS)
def planned_of_each(request: pytest.FixtureRequest, home: Path) -> Iterator[CrmStage]:
    """A stage of each CRM on which the first run stands before its canary."""
    with playing.opened(_template(request, "ready"), home) as stage:
        yield stage


def _template(request: pytest.FixtureRequest, name: str) -> Path:
    found: Path = request.getfixturevalue(name if request.param == "salesforce" else f"{name}_portal")
    return found


@pytest.fixture(scope="session")
def filled_both(plays: Plays) -> Path:
    def make(home: Path) -> None:
        with plays.unblocker.unblock(), override_settings(HOME=home):
            both_stage.fill(home)
            call_command("flush", verbosity=0, interactive=False)

    return made_once(plays.factory, "filled-both", make)


@pytest.fixture(scope="session")
def settled_both(filled_both: Path, plays: Plays) -> Path:
    """Both CRMs after a first run."""
    return _played_on_both(plays, "settled-both", filled_both, lambda stage: stage.run())


@pytest.fixture(scope="session")
def ready_both(filled_both: Path, plays: Plays) -> Path:
    """Both CRMs in a first run, before anything is sent."""
    return _played_on_both(plays, "ready-both", filled_both, lambda stage: stage.work(stage.start(), until="send"))


def _played_on_both(plays: Plays, name: str, start: Path, act: Callable[[BothStage], object]) -> Path:
    def make(home: Path) -> None:
        with plays.unblocker.unblock(), override_settings(HOME=home), both_stage.opened(home, start) as stage:
            act(stage)
            call_command("dumpdata", "sync", output=str(home / both_stage.STATE))
            call_command("flush", verbosity=0, interactive=False)

    return made_once(plays.factory, name, make)


@pytest.fixture
def both(settled_both: Path, home: Path) -> Iterator[BothStage]:
    with both_stage.opened(home, settled_both) as stage:
        yield stage


@pytest.fixture
def planned_both(ready_both: Path, home: Path) -> Iterator[BothStage]:
    """Both CRMs, and a first run, `Run.objects.get()`, that has sent nothing yet."""
    with both_stage.opened(home, ready_both) as stage:
        yield stage
