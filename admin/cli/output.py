"""How commands speak: results on standard output, the rest on standard error, errors in two sentences."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

#: Exit codes: 1 something failed while working, 2 the command or its input is wrong, 3 a person has to decide.
FAILED, WRONG_INPUT, WAITS = 1, 2, 3


def print_json(value: Mapping[str, Any] | list[Any]) -> None:
    """One JSON document on one line: the last line of standard output."""
    typer.echo(json.dumps(value, default=str, ensure_ascii=False))


class Stop(Exception):
    """End the command: one sentence what is wrong, one what to do."""

    def __init__(self, message: str, next_step: str = "", *, code: int = FAILED) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step
        self.code = code


@contextmanager
def sentences() -> Iterator[None]:
    """Turn every failure the product knows into a sentence, a next step and an exit code."""
    try:
        yield
    except Stop as stop:
        _say(stop.message, stop.next_step)
        raise typer.Exit(stop.code) from None
    except Exception as error:
        known = _known(error)
        if known is None:
            raise
        _say(*known)
        raise typer.Exit(FAILED) from None


def _say(message: str, next_step: str) -> None:
    err.print(f"[bold red]✗[/] {_escape(message)}", soft_wrap=True)
    if next_step:
        err.print(f"  → {_escape(next_step)}", soft_wrap=True)


def _escape(text: str) -> str:
    return text.replace("[", r"\[")


def _known(error: Exception) -> tuple[str, str] | None:
    """Message and next step of the errors that our packages raise on purpose; None for any other."""
    message = getattr(error, "message", None)
    next_step = getattr(error, "next_step", None)
    if isinstance(message, str) and isinstance(next_step, str):
        return message, next_step
    if type(error).__module__.split(".")[0] in ("admin", "sync", "scoring", "connectors"):
        return str(error), ""
    return None


def table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows as text, one column for each of these keys; what is empty is left blank."""
    shown = Table(box=None, header_style="bold")
    for column in columns:
        shown.add_column(column)
    for row in rows:
        shown.add_row(*(_escape("" if row[column] is None else str(row[column])) for column in columns))
    out.print(shown)
