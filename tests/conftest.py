"""Settings of the test tools."""

from __future__ import annotations

from hypothesis import settings

# The first example of a property may pay for imports and compilation; how long one takes proves nothing.
settings.register_profile("tierline", deadline=None)
settings.load_profile("tierline")
