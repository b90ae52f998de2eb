"""`tierline demo` in a home of its own: run once, or kept serving and asked for more runs."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.admin.serving import started

TIERLINE = [sys.executable, "-m", "admin"]
FIGURES = {
    *("accounts_read", "accounts_in_scope", "accounts_scored", "records_written", "records_verified"),
    *("records_failed", "records_superseded", "findings", "alerts", "api_calls", "seconds"),
}


@dataclass
class Demo:
    """A home folder in which `tierline demo --json` runs, again and again. `more`: what its environment has besides."""

    home: Path
    more: Mapping[str, str] = field(default_factory=dict)
    workers: int = 1

    @contextmanager
    def serving(self, *options: str) -> Iterator[dict[str, Any]]:
        """Figures of one more run of the demo, which goes on serving meanwhile."""
        with started([*TIERLINE, "demo", "--json", *self._workers, *options], self._environment, "Look around") as said:
            yield _figures(said)

    def run(self, *options: str) -> dict[str, Any]:
        """Figures of one more run of the demo, after which it ends."""
        return self._tierline("demo", "--once", "--json", *self._workers, *options)

    def run_again(self, *options: str) -> dict[str, Any]:
        """Figures of one more run while the demo serves."""
        return self._tierline("run", "--json", *options)

    def _tierline(self, *words: str) -> dict[str, Any]:
        done = subprocess.run(
            [*TIERLINE, *words], env=self._environment, capture_output=True, text=True, timeout=240, check=False
        )
        assert done.returncode == 0, done.stderr
        return _figures(done.stdout)

    @property
    def _workers(self) -> tuple[str, str]:
        return "--workers", str(self.workers)

    @property
    def _environment(self) -> dict[str, str]:
        return {**os.environ, "TIERLINE_HOME": str(self.home), **self.more}

    def select(self, sql: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.home / "state.sqlite3") as database:
            return database.execute(sql).fetchall()

    def findings(self) -> dict[str, int]:
        return dict(self.select("SELECT rule, count(*) FROM sync_finding WHERE state = 'open' GROUP BY rule"))


def _figures(said: str) -> dict[str, Any]:
    figures: dict[str, Any] = json.loads(next(line for line in said.splitlines() if line.startswith("{")))
    assert set(figures) >= FIGURES
    return figures
