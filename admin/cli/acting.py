"""Who decides on the command line, and what the commands on governance have in common."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of text.")]
Portfolio = Annotated[str, typer.Option(help="Name of the portfolio, when there are several.")]
As = Annotated[
    str,
    typer.Option(
        "--as", metavar="NAME", help="In whose name; it is kept with the decision.", show_default="your login here"
    ),
]


def actor(name: str) -> str:
    """The name given, else the user of the operating system."""
    if name.strip():
        return name.strip()
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return "command line"
