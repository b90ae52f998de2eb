"""Bring Django up for a command: home folder, settings, database at its newest version."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sync.models import Portfolio


def ready(*, migrate: bool = False) -> None:
    """Set Django up; with `migrate` also create or upgrade the database.

    Raises `admin.home.HomeUnusable` when the home folder cannot be written.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "admin.settings")
    from admin import home

    home.prepare()
    import django

    django.setup()
    if migrate:
        from django.core.management import call_command

        call_command("migrate", verbosity=0, interactive=False)


def portfolio_called(name: str) -> Portfolio:
    """The portfolio of this name, the only one for "", with Django set up and the database at its newest version."""
    ready(migrate=True)
    from admin import portfolios

    return portfolios.choose(name)
