"""`tierline model`: check a model file, compare it with the one in force, and publish it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from admin.cli.model_diff import diff
from admin.cli.output import out, print_json, sentences

app = typer.Typer(help="Check, compare and publish the segmentation model.", no_args_is_help=True)
File = Annotated[Path, typer.Argument(help="The model file (YAML).")]


@app.command()
def check(file: File, as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False) -> None:
    """Read a model file and say what is wrong with it, by line and key."""
    with sentences():
        from scoring import model as models

        model = models.load(file)
        if as_json:
            print_json(
                {
                    "name": model.name,
                    "fingerprint": model.fingerprint(),
                    "segments": len(model.segments),
                    "warnings": model.warnings(),
                }
            )
            return
        subs = sum(len(segment.sub_segments) for segment in model.segments)
        out.print(
            f"[green]✓[/] {file}: {len(model.segments)} segments, {subs} sub-segments, "
            f"{len(model.value_profile.profiles)} value profiles · version {model.fingerprint()[:12]}"
        )
        for warning in model.warnings():
            out.print(f"  [yellow]![/] {warning}")


app.command()(diff)


@app.command()
def publish(
    file: File, portfolio: Annotated[str, typer.Option(help="Portfolio, when there are several.")] = ""
) -> None:
    """Make a model file the one that runs use from now on."""
    with sentences():
        from admin.cli.django_setup import ready

        ready(migrate=True)
        from admin import portfolios

        published = portfolios.publish(portfolios.choose(portfolio), file)
        out.print(f"[green]✓[/] Version {published.fingerprint[:12]} is in force from the next run on.")
