"""How commands speak: results on standard output, the rest on standard error, errors in two sentences."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

import typer
from rich.console import Console
from rich.table import Table

#: Width of tables where no terminal says how wide it is, so that a file or the next program gets whole cells.
WIDE = 200


def _console(stream: TextIO, **choices: Any) -> Console:
    """On a terminal lines break at words; elsewhere they stay whole, for whoever searches or cuts them."""
    piped = not stream.isatty()
    width = WIDE if piped and "COLUMNS" not in os.environ else None
    return Console(highlight=False, soft_wrap=piped, width=width, **choices)


out = _console(sys.stdout)
err = _console(sys.stderr, stderr=True)

#: Exit codes: 1 something failed while working, 2 the command or its input is wrong, 3 a person has to decide.
FAILED, WRONG_INPUT, WAITS = 1, 2, 3


#: Characters up to which the cells of a column are never broken: numbers, days, names.
SHORT = 20
#: A cell with a figure; columns of them are set to the right.
NUMBER = re.compile(r"[-+−–]?[\d,.]*( ?%)?")
#: Blanks between columns where there is room.
GAP = 2


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
    cells = [["" if row[column] is None else str(row[column]) for column in columns] for row in rows]
    longest = [max(len(text) for text in (column, *(each[n] for each in cells))) for n, column in enumerate(columns)]
    gap = GAP if sum(longest) + GAP * len(columns) <= out.width else 1
    shown = Table(box=None, header_style="bold", pad_edge=False, padding=(0, gap, 0, 0))
    short = [length for length in longest if length <= SHORT]
    fits = sum(short) + gap * len(columns) + SHORT * (len(columns) - len(short)) <= out.width
    for n, (length, column) in enumerate(zip(longest, columns, strict=True)):
        figures = any(each[n] for each in cells) and all(NUMBER.fullmatch(each[n]) for each in cells)
        whole = length <= SHORT and (fits or n == 0)
        shown.add_column(column, no_wrap=whole, overflow="fold", justify="right" if figures else "left")
    for each in cells:
        shown.add_row(*map(_escape, each))
    out.print(shown)
