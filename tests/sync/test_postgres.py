"""The state on PostgreSQL: the same job with the same result as on SQLite."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from pgserver.postgres_server import get_server

DIFFERENT = {"seconds", "run", "api_calls"}


def demo(home: Path, **environment: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "admin", "demo", "--once", "--json", "--accounts", "40", "--today", "2026-11-23"]
    done = subprocess.run(
        command,
        env={**os.environ, "TIERLINE_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {name: value for name, value in figures.items() if name not in DIFFERENT}


def test_the_job_ends_the_same_on_postgres_and_on_sqlite(tmp_path: Path) -> None:
    server = get_server(tmp_path / "postgres", cleanup_mode="delete")
    try:
        on_postgres = demo(tmp_path / "a", DATABASE_URL=server.get_uri())
        again = demo(tmp_path / "a", DATABASE_URL=server.get_uri())
    finally:
        server.cleanup()
    assert on_postgres == demo(tmp_path / "b", DATABASE_URL="")
    assert (again["records_written"], again["findings"]) == (0, on_postgres["findings"])
