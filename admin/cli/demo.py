"""`tierline demo`: the whole product at work on a demo company."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from admin.cli.output import sentences


def demo(
    once: Annotated[bool, typer.Option("--once", help="Do the job once and end, instead of serving.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="End with one JSON object on standard output.")] = False,
    data: Annotated[Path | None, typer.Option(help="Folder with real data instead of the generated company.")] = None,
    crm: Annotated[
        Literal["salesforce", "hubspot", "both"],
        typer.Option(help="What the CRM is; hubspot with --data only, both with the generated company only."),
    ] = "salesforce",
    orders_in_files: Annotated[
        bool,
        typer.Option("--orders-in-files", help="Leave the orders of --data out of the CRM: read them as ERP files."),
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over: forget the demo of this home.")] = False,
    accounts: Annotated[
        int | None,
        typer.Option(metavar="N", min=20, help="Size of the generated company.", show_default="1000, in both CRMs 100"),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the generated company.", show_default="1")] = None,
    today: Annotated[
        datetime | None, typer.Option(metavar="YYYY-MM-DD", formats=["%Y-%m-%d"], help="Run as if it were this day.")
    ] = None,
    workers: Annotated[int, typer.Option(metavar="N", min=1, help="Worker processes.")] = 2,
    port: Annotated[int, typer.Option(help="Port of the console.")] = 8000,
) -> None:
    """Make a CRM with a demo company in it, install the fields, and do the whole job there."""
    with sentences():
        from admin.demo.run import Demo

        day = today.date() if today else None
        demo = Demo(data, orders_in_files, accounts, seed, day, workers, port, crm)
        demo.main(once=once, as_json=as_json, fresh=fresh)
