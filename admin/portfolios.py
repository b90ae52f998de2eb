"""Portfolios and connections as an administrator sets them up: create, find, check, publish a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from django.utils import timezone

from admin.cli.output import WRONG_INPUT, Stop
from connectors.base import Identity
from connectors.files import find_files
from scoring import model as models
from sync import crms, files, vault
from sync.models import AuditEvent, Connection, Portfolio, PublishedModel


def choose(name: str) -> Portfolio:
    """The portfolio of this name, or the only one."""
    everything = list(Portfolio.objects.order_by("pk"))
    if name:
        for portfolio in everything:
            if portfolio.name == name:
                return portfolio
        known = ", ".join(str(portfolio) for portfolio in everything) or "none yet"
        raise Stop(f"There is no portfolio '{name}'.", f"Known: {known}.", code=WRONG_INPUT)
    if not everything:
        raise Stop("Nothing is set up yet.", "Add your CRM: tierline connection add production --help")
    if len(everything) > 1:
        raise Stop(
            "There are several portfolios.",
            "Name one: --portfolio " + " | ".join(str(portfolio) for portfolio in everything),
            code=WRONG_INPUT,
        )
    return everything[0]


def add_connection(
    portfolio: Portfolio,
    name: str,
    kind: str,
    settings: Mapping[str, str],
    credentials: Mapping[str, str],
    *,
    api_share: float = 0.5,
) -> Connection:
    """Save a connection, or renew the settings of the one with this name, once the CRM has answered."""
    connection = Connection.objects.filter(name=name).first() or Connection(portfolio=portfolio, name=name)
    connection.kind = kind
    connection.settings = dict(settings)
    connection.api_share = api_share
    connection.credentials = vault.seal(credentials)
    check(connection)
    AuditEvent.objects.create(portfolio=portfolio, actor="command line", action="connection saved", subject=name)
    return connection


def add_files(portfolio: Portfolio, name: str, mapping: Path, folder: Path | None) -> Connection:
    """Save a set of business files, or renew the one with this name, once the mapping and all its paths are right.

    Raises `connectors.errors.BadInput`.
    """
    connection = Connection.objects.filter(name=name).first() or Connection(portfolio=portfolio, name=name)
    if connection.pk and connection.kind != Connection.FILES:
        raise Stop(f"'{name}' is the name of a CRM connection.", "Choose another name.", code=WRONG_INPUT)
    connection.kind = Connection.FILES
    connection.settings = {"mapping": str(mapping.resolve()), "folder": str(folder.resolve()) if folder else ""}
    read = files.mapping_of(connection)
    for source in read.sources:
        if source.path:
            find_files(read.folder, source.path)
    connection.save()
    AuditEvent.objects.create(portfolio=portfolio, actor="command line", action="files added", subject=name)
    return connection


def check(connection: Connection) -> Identity:
    """Ask the CRM who we are, and remember the answer; raises what the connector raises."""
    identity = crms.open_crm(connection).identity()
    connection.identity = asdict(identity)
    connection.state = Connection.State.READY
    connection.save()
    return identity


def check_connections(portfolio: Portfolio) -> None:
    """Every CRM of the portfolio answers; raises the first failure."""
    for connection in portfolio.crms():
        check(connection)


def publish(portfolio: Portfolio, path: Path) -> PublishedModel:
    """Make this model file the one that runs use from now on. Raises `scoring.model.ModelError`."""
    model = models.load(path)
    fingerprint = model.fingerprint()
    newest = portfolio.model_in_force()
    if newest is not None and newest.fingerprint == fingerprint:
        return newest
    published, created = PublishedModel.objects.get_or_create(
        portfolio=portfolio,
        fingerprint=fingerprint,
        defaults={"text": path.read_text(encoding="utf-8"), "source": str(path)},
    )
    if not created:
        published.published_at = timezone.now()
        published.save(update_fields=["published_at"])
    AuditEvent.objects.create(
        portfolio=portfolio, actor="command line", action="model published", subject=fingerprint[:12]
    )
    return published
