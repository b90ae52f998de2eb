"""How an administrator gets `tierline` into HubSpot: with a token, or by installing an app in a browser."""

from __future__ import annotations

import os
from collections.abc import Mapping

import typer

from admin.cli import ways_in
from admin.cli.output import WRONG_INPUT, Stop
from admin.cli.ways_in import Entered

KIND = "hubspot"
TOKEN = "TIERLINE_ACCESS_TOKEN"  # noqa: S105


def enter(url: str, client_id: str, api_version: str, port: int, *, browser: bool) -> Entered:
    """What `connection add` asks for. `url`: where the API answers, if it is not HubSpot's own address."""
    settings = {name: value for name, value in (("api_url", url), ("api_version", api_version)) if value}
    if not browser:
        return Entered(settings, {"access_token": _token()})
    if not client_id:
        raise Stop("It is not said which app is to be installed.", "Give its --client-id.", code=WRONG_INPUT)
    return ways_in.by_browser(KIND, {**settings, "client_id": client_id}, port)


def again(settings: Mapping[str, str], kept: Mapping[str, str], port: int, *, browser: bool) -> Entered:
    """What `connection reconnect` asks for. What proves webhooks stays."""
    if browser or "refresh_token" in kept:
        return ways_in.by_browser(KIND, settings, port)
    proof = {name: value for name, value in kept.items() if name == "client_secret"}
    return Entered(settings, {"access_token": _token(), **proof})


def _token() -> str:
    return os.environ.get(TOKEN) or str(typer.prompt("Access token", hide_input=True))
