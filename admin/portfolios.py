"""Portfolios and connections as an administrator sets them up: create, find, check, publish a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from django.utils import timezone

from admin.cli.output import WRONG_INPUT, Stop
from connectors import registry
from connectors.access import MemoryTokens, Token
from connectors.base import Identity
from connectors.files import find_files
from scoring import model as models
from sync import crms, tokens, vault
from sync.models import AuditEvent, Connection, Portfolio, PublishedModel
from sync.reading import files, org_currency


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
    token: Token | None = None,
    administrator: str = "",
) -> Connection:
    """Save a connection, or renew the settings of the one with this name, once the CRM has answered.

    Until then nothing is stored, a new portfolio included. `token`: what a login in the browser has given.
    """
    connection = Connection.objects.filter(name=name).first() or Connection(portfolio=portfolio, name=name, kind=kind)
    if connection.portfolio_id != portfolio.pk or connection.kind != kind:
        raise Stop(
            f"'{name}' is the name of a connection of portfolio {connection.portfolio}, of the kind {connection.kind}.",
            f"Choose another name; for a new login to that one: tierline connection reconnect {name}",
            code=WRONG_INPUT,
        )
    _only_of_its_kind(connection)
    connection.api_share = api_share
    entered = _log_in(connection, settings, credentials, token)
    _same_org(connection, entered.identity)
    if administrator:
        portfolio.administrator_name = portfolio.administrator_email = administrator
    if administrator or portfolio.pk is None:
        portfolio.save()
    _admit(connection, entered, settings)
    AuditEvent.objects.create(portfolio=portfolio, actor="command line", action="connection saved", subject=name)
    return connection


def reconnect(
    connection: Connection, settings: Mapping[str, str], credentials: Mapping[str, str], token: Token | None = None
) -> Identity:
    """Go on with these credentials, once the same org has answered; until then nothing is changed."""
    entered = _log_in(connection, settings, credentials, token)
    _same_org(connection, entered.identity)
    _admit(connection, entered, settings)
    AuditEvent.objects.create(
        portfolio=connection.portfolio, actor="command line", action="connection reconnected", subject=connection.name
    )
    return entered.identity


def _only_of_its_kind(connection: Connection) -> None:
    """Refuse a second org or portal of one kind: record ids name a record only within one.

    HubSpot counts companies from small numbers in every portal, and a sandbox org has the ids of the production org it
    was copied from. Two records of one id would be scored as one, and each would be written what both are worth.
    """
    others = Connection.objects.filter(portfolio_id=connection.portfolio_id, kind=connection.kind)
    if connection.portfolio_id and (other := others.exclude(pk=connection.pk).first()):
        raise Stop(
            f"Portfolio {other.portfolio} has a CRM of this kind already: '{other}'. Two of a kind may use the same "
            "record ids for different companies, so they never share a portfolio.",
            "Give it a portfolio of its own: --portfolio NAME. For a new login to the one that is there: "
            f"tierline connection reconnect {other}",
            code=WRONG_INPUT,
        )


def _same_org(connection: Connection, identity: Identity) -> None:
    """Refuse another org under the name of one whose records and scores we keep."""
    before = connection.identity.get("org_id")
    if before and identity.org_id != before:
        raise Stop(
            f"This is another org: {identity.org_name} ({identity.org_id}), and '{connection}' is "
            f"{connection.identity.get('org_name')} ({before}).",
            "Log in to the right one, or add the other under a name and in a portfolio of its own: tierline connection "
            "add NAME --portfolio OTHER",
            code=WRONG_INPUT,
        )


@dataclass(frozen=True)
class _Entered:
    """A login that the CRM let in: who we are there, and what is kept of it."""

    identity: Identity
    credentials: bytes


def _log_in(
    connection: Connection, settings: Mapping[str, str], credentials: Mapping[str, str], token: Token | None
) -> _Entered:
    """Ask the CRM who we are with these credentials. Nothing is stored; raises what the connector raises."""
    keep = MemoryTokens(token)
    refresh = {"refresh_token": token.refresh} if token and token.refresh else {}
    options = {**settings, **credentials, **refresh}
    identity = registry.open_crm(connection.kind, options, crms.budget(connection), keep).identity()
    used = keep.current()
    kept = {**credentials, **refresh}
    if used is not None:
        kept = tokens.with_token(kept, used, tokens.login_of(connection.kind, settings, kept))
    return _Entered(identity, vault.seal(kept))


def _admit(connection: Connection, entered: _Entered, settings: Mapping[str, str]) -> None:
    """Save the connection with a login that worked."""
    connection.settings = dict(settings)
    connection.credentials = entered.credentials
    connection.identity = asdict(entered.identity)
    connection.state = Connection.State.READY
    connection.save()
    crms.forget(connection)


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
    """Ask the CRM of a stored connection who we are, and remember the answer; raises what the connector raises."""
    crms.forget(connection)
    identity = crms.open_crm(connection).identity()
    _same_org(connection, identity)
    connection.identity = asdict(identity)
    connection.state = Connection.State.READY
    connection.save(update_fields=["identity", "state"])
    org_currency.note(connection, crms.open_crm(connection))
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
