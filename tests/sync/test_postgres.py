"""The state on PostgreSQL: the same job with the same result as on SQLite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pgserver.postgres_server import get_server

from tests.admin.demos import Demo

DIFFERENT = {"seconds", "run", "api_calls"}
OPTIONS = ("--accounts", "40", "--today", "2026-11-23")


def same(figures: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in figures.items() if name not in DIFFERENT}


def test_the_job_ends_the_same_on_postgres_and_on_sqlite(tmp_path: Path) -> None:
    server = get_server(tmp_path / "postgres", cleanup_mode="delete")
    on_postgres = Demo(tmp_path / "a", {"DATABASE_URL": server.get_uri()}, workers=2)
    try:
        with on_postgres.serving(*OPTIONS) as first:
            again = on_postgres.run_again("--today", "2026-11-23")
    finally:
        server.cleanup()
    on_sqlite = Demo(tmp_path / "b", {"DATABASE_URL": ""})
    assert same(first) == same(on_sqlite.run(*OPTIONS))
    assert (again["records_written"], again["findings"]) == (0, first["findings"])
