"""What many tests begin with is played once for all of them, and each goes on with a copy."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import override_settings

from admin import portfolios
from connectors.sandbox.background import Served, ServedPortal, serving, serving_portal
from connectors.sandbox.org.org import Org
from connectors.sandbox.portal.portal import Portal
from scoring import presets
from sync import vault
from sync.models import Connection, Portfolio
from sync.throttle import LocalCounts
from tests.once import made_once
from tests.sync import hubspot_stage
from tests.sync.hubspot_stage import PLACES, HubspotStage
from tests.sync.stage import Stage

#: Our own state in a template: absent where nothing has been connected yet.
STATE = "state.json"
#: What is told by the play besides: what the CRM held of our fields before it, and the mails it sent.
BEFORE, MAILS = "before.json", "mails.json"


@dataclass(frozen=True)
class Plays:
    """Makes templates: org or portal, mirror, run folders and our state after something was played."""

    factory: pytest.TempPathFactory
    unblocker: Any

    def play(self, name: str, start: Path, act: Callable[[Any, Path], object]) -> Path:
        """The template of this name: what `act` makes of `start`. It is given the stage, and a folder for files."""

        def make(home: Path) -> None:
            with self.unblocker.unblock(), override_settings(HOME=home), opened(start, home) as stage:
                (home / BEFORE).write_text(json.dumps(stage.own_values()))
                mail.outbox.clear()
                act(stage, home)
                (home / MAILS).write_text(json.dumps([message.to for message in mail.outbox]))
                call_command("dumpdata", "sync", output=str(home / STATE))
                call_command("flush", verbosity=0, interactive=False)

        return made_once(self.factory, name, make)


@contextmanager
def opened(template: Path, home: Path) -> Iterator[Any]:
    """A stage on a copy of the template, in a home folder that the settings name already."""
    for name in ("mirror", "runs", "org", "portal"):
        if (template / name).exists():
            shutil.copytree(template / name, home / name)
        elif name in ("mirror", "runs"):
            (home / name).mkdir()
    known = (template / STATE).exists()
    if known:
        call_command("loaddata", str(template / STATE), verbosity=0)
    if (home / "portal").exists():
        with Portal.open(home / "portal") as portal, serving_portal(portal) as hub, hurried():
            yield HubspotStage(_found_again(hub) if known else hubspot_stage.connect(hub, home, PLACES), hub)
    else:
        with Org.open(home / "org") as org, serving(org) as crm:
            yield Stage(_found_again(crm) if known else connected(crm), crm)


@contextmanager
def hurried() -> Iterator[None]:
    """Nobody waits for the pace that HubSpot asks for; `test_paces` shows that it is kept."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LocalCounts, "begin", lambda *_: 0.0)
        patch.setattr(LocalCounts, "end", lambda *_: None)
        yield


def connected(crm: Served) -> Portfolio:
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


def _found_again(crm: Served | ServedPortal) -> Portfolio:
    connection = Connection.objects.get()
    settings, credentials = _ways[connection.kind](crm)
    connection.settings = {**connection.settings, **settings}
    connection.identity = {**connection.identity, "instance_url": crm.url}
    # Another process may have played it; its key has gone with it.
    connection.credentials = vault.seal(credentials)
    connection.save()
    return Portfolio.objects.get()


#: What of settings and credentials is another for every serving of one CRM.
_ways: dict[str, Callable[[Served | ServedPortal], tuple[dict[str, str], dict[str, str]]]] = {
    "salesforce": lambda crm: ({"login_url": crm.url}, {"client_secret": crm.facts["client_secret"]}),
    "hubspot": lambda crm: ({"api_url": crm.url}, {"access_token": crm.facts["access_token"]}),
}
