"""The console's cast, and a browser of somebody who looks at it."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.admin import console_cast as cast


@pytest.fixture
def people(db: None) -> cast.Cast:
    return cast.build()


@pytest.fixture
def seen(db: None, client: Client) -> Client:
    """Somebody who may only look."""
    client.force_login(cast.user("mika"))
    return client
