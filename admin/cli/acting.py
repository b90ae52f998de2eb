"""Who decides on the command line, and what the commands on governance have in common."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from admin.cli.output import WRONG_INPUT, Stop

if TYPE_CHECKING:
    from sync.models import AccountState

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


def account_of(words: str, portfolio: int) -> AccountState:
    """The account with this record id, or this exact name. Stops where there is none, or several."""
    from django.db.models import Q

    from sync.models import AccountState

    ours = AccountState.objects.filter(connection__portfolio=portfolio).select_related("connection__portfolio")
    found = list(ours.filter(Q(record_id=words) | Q(name=words))[:5])
    if not found:
        raise Stop(f"There is no account '{words}'.", "Give its id in the CRM or its exact name.", code=WRONG_INPUT)
    if len(found) > 1:
        ids = ", ".join(each.record_id for each in found)
        raise Stop(f"Several accounts are called '{words}'.", f"Give the id of one: {ids}.", code=WRONG_INPUT)
    return found[0]
