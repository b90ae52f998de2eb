"""Ready-made models. `default` first; each is an ordinary model file that an administrator can copy and change."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from scoring import model


def names() -> tuple[str, ...]:
    """Names of the presets, `default` first."""
    found = sorted(
        entry.name.removesuffix(".yaml")
        for entry in resources.files(__name__).iterdir()
        if entry.name.endswith(".yaml")
    )
    return tuple(sorted(found, key=lambda name: name != "default"))


def text(name: str) -> str:
    """The preset as a model file. Raises KeyError for a name that `names` does not list."""
    return path(name).read_text(encoding="utf-8")


def load(name: str) -> model.Model:
    """The preset, parsed. Raises KeyError for a name that `names` does not list."""
    return model.parse(text(name), source=f"preset {name}")


def path(name: str) -> Path:
    """Where the preset's file is. Raises KeyError for a name that `names` does not list."""
    if name not in names():
        raise KeyError(f"no preset {name!r}; there are {', '.join(names())}")
    return Path(str(resources.files(__name__) / f"{name}.yaml"))
