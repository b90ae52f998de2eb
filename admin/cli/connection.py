"""`tierline connection`: the CRMs and files a portfolio works with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from admin.cli import connecting, webhooks
from admin.cli.output import WAITS, WRONG_INPUT, Stop, out, print_json, sentences

if TYPE_CHECKING:
    from sync.models import Connection

app = typer.Typer(help="Connect a CRM, test it, list what is connected.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of text.")]


app.command()(connecting.add)
app.command()(connecting.reconnect)
app.command("webhooks")(webhooks.show)


@app.command()
def test(name: Annotated[str, typer.Argument(help="Name of the connection.")], as_json: Json = False) -> None:
    """Ask the CRM who we are, what the API budget is, what we may not do and what our writes will meet.

    Exit code 3: a permission is missing, or amounts are in a currency that no rate converts to the model's.
    """
    with sentences():
        from dataclasses import asdict

        connection = find(name)
        from admin import portfolios, preflight
        from sync import crms

        identity = portfolios.check(connection)
        found, wrong = preflight.look(connection), preflight.currency(connection)
        limits = crms.open_crm(connection).limits()
        usage = crms.budget(connection).usage()
        ours, ours_at_most = (usage.ours, usage.share) if usage else (0, int(connection.api_share * limits.allowed))
        if as_json:
            budget = {"api_used": limits.used, "api_allowed": limits.allowed}
            document = {**asdict(identity), **budget, "api_ours": ours, "api_share": ours_at_most}
            currency = {"currency": connection.identity.get("currency", ""), "warning": " ".join(wrong or ())}
            print_json({**document, **currency, **({"preflight": asdict(found)} if found else {})})
        else:
            share = 100 * limits.used / limits.allowed if limits.allowed else 0
            out.print(f"[green]✓[/] {identity.org_name} ({identity.org_id}) at {identity.instance_url}")
            address = f" <{identity.user_email}>" if identity.user_email else ""
            out.print(f"  as {identity.user_name}{address}")
            out.print(f"  API calls in the last 24 hours: {limits.used:,} of {limits.allowed:,} ({share:.0f} %)")
            out.print(f"  of these ours: {ours:,}, at most {ours_at_most:,} ({connection.api_share:.0%})")
            for line in preflight.sentences(found) if found else ():
                out.print(line, markup=False, soft_wrap=True)
            for line in wrong or ():
                out.print(f"  ! {line}", markup=False, soft_wrap=True)
        if wrong or (found and found.missing):
            raise typer.Exit(WAITS)


@app.command("list")
def show(as_json: Json = False) -> None:
    """What is connected, and whether it answered last time."""
    with sentences():
        from admin.cli.django_setup import ready

        ready(migrate=True)
        from sync.models import Connection

        rows = [
            {
                "name": connection.name,
                "portfolio": str(connection.portfolio),
                "kind": connection.kind,
                "state": connection.get_state_display(),
                "org": connection.identity.get("org_name", ""),
            }
            for connection in Connection.objects.select_related("portfolio").order_by("pk")
        ]
        if as_json:
            print_json(rows)
        elif not rows:
            out.print("Nothing is connected yet. Add your CRM: tierline connection add production --help")
        for row in [] if as_json else rows:
            out.print(f"{row['name']:20} {row['kind']:12} {row['state']:20} {row['org']}")


@app.command("add-files")
def add_files(
    name: Annotated[str, typer.Argument(help="What you call it, e.g. erp.")],
    mapping: Annotated[Path, typer.Argument(help="Mapping file: which columns mean what.")],
    folder: Annotated[
        Path | None, typer.Option(help="Where its paths start; default: beside the mapping file.")
    ] = None,
    portfolio: Annotated[str, typer.Option(help="Portfolio it belongs to.")] = "",
) -> None:
    """Read orders and other ERP records from files or SQL, matched to the accounts of the CRM."""
    with sentences():
        from admin.cli.django_setup import ready

        ready(migrate=True)
        from admin import portfolios

        portfolios.add_files(portfolios.choose(portfolio), name, mapping, folder)
        out.print(f"Added {name}. The next run reads it: tierline run, then tierline connection report {name}")


@app.command()
def report(
    name: Annotated[str, typer.Argument(help="Name of a set of files.")],
    as_json: Json = False,
) -> None:
    """What the last run read from files, and how the rows found their accounts."""
    with sentences():
        connection = find(name)
        if connection.kind != connection.FILES:
            raise Stop(f"'{name}' is a CRM, not a set of files.", "See its runs: tierline runs", code=WRONG_INPUT)
        if as_json:
            print_json(connection.last_read)
        elif not connection.last_read:
            out.print("Not read yet. Start a run: tierline run")
        for text in [] if as_json else connection.last_read.values():
            out.print(text, markup=False)


def find(name: str) -> Connection:
    """The connection of this name, with Django set up."""
    from admin.cli.django_setup import ready

    ready(migrate=True)
    from sync.models import Connection

    found = Connection.objects.select_related("portfolio").filter(name=name).first()
    if found is None:
        known = ", ".join(Connection.objects.values_list("name", flat=True)) or "none yet"
        raise Stop(f"There is no connection '{name}'.", f"Known: {known}.", code=WRONG_INPUT)
    return found
