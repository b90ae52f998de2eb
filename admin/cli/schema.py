"""`tierline schema`: what has to exist in the CRM, shown before it is made."""

from __future__ import annotations

from typing import Annotated

import typer

from admin.cli.connection import find
from admin.cli.output import out, print_json, sentences

app = typer.Typer(help="Plan and apply the fields Tierline needs in the CRM.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Name of the connection.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of text.")]


@app.command()
def plan(connection: Name, as_json: Json = False) -> None:
    """Show what would be created or changed in the CRM; changes nothing."""
    with sentences():
        chosen = find(connection)
        from admin import schema

        steps = schema.plan(chosen)
        if as_json:
            print_json(schema.as_rows(steps))
            return
        schema.show(steps, out)
        if steps.changes:
            out.print(f"Apply?  tierline schema apply {connection}")


@app.command()
def apply(
    connection: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Create what the plan shows, then read it back."""
    with sentences():
        chosen = find(connection)
        from admin import schema

        steps = schema.plan(chosen)
        if not as_json:
            schema.show(steps, out)
        if steps.changes and not yes:
            typer.confirm("Apply this to the CRM?", abort=True)
        if steps.changes:
            schema.apply(chosen, steps)
        if as_json:
            print_json(schema.as_rows(steps))
        elif steps.changes:
            out.print(f"[green]✓[/] {len(steps.changes)} changes applied and read back.")
