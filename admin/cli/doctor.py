"""`tierline doctor`: what is wrong, and how to mend it."""

from __future__ import annotations

from typing import Annotated

import typer

from admin.cli.output import FAILED, out, print_json, sentences


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of text.")] = False,
) -> None:
    """Look at everything Tierline needs, and say what is wrong and what mends it. Exit code 1: something is."""
    with sentences():
        from dataclasses import asdict

        from admin.cli.django_setup import ready

        ready()
        from admin.doctor import examine

        lines = []
        for line in examine():
            lines.append(line)
            if as_json:
                continue
            if line.wrong:
                out.print(f"[bold red]✗[/] {line.what:14} ", end="")
                out.print(line.wrong, markup=False, soft_wrap=True)
                out.print(f"  → {line.mend}", markup=False, soft_wrap=True)
            else:
                out.print(f"[green]✓[/] {line.what:14} ", end="")
                out.print(line.seen, markup=False, soft_wrap=True)
        wrong = sum(bool(line.wrong) for line in lines)
        if as_json:
            print_json([{**asdict(line), "ok": not line.wrong} for line in lines])
        else:
            out.print(f"\n{wrong} of {len(lines)} need you." if wrong else "\nAll is well.")
        if wrong:
            raise typer.Exit(FAILED)
