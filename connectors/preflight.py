"""What an administrator should know before anything is written: what we may not do, and what our writes will meet."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable


@dataclass(frozen=True)
class Missing:
    """A permission that we need and do not have, by the name it has in the CRM's own set-up."""

    permission: str
    purpose: str
    next_step: str


@dataclass(frozen=True)
class Met:
    """Something of the org's own that looks at records we write, or writes them too. `on`: the CRM's name for them."""

    kind: Literal["flow", "trigger", "validation rule", "integration user"]
    name: str
    on: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Preflight:
    """What was found. `unread` are sentences about what we were not allowed to look at."""

    edition: str
    is_sandbox: bool
    instance: str
    missing: tuple[Missing, ...]
    met: tuple[Met, ...]
    unread: tuple[str, ...]


@runtime_checkable
class LooksAhead(Protocol):
    """Capability: the connector can tell what its writes will meet."""

    def preflight(self, written: Collection[str], own: Collection[str]) -> Preflight:
        """`written`: kinds whose records get our values. `own`: components our plans created; they are not told."""

    def unreadable(self, kind: str, paths: Collection[str]) -> Mapping[str, str]:
        """Those of these field paths that lead to nothing we are shown -> a sentence that says where they end."""
