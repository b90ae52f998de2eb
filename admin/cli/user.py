"""`tierline user`: who may log in to the console."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from admin.cli.output import WRONG_INPUT, Stop, out, sentences

app = typer.Typer(help="Who may log in to the console.", no_args_is_help=True)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Login name; an existing one gets a new password.")],
    staff: Annotated[bool, typer.Option("--staff", help="May start runs; others only look.")] = False,
    email: Annotated[str, typer.Option(help="Address by which the CRM knows this person, to mend findings.")] = "",
) -> None:
    """Add a login, or set a new password. The password comes from TIERLINE_PASSWORD or is asked for."""
    with sentences():
        from admin.cli.django_setup import ready

        ready(migrate=True)
        from django.contrib.auth import get_user_model
        from django.contrib.auth.password_validation import validate_password
        from django.core.exceptions import ValidationError

        password = os.environ.get("TIERLINE_PASSWORD") or typer.prompt(
            "Password", hide_input=True, confirmation_prompt=True
        )
        try:
            validate_password(password)
        except ValidationError as error:
            raise Stop(" ".join(error.messages), "Choose another one.", code=WRONG_INPUT) from None
        user, _ = get_user_model().objects.get_or_create(username=name)
        user.set_password(password)
        user.is_staff = staff
        user.email = email.strip() or user.email
        user.save()
        out.print(f"[green]✓[/] {name} can log in{' and start runs' if staff else ''}.")
