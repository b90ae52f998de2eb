"""`tierline sandbox`: a CRM on this machine, to try things out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from admin.cli.output import Stop, out, print_json, sentences

app = typer.Typer(help="A CRM on this machine that behaves like Salesforce or HubSpot.", no_args_is_help=True)
Home = Annotated[Path, typer.Option(help="Folder that holds the CRM; made when new.")]
Crm = Annotated[
    Literal["salesforce", "hubspot"] | None,
    typer.Option(help="What a new folder becomes; salesforce unless given.", show_default=False),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON line instead of text.")]


@app.command()
def serve(
    home: Home,
    crm: Crm = None,
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 8001,
    tls: Annotated[bool, typer.Option("--tls", help="Serve https with a certificate of its own.")] = False,
    as_json: Json = False,
) -> None:
    """Serve the CRM until it is stopped; prints where it is and how to log in."""
    with sentences():
        from connectors.sandbox import server

        server.serve(home, port, kind=crm, tls=tls, as_json=as_json, die_with_parent=False)


@app.command()
def load(
    directory: Annotated[Path, typer.Argument(help="Folder with CSV or Parquet files.")],
    home: Home,
    mapping: Annotated[
        Path | None, typer.Option(help="Mapping file; default: mapping.yaml in the folder, or one that fits.")
    ] = None,
    crm: Crm = None,
    as_json: Json = False,
) -> None:
    """Fill a CRM from files, as a mapping file says."""
    with sentences():
        from admin.demo import datasets
        from connectors.sandbox import load as loading
        from connectors.sandbox import portal_load
        from connectors.sandbox.kinds import open_crm
        from connectors.sandbox.mapping import read
        from connectors.sandbox.org.org import Org

        if not directory.is_dir():
            raise Stop(f"{directory} is not a folder.", "Name the folder that holds the files.", code=2)
        wanted = datasets.HUBSPOT_MAPPING if crm == "hubspot" else datasets.MAPPING
        content = read(mapping or datasets.find_mapping(directory, wanted))
        if crm not in (None, content.crm):
            raise Stop(f"The mapping file is for {content.crm}.", f"Leave out --crm {crm}, or name another.", code=2)
        opened = open_crm(home, content.crm)
        if isinstance(opened, Org):
            report = loading.load(opened, directory, content)
        else:
            report = portal_load.load(opened, directory, content)
        if as_json:
            print_json(dict(report.rows))
            return
        for name, rows in report.rows.items():
            out.print(f"  {name:24} {rows:>9,}")
        out.print(f"Loaded into {home}. Serve it: tierline sandbox serve --home {home}")


@app.command()
def faults(
    rules: Annotated[
        Path | None, typer.Argument(help="JSON file with a list of rules; without it the rules in force are shown.")
    ] = None,
    url: Annotated[str, typer.Option(help="Where the sandbox is served.")] = "http://127.0.0.1:8001",
    clear: Annotated[bool, typer.Option("--clear", help="End all faults first.")] = False,
    as_json: Json = False,
) -> None:
    """Make a served sandbox slow, silent or broken on purpose, to see what its clients do."""
    with sentences():
        from admin import sandbox_faults

        shown = sandbox_faults.change(url, rules, clear=clear)
        if as_json:
            print_json(shown)
        elif not shown:
            out.print("No faults: the sandbox answers as it should.")
        for rule in [] if as_json else shown:
            out.print(f"  {sandbox_faults.words(rule)}", soft_wrap=True, markup=False)


@app.command()
def mailbox(
    home: Home,
    port: Annotated[int, typer.Option(help="Port of its web page; 0 takes a free one.")] = 8025,
    smtp_port: Annotated[int, typer.Option(help="Port that takes mail; 0 takes a free one.")] = 0,
) -> None:
    """Serve a mailbox that accepts every mail and shows it on a page; nothing is sent on."""
    with sentences():
        from connectors.sandbox.mailbox import serve_mailbox

        raise typer.Exit(serve_mailbox(home, smtp_port, port))
