"""The scheduler only queues; it must not hold in memory what reads, scores and writes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import sys, django
django.setup()
from sync import schedule
print(sorted({"duckdb", "ibis", "numpy", "pandas", "pyarrow", "simple_salesforce"} & sys.modules.keys()))
"""


def test_the_scheduler_loads_nothing_that_reads_or_scores(tmp_path: Path) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "admin.settings", "TIERLINE_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", _PROGRAM], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
