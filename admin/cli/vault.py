"""`tierline vault`: the keys that encrypt stored credentials."""

from __future__ import annotations

import typer

from admin.cli.output import out, sentences

app = typer.Typer(help="Make keys, and put stored credentials under a new one.", no_args_is_help=True)


@app.command("new-key")
def new_key() -> None:
    """Print a new key, to be put in front of TIERLINE_KEYS."""
    from cryptography.fernet import Fernet

    typer.echo(Fernet.generate_key().decode())


@app.command()
def rotate() -> None:
    """Encrypt all stored credentials with the first key of TIERLINE_KEYS; older keys can be dropped afterwards."""
    with sentences():
        from admin.cli.django_setup import ready

        ready(migrate=True)
        from sync import vault

        count = vault.rotate_all()
        out.print(f"[green]✓[/] {count} connection{'' if count == 1 else 's'} encrypted with the first key.")
        out.print("Older keys are no longer needed: take them out of TIERLINE_KEYS and start Tierline again.")
