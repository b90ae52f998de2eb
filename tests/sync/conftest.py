"""One small company in a served sandbox, connected and installed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import override_settings

from admin import portfolios, schema
from admin.demo import company, job
from connectors.sandbox.background import Served, serving
from connectors.sandbox.org.org import Org
from scoring import presets
from sync import vault
from sync.models import Connection, Portfolio, Run
from tests.once import made_once
from tests.sync.stage import ACCOUNTS, SEED, TODAY, Stage


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An org with the small company, fields not installed yet."""

    def make(home: Path) -> None:
        with Org.open(home) as org:
            company.generate(org, SEED, ACCOUNTS, TODAY)

    return made_once(tmp_path_factory, "filled", make)


@pytest.fixture(scope="session")
def installed(
    filled: Path, tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: Any
) -> Path:
    """The same org with our fields, and the values its people had entered before."""

    def make(home: Path) -> None:
        shutil.copytree(filled, home / "org")
        with Org.open(home / "org") as org, serving(org) as crm, django_db_blocker.unblock():
            portfolio = _connect(crm)
            connection = portfolio.connections.get()
            schema.apply(connection, schema.plan(connection))
            job.enter_existing_values(home, portfolio, SEED)
            call_command("flush", verbosity=0, interactive=False)

    return made_once(tmp_path_factory, "installed", make) / "org"


@pytest.fixture(scope="session")
def settled(
    installed: Path, tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: Any
) -> Path:
    """The same company after a first run: its org, mirror, run folders and our state."""

    def make(home: Path) -> None:
        for name in ("mirror", "runs"):
            (home / name).mkdir()
        shutil.copytree(installed, home / "org")
        with Org.open(home / "org") as org, serving(org) as crm, django_db_blocker.unblock():
            with override_settings(HOME=home):
                run = Stage(_connect(crm), crm).run()
                assert run.state == Run.State.DONE, run.error
            call_command("dumpdata", "sync", output=str(home / "state.json"))
            call_command("flush", verbosity=0, interactive=False)

    return made_once(tmp_path_factory, "settled", make)


@pytest.fixture
def after_run(settled: Path, tmp_path: Path, db: None, settings: Any) -> Iterator[Stage]:
    """A stage on which the first run has been played."""
    settings.HOME = tmp_path
    for name in ("mirror", "runs", "org"):
        shutil.copytree(settled / name, tmp_path / name)
    call_command("loaddata", str(settled / "state.json"), verbosity=0)
    with Org.open(tmp_path / "org") as org, serving(org) as crm:
        connection = Connection.objects.get()
        connection.settings = {**connection.settings, "login_url": crm.url}
        connection.identity = {**connection.identity, "instance_url": crm.url}
        # Another process may have played the run; its key has gone with it.
        connection.credentials = vault.seal({"client_secret": crm.facts["client_secret"]})
        connection.save()
        yield Stage(Portfolio.objects.get(), crm)


@pytest.fixture
def stage(installed: Path, tmp_path: Path, db: None, settings: Any) -> Iterator[Stage]:
    settings.HOME = tmp_path
    for name in ("mirror", "runs"):
        (tmp_path / name).mkdir()
    shutil.copytree(installed, tmp_path / "org")
    with Org.open(tmp_path / "org") as org, serving(org) as crm:
        yield Stage(_connect(crm), crm)


@pytest.fixture
def uninstalled(filled: Path, tmp_path: Path, db: None, settings: Any) -> Iterator[Stage]:
    """A connected company whose CRM has no field of ours yet."""
    settings.HOME = tmp_path
    shutil.copytree(filled, tmp_path / "org")
    with Org.open(tmp_path / "org") as org, serving(org) as crm:
        yield Stage(_connect(crm), crm)


def _connect(crm: Served) -> Portfolio:
    portfolio = Portfolio.objects.create(name="test")
    portfolios.add_connection(
        portfolio,
        "demo",
        "salesforce",
        {"login_url": crm.url, "client_id": crm.facts["client_id"]},
        {"client_secret": crm.facts["client_secret"]},
    )
    portfolios.publish(portfolio, presets.path("default"))
    return portfolio
