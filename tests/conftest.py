"""Settings of the test tools."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import override_settings
from hypothesis import settings

# The first example of a property may pay for imports and compilation; how long one takes proves nothing.
settings.register_profile("tierline", deadline=None)
settings.load_profile("tierline")


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> Iterator[None]:
    """A hash that resists guessing takes a quarter of a second, for each person of each test."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield
