"""`tierline connection add` and `reconnect`: logging in to a CRM, in one of several ways. Only what works is stored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from admin.cli import hubspot_login, ways_in
from admin.cli.output import WRONG_INPUT, Stop, out, sentences
from admin.cli.ways_in import Browser, Entered, JwtKey, Port, Username

if TYPE_CHECKING:
    from sync.models import Connection


def add(
    name: Annotated[str, typer.Argument(help="What you call it, e.g. production.")],
    client_id: Annotated[
        str,
        typer.Option(help="Consumer key of the External Client App; with HubSpot, client id of an app (--browser)."),
    ] = "",
    url: Annotated[str, typer.Option(help="Your My Domain address, e.g. https://acme.my.salesforce.com")] = "",
    jwt_key: JwtKey = None,
    username: Username = "",
    browser: Browser = False,
    port: Port = ways_in.PORT,
    sandbox: Annotated[bool, typer.Option("--sandbox", help="The org is a sandbox of Salesforce.")] = False,
    kind: Annotated[str, typer.Option(help="Kind of CRM: salesforce or hubspot.")] = "salesforce",
    api_version: Annotated[
        str, typer.Option(help="With HubSpot: version of its API, v3 or a date.", metavar="VERSION")
    ] = "",
    portfolio: Annotated[str, typer.Option(help="Portfolio it belongs to; made when new.")] = "default",
    administrator: Annotated[
        str, typer.Option(help="E-mail address of the last resort for alerts.", metavar="EMAIL")
    ] = "",
    api_share: Annotated[
        int,
        typer.Option(metavar="N", min=1, max=90, help="Percent of the org's API calls in 24 hours that may be ours."),
    ] = 50,
) -> None:
    """Connect a CRM: with a client secret (TIERLINE_CLIENT_SECRET, or asked for), a key, or a login in a browser.

    HubSpot: with --kind hubspot and the token of a private app or service key (TIERLINE_ACCESS_TOKEN, or asked for), or
    with --browser and the --client-id of an app.
    """
    with sentences():
        from admin.cli.django_setup import ready

        ready(migrate=True)
        from admin import portfolios
        from sync.models import Portfolio

        one_way(jwt_key, browser=browser)
        if kind == hubspot_login.KIND:
            entered = hubspot_login.enter(url, client_id, api_version, port, browser=browser)
        else:
            login = ways_in.address(url, sandbox=sandbox, own_needed=not (jwt_key or browser))
            entered = ways_in.enter(login, client_id, jwt_key, username, port, browser=browser, sandbox=sandbox)
        chosen = Portfolio.objects.filter(name=portfolio).first() or Portfolio(name=portfolio)
        connection = portfolios.add_connection(
            chosen,
            name,
            kind,
            entered.settings,
            entered.credentials,
            api_share=api_share / 100,
            token=entered.token,
            administrator=administrator,
        )
        told(connection)
        out.print(f"Next: tierline model publish FILE, then tierline schema plan {name}")


def reconnect(
    name: Annotated[str, typer.Argument(help="Name of the connection.")],
    jwt_key: JwtKey = None,
    username: Username = "",
    browser: Browser = False,
    port: Port = ways_in.PORT,
) -> None:
    """Log in again, in the way the connection was made or in another: the org stays the same.

    Asks for the client secret (or takes TIERLINE_CLIENT_SECRET), uses the key that is stored or the one given with
    --jwt-key, or opens a login in a browser.
    """
    with sentences():
        from admin.cli.connection import find

        connection = find(name)
        from admin import portfolios

        one_way(jwt_key, browser=browser)
        entered = again(connection, jwt_key, username, port, browser=browser)
        portfolios.reconnect(connection, entered.settings, entered.credentials, entered.token)
        told(connection)


def again(connection: Connection, jwt_key: Path | None, username: str, port: int, *, browser: bool) -> Entered:
    """What to log in with: what the options say, else what the connection was made with."""
    from sync import tokens, vault

    if connection.kind == connection.FILES:
        raise Stop(f"'{connection}' is a set of files, not a CRM.", "Nothing has to be reconnected.", code=WRONG_INPUT)
    settings: dict[str, Any] = dict(connection.settings)
    kept = tokens.given(vault.unseal(connection.credentials))
    if connection.kind == hubspot_login.KIND:
        return hubspot_login.again(settings, kept, port, browser=browser)
    if jwt_key:
        return ways_in.by_key(settings, username or settings.get("username", ""), jwt_key, sandbox=False)
    if browser or "refresh_token" in kept:
        return ways_in.by_browser(connection.kind, settings, port)
    return Entered(settings, kept) if "private_key" in kept else ways_in.by_secret(settings)


def one_way(jwt_key: Path | None, *, browser: bool) -> None:
    """Raises `Stop` when two ways in are asked for at once."""
    if jwt_key and browser:
        raise Stop("Two ways in at once.", "Choose --jwt-key or --browser.", code=WRONG_INPUT)


def told(connection: Connection) -> None:
    who = connection.identity
    out.print(f"Connected to {who['org_name']} ({who['org_id']}) as {who['user_name']}.", markup=False)
