"""What neither reads nor scores does not load what does: it would start late and hold memory for nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_PROGRAM = """
import importlib, sys, django
django.setup()
for module in sys.argv[2].split():
    importlib.import_module(module)
print(sorted(set(sys.argv[1].split()) & sys.modules.keys()))
"""


@pytest.mark.parametrize(
    ("modules", "heavy"),
    [
        pytest.param("sync.schedule", "duckdb ibis numpy pandas pyarrow simple_salesforce", id="the scheduler"),
        pytest.param("admin.portfolios admin.schema admin.report admin.demo.job", "duckdb ibis pandas", id="commands"),
    ],
)
def test_it_loads_nothing_it_does_without(tmp_path: Path, modules: str, heavy: str) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "admin.settings", "TIERLINE_HOME": str(tmp_path)}
    command = [sys.executable, "-c", _PROGRAM, heavy, modules]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
