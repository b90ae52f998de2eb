"""The sandbox driven by `@hubspot/api-client`, HubSpot's client for node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def test_hubspots_client_for_node_finds_what_it_expects(hubspot_js: Callable[..., dict[str, Any]]) -> None:
    assert hubspot_js("hubspot.mjs") == {
        "created": "Söderström & Co",
        "read": "Åbo",
        "refused": 400,
        "batch": 100,
        "all": 101,
        "searched": [100, "Batch 099"],
        "tooFar": 400,
        "partly": [1, 1],
        "linked": [5, 341],
        "owners": 1,
        "stages": 7,
        "property": ["a"],
        "waited": 1,
    }
