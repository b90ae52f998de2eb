"""How an administrator gets `tierline` into a CRM: the options of `connection add` and `connection reconnect`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from admin.cli.output import WRONG_INPUT, Stop, err

if TYPE_CHECKING:
    from connectors.access import Token

JwtKey = Annotated[
    Path | None, typer.Option(help="Log in with this private key; the app has its certificate.", metavar="FILE")
]
Username = Annotated[str, typer.Option(help="With --jwt-key: who to be.", metavar="USER")]
Browser = Annotated[bool, typer.Option("--browser", help="Log in as yourself in a browser, once.")]
Port = Annotated[
    int, typer.Option(metavar="N", min=1, max=65535, help="With --browser: port of this machine for the way back.")
]

PRODUCTION, SANDBOX = "https://login.salesforce.com", "https://test.salesforce.com"
#: The way back from a browser, unless --port says otherwise.
PORT = 8717
SECRET = "TIERLINE_CLIENT_SECRET"  # noqa: S105


@dataclass(frozen=True)
class Entered:
    """What to store for a way in, once it has worked. `token`: a login in the browser has given it."""

    settings: Mapping[str, str]
    credentials: Mapping[str, str] = field(repr=False)
    token: Token | None = None


def address(url: str, *, sandbox: bool, own_needed: bool) -> str:
    """Where to log in. `own_needed`: only the org's own address will do."""
    if not url and own_needed:
        raise Stop(
            "The address of the org is missing.",
            "Give --url https://acme.my.salesforce.com (Setup > My Domain); with --jwt-key or --browser it may be left "
            "out.",
            code=WRONG_INPUT,
        )
    return (url or (SANDBOX if sandbox else PRODUCTION)).rstrip("/")


def enter(
    login: str, client_id: str, jwt_key: Path | None, username: str, port: int, *, browser: bool, sandbox: bool
) -> Entered:
    """What `connection add` asks for, in the way that the options choose."""
    if not client_id:
        raise Stop("The app is not named.", "Give --client-id, its consumer key.", code=WRONG_INPUT)
    settings = {"login_url": login, "client_id": client_id}
    if jwt_key:
        return by_key(settings, username, jwt_key, sandbox=sandbox)
    return by_browser("salesforce", settings, port) if browser else by_secret(settings)


def by_secret(settings: Mapping[str, str]) -> Entered:
    """Client credentials. The secret comes from the environment, or is asked for."""
    secret = os.environ.get(SECRET) or typer.prompt("Client secret", hide_input=True)
    return Entered(settings, {"client_secret": secret})


def by_key(settings: Mapping[str, str], username: str, file: Path, *, sandbox: bool) -> Entered:
    """Signed assertions of one user."""
    if not username:
        raise Stop("It is not said whose login this is.", "Give --username USER.", code=WRONG_INPUT)
    try:
        pem = file.read_text(encoding="ascii")
    except OSError as error:
        raise Stop(f"{file} cannot be read: {error.strerror}.", "Check the path.", code=WRONG_INPUT) from None
    except UnicodeDecodeError:
        raise Stop(f"{file} is not a key in PEM form.", "Give the private key as text.", code=WRONG_INPUT) from None
    audience = {"audience": SANDBOX} if sandbox else {}
    return Entered({**settings, "username": username, **audience}, {"private_key": pem})


def by_browser(kind: str, settings: Mapping[str, str], port: int) -> Entered:
    """A login in the browser, now; what it gives goes on without a person."""
    from admin import browser_login

    secret = os.environ.get(SECRET)
    if secret is None:
        secret = typer.prompt("Client secret (empty if the app asks for none)", default="", hide_input=True)
    credentials = {"client_secret": secret} if secret else {}

    def show(page: str) -> None:
        err.print("Open this address in a browser on this machine, log in and allow access:\n")
        err.print(page, soft_wrap=True, markup=False)
        err.print(f"\nThe app needs the callback address {browser_login.return_address(port)}. Waiting ...")

    return Entered(settings, credentials, browser_login.log_in(kind, {**settings, **credentials}, port=port, show=show))
