"""`tierline channels`: where messages go as well, beside mails and tasks in the CRM."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from admin.cli.acting import As, Json, Portfolio, actor
from admin.cli.output import FAILED, WRONG_INPUT, Stop, out, print_json, sentences, table

if TYPE_CHECKING:
    from sync.models import Destination

app = typer.Typer(
    help="Where messages go as well: Slack, Microsoft Teams, a program behind a webhook, the bell in Salesforce.",
    no_args_is_help=True,
)
Name = Annotated[str, typer.Argument(help="Name of the channel, from: tierline channels list")]
COLUMNS = ("name", "kind", "host", "state", "whose", "severity", "waiting", "problem")


@app.command("list")
def list_all(portfolio: Portfolio = "", as_json: Json = False) -> None:
    """All channels, whether they work, and how many messages wait for each. Addresses and keys are never shown."""
    with sentences():
        _ready()
        from admin import portfolios

        rows = [_row(each) for each in portfolios.choose(portfolio).destinations.all()]
        if as_json:
            print_json(rows)
        elif rows:
            table(COLUMNS, rows)
        else:
            out.print("No channel beside mails and tasks in the CRM. Add one: tierline channels add --help")


@app.command()
def add(
    kind: Annotated[str, typer.Argument(help="slack, teams, webhook or notification.")],
    name: Annotated[str, typer.Argument(help="What you call it.")],
    only_for: Annotated[
        str, typer.Option("--for", metavar="EMAIL", help="Only what belongs to this person.", show_default="everybody")
    ] = "",
    only_high: Annotated[bool, typer.Option("--high", help="Only severe problems.")] = False,
    by: As = "",
    portfolio: Portfolio = "",
    as_json: Json = False,
) -> None:
    """Add a channel. Its address is a secret: it comes from TIERLINE_CHANNEL_URL, or is asked for.

    A webhook has a key as well, from TIERLINE_CHANNEL_KEY or asked for, by which the receiver checks the signature. A
    notification has no address: it rings at the bell of each person in Salesforce, and on the phone.
    """
    with sentences():
        _ready()
        from admin import portfolios
        from sync.alerts import destinations
        from sync.alerts.channels.registry import KINDS, Outside

        chosen = portfolios.choose(portfolio)
        secret: dict[str, str] = {}
        if isinstance(outside := KINDS.get(kind), Outside):
            secret["url"] = _secret("TIERLINE_CHANNEL_URL", "Address")
            if outside.check_key is not None:
                secret["key"] = _secret("TIERLINE_CHANNEL_KEY", "Key")
        try:
            made = destinations.add(chosen, kind, name, secret, actor(by), only_for=only_for, only_high=only_high)
        except destinations.Unusable as error:
            raise Stop(str(error), "See: tierline channels add --help", code=WRONG_INPUT) from None
        bring = destinations.preparation(made)
        _done(made, f"Messages about new alerts go to {name} as well. {bring}: tierline channels test {name}", as_json)


@app.command("test")
def send_test(name: Name, portfolio: Portfolio = "", as_json: Json = False) -> None:
    """Send a message that says it is a test."""
    with sentences():
        found = _find(name, portfolio)
        from django.utils import timezone

        from sync.alerts import destinations
        from sync.alerts.channels.base import DeliveryError

        try:
            where = destinations.test(found, timezone.now())
        except DeliveryError as error:
            raise Stop(str(error), destinations.advice(found), code=FAILED) from None
        _done(found, f"{where} took the message.", as_json)


@app.command()
def enable(name: Name, by: As = "", portfolio: Portfolio = "", as_json: Json = False) -> None:
    """Send to it again; what waited goes out."""
    _switch(name, True, by, portfolio, as_json)


@app.command()
def disable(name: Name, by: As = "", portfolio: Portfolio = "", as_json: Json = False) -> None:
    """Send nothing there until it is enabled; messages for it wait."""
    _switch(name, False, by, portfolio, as_json)


@app.command()
def remove(name: Name, by: As = "", portfolio: Portfolio = "", as_json: Json = False) -> None:
    """Forget a channel and its address. What was sent stays in the log."""
    with sentences():
        found = _find(name, portfolio)
        from sync.alerts import destinations

        row = _row(found)
        destinations.remove(found, actor(by))
        if as_json:
            print_json(row)
        else:
            out.print(f"[green]✓[/] {name} is removed.")


def _switch(name: str, enabled: bool, by: str, portfolio: str, as_json: bool) -> None:
    with sentences():
        found = _find(name, portfolio)
        from sync.alerts import destinations

        destinations.switch(found, enabled, actor(by))
        _done(found, f"{name} is {found.state}.", as_json)


def _ready() -> None:
    from admin.cli.django_setup import ready

    ready(migrate=True)


def _secret(variable: str, words: str) -> str:
    return os.environ.get(variable) or str(typer.prompt(words, hide_input=True)).strip()


def _find(name: str, portfolio: str) -> Destination:
    _ready()
    from admin import portfolios

    found = portfolios.choose(portfolio).destinations.filter(name=name).select_related("portfolio").first()
    if found is None:
        raise Stop(f"There is no channel '{name}'.", "List them with: tierline channels list", code=WRONG_INPUT)
    return found


def _row(found: Destination) -> dict[str, Any]:
    return {
        "name": found.name,
        "kind": found.kind,
        "host": found.shown,
        "state": found.state,
        "whose": found.only_for or "everybody's",
        "severity": "high" if found.only_high else "all",
        "waiting": found.deliveries.filter(state="pending").count(),
        "problem": found.problem,
    }


def _done(found: Destination, sentence: str, as_json: bool) -> None:
    if as_json:
        print_json(_row(found))
    else:
        out.print(f"[green]✓[/] {sentence}", soft_wrap=True)
