"""What a CRM shows people on its own pages, installed by us beside the fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from connectors.base import SchemaStep


@runtime_checkable
class HasPages(Protocol):
    """Capability: the card, a page that shows it and lists around it can be installed through the API.

    `files` are those of the CRM's own project, by path below its source folder.
    """

    def plan_pages(self, files: Mapping[str, bytes]) -> list[SchemaStep]:
        """A step per component; "=" for one that the CRM has in this version."""

    def apply_pages(self, files: Mapping[str, bytes]) -> None:
        """Install them together. Raises `SchemaMismatch` naming what the CRM refuses; then nothing was changed."""
