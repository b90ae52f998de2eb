"""Exports of an ERP as people send them, and what reading them gives."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.files import CrmAccount, Files, Reading, load_mapping

ACCOUNTS = (
    CrmAccount("001A", "Acme Pumps Ltd", "000417"),
    CrmAccount("001B", "Bolt & Sons"),
    CrmAccount("001C", "Crane Works", "C-9"),
    CrmAccount("001D", "Crane Works East", "C-9"),
)
COLUMNS = "{id: Number, ordered_on: Day, amount: Amount}"


@dataclass(frozen=True)
class Export:
    """A mapping file with its sources in one folder."""

    folder: Path

    def mapping(self, text: str) -> None:
        (self.folder / "erp.yaml").write_text(textwrap.dedent(text), encoding="utf-8")

    def orders(self, extra: str = "", *, path: str = "orders.csv", columns: str = COLUMNS) -> None:
        """A mapping with one source of orders; `extra` is added to it, e.g. "delimiter: ;"."""
        more = "".join(f"\n    {line}" for line in extra.splitlines())
        self.mapping(f"sources:\n  - kind: order\n    path: {path}\n    columns: {columns}{more}\n")

    def write(self, content: str | bytes, name: str = "orders.csv") -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def files(self, accounts: Sequence[CrmAccount] = ACCOUNTS) -> Files:
        return Files(load_mapping(self.folder / "erp.yaml"), accounts)

    def reading(self) -> Reading:
        files = self.files()
        return files.read(files.mapping.sources[0])

    def rows(self) -> list[tuple[Any, ...]]:
        return rows_of(self.reading())


def rows_of(reading: Reading) -> list[tuple[Any, ...]]:
    """The records as tuples in the order of the schema."""
    return [tuple(row.values()) for batch in reading for row in batch.to_pylist()]
