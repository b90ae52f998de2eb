"""A folder with an export and its mapping file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.connectors.files.exports import Export


@pytest.fixture
def export(tmp_path: Path) -> Export:
    """With a mapping of orders.csv whose columns are Number, Day and Amount."""
    made = Export(tmp_path)
    made.orders()
    return made
