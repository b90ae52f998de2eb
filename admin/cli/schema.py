"""`tierline schema`: what has to exist in the CRM, shown before it is made."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from admin.cli.connection import find
from admin.cli.output import WAITS, WRONG_INPUT, Stop, out, print_json, sentences, table

if TYPE_CHECKING:
    from admin import package as packaging
    from scoring.model import Model
    from sync.models import Connection

app = typer.Typer(help="Plan and apply the fields Tierline needs in the CRM.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Name of the connection.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of text.")]


WithCard = Annotated[
    bool, typer.Option("--with-card", help="Also the card, a record page that shows it, and list views (Salesforce).")
]


@app.command()
def plan(connection: Name, with_card: WithCard = False, as_json: Json = False) -> None:
    """Show what would be created or changed in the CRM; changes nothing."""
    with sentences():
        chosen = find(connection)
        from admin import schema

        steps = schema.plan(chosen, with_card=with_card)
        if as_json:
            print_json(schema.as_rows(steps))
            return
        schema.show(steps, out)
        _warn(chosen)
        if steps.changes:
            out.print(f"Apply?  tierline schema apply {connection}{' --with-card' if with_card else ''}")


@app.command()
def apply(
    connection: Name,
    with_card: WithCard = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Create what the plan shows, then read it back."""
    with sentences():
        chosen = find(connection)
        from admin import schema

        steps = schema.plan(chosen, with_card=with_card)
        if not as_json:
            schema.show(steps, out)
            if steps.changes:
                _warn(chosen)
        if steps.changes and not yes:
            typer.confirm("Apply this to the CRM?", abort=True)
        if steps.changes:
            schema.apply(chosen, steps, with_card=with_card)
        if as_json:
            print_json(schema.as_rows(steps))
        elif steps.changes:
            out.print(f"[green]✓[/] {len(steps.changes)} changes applied and read back.")


def _warn(connection: Connection) -> None:
    """Say what writing will meet in the CRM before anybody decides. A failure to look is said and stops nothing."""
    from admin import preflight
    from connectors.errors import ConnectorError

    try:
        found = preflight.look(connection)
    except ConnectorError as error:
        told = f"  ! What our writes will meet could not be looked at: {error.message} {error.next_step}".rstrip()
        out.print(told, soft_wrap=True, markup=False)
        return
    for line in preflight.met(found) if found else ():
        out.print(line, soft_wrap=True, markup=False)


@app.command()
def drift(connection: Name, as_json: Json = False) -> None:
    """Compare the CRM's fields with the model, as every run does. Exit code 3: they differ."""
    with sentences():
        chosen = find(connection)
        from admin import schema

        found = schema.drift(chosen)
        if as_json:
            print_json({"connection": connection, "differences": found})
        elif not found:
            out.print(f"[green]✓[/] {connection} has every field and value of the model.")
        else:
            for sentence in found:
                out.print(f"  [yellow]![/] {sentence}", soft_wrap=True)
            out.print(f"Runs stop until this is mended. See what would change: tierline schema plan {connection}")
        if found:
            raise typer.Exit(WAITS)


@app.command()
def mandatory(
    connection: Name,
    off: Annotated[
        bool, typer.Option("--off/--on", help="Switch our validation rules off, or back to what the model says.")
    ],
) -> None:
    """Stop the CRM from refusing records without our values, at once; or let the model decide again."""
    with sentences():
        chosen = find(connection)
        from admin import schema

        steps = schema.switch_mandatory(chosen, on=not off)
        rules = [step for step in steps.steps if step.rule]
        if not rules:
            out.print("The model makes nothing mandatory in the CRM, and no rule of ours is installed.")
        for step in rules:
            out.print(f"  {step.target}: {step.detail}", soft_wrap=True)


@app.command()
def rollout(connection: Name, as_json: Json = False) -> None:
    """How far the mandatory values are filled, who still has accounts to fill, when the CRM may begin to refuse."""
    with sentences():
        chosen = find(connection)
        from sync.quality import rollout as rolling

        found = rolling.progress(chosen)
        if as_json:
            print_json([{**asdict(each), "filled": each.filled, "may_begin": each.may_begin} for each in found])
            return
        if not found:
            out.print("The model makes nothing mandatory.")
        for each in found:
            values = ", ".join(value.replace("_", "-") for value in each.requirement.values)
            out.print(
                f"[bold]{values}[/] ({each.requirement.key}, {each.requirement.stage}): {100 * each.filled:.1f} % "
                f"of {each.accounts:,} customers are filled, {100 * each.needed:g} % are needed.",
                soft_wrap=True,
            )
            out.print(f"  {each.may_begin}", soft_wrap=True)
            rows = [
                {"owner": owner.name, "to fill": f"{owner.missing:,}", "customers": f"{owner.accounts:,}"}
                for owner in each.owners[:20]
            ]
            if rows:
                table(("owner", "to fill", "customers"), rows)


@app.command()
def package(
    folder: Annotated[Path, typer.Argument(help="Folder for the project; made when new.")],
    model: Annotated[Path | None, typer.Option(help="Model file; default: the preset.")] = None,
    connection: Annotated[
        str, typer.Option(help="Instead of a model file: the connection whose published model and CRM it is for.")
    ] = "",
    crm: Annotated[str, typer.Option(help="salesforce, or hubspot: there the card alone.")] = "salesforce",
) -> None:
    """Write a model as a project of the CRM's own tools: `sf project deploy start`, or `hs project upload`."""
    with sentences():
        from admin.cli.django_setup import ready

        ready()
        from admin import package as packaging

        wanted, kind = _packaged(model, connection, crm)
        count = packaging.write(wanted, folder, kind)
        how = f"cd {folder} && {packaging.UPLOAD[kind]}"
        out.print(f"[green]✓[/] {count} files in {folder}. Deploy: {how}", soft_wrap=True)


def _packaged(file: Path | None, connection: str, crm: str) -> tuple[Model, packaging.Crm]:
    """The model that is meant, and the CRM."""
    from admin import package as packaging
    from admin import schema
    from scoring import model as models
    from scoring import presets

    if connection:
        chosen = find(connection)
        wanted, crm = schema.published_model(chosen), chosen.kind
    else:
        wanted = models.load(file or presets.path("default"))
    kind = next((known for known in packaging.UPLOAD if known == crm), None)
    if kind is None:
        raise Stop(f"There is no project for {crm}.", f"It can be {' or '.join(packaging.UPLOAD)}.", code=WRONG_INPUT)
    return wanted, kind


@app.command()
def remove(
    connection: Name,
    delete_data: Annotated[
        bool, typer.Option("--delete-data", help="Delete the fields too, with every value in them.")
    ] = False,
    left: Annotated[
        bool, typer.Option("--left", help="Only fields that the model in force does not feed any more.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Take away what Tierline created in the CRM. Fields and their data stay unless --delete-data is given."""
    with sentences():
        chosen = find(connection)
        from admin import schema

        steps = schema.plan_removal(chosen, delete_data=delete_data, left=left)
        if as_json and not yes:
            print_json(schema.as_rows(steps))
            return
        if not as_json:
            schema.show(steps, out)
        if not steps.changes:
            out.print("Nothing of ours is to be removed." if not as_json else "[]")
            return
        if not yes:
            typer.confirm(
                "Remove this from the CRM? It cannot be undone." if delete_data else "Remove this?", abort=True
            )
        schema.remove(chosen, steps)
        if as_json:
            print_json(schema.as_rows(steps))
        else:
            count = len(steps.changes)
            out.print(f"[green]✓[/] {count} component{'' if count == 1 else 's'} removed.")
