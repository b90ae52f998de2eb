"""Ready tier schemes, one YAML file each: the axes, tiers and cells of the `tiers` section of a model."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import Any

import yaml

_FOLDER = resources.files("scoring") / "presets" / "tiers"


@lru_cache(maxsize=1)
def names() -> frozenset[str]:
    """Names of the schemes."""
    return frozenset(entry.name.removesuffix(".yaml") for entry in _FOLDER.iterdir() if entry.name.endswith(".yaml"))


def read(name: str) -> dict[str, Any]:
    """The scheme's axes, levels and cells. Raises FileNotFoundError for a name that `names` does not list."""
    content: dict[str, Any] = yaml.safe_load((_FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return content
