"""Two runs never have a change of one record at the same time: the database lets one of them, the other looks again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError

from connectors.errors import Unavailable


@contextmanager
def planning() -> Iterator[None]:
    """Changes are recorded inside. Raises `Unavailable` while another run has one of the same record."""
    try:
        yield
    except IntegrityError as error:
        raise Unavailable(
            "Another run is changing one of the same records at this moment.",
            next_step="Start this again when that run has ended: tierline runs.",
        ) from error
