"""The SQLite file of a sandbox CRM: connections, transactions, counters and settings.

WAL mode, so that readers never wait for the writer; writers of this process queue on a lock and take the
database with BEGIN IMMEDIATE, so that two processes cannot both read and then write. Each thread has a
connection of its own.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_BUSY_SECONDS = 60
_BASE = """
CREATE TABLE IF NOT EXISTS settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""


class Database:
    """One file, safe to use from several threads and processes.

    Subclasses add their tables in `tables`, SQL statements that may be run again, and their SQL functions in
    `prepare`.
    """

    tables = ""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._all: list[sqlite3.Connection] = []
        self._lock = threading.RLock()
        self._depth = 0
        self._before_close: list[Callable[[], None]] = []
        with self.writing() as connection:
            for statement in (_BASE + self.tables).split(";"):
                connection.execute(statement)

    def prepare(self, connection: sqlite3.Connection) -> None:
        """Called for each new connection."""

    def before_close(self, action: Callable[[], None]) -> None:
        """Have `action` called before the connections close: work in other threads stops there."""
        self._before_close.append(action)

    def close(self) -> None:
        for action in self._before_close:
            action()
        self._before_close.clear()
        with self._lock:
            for connection in self._all:
                connection.close()
            self._all.clear()
            self._local = threading.local()

    def reader(self) -> sqlite3.Connection:
        """This thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._connect()
            self._local.connection = connection
        return connection

    def _connect(self) -> sqlite3.Connection:
        # Closed by whichever thread closes the database, hence check_same_thread=False.
        connection = sqlite3.connect(
            self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False,
            cached_statements=512,
        )  # fmt: skip
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA cache_size=-8000")
        self.prepare(connection)
        with self._lock:
            self._all.append(connection)
        return connection

    @contextmanager
    def reading_apart(self) -> Iterator[sqlite3.Connection]:
        """A connection of its own for one long read, so that this thread meanwhile reads and writes as usual."""
        connection = self._connect()
        try:
            yield connection
        finally:
            with self._lock:
                if connection in self._all:
                    self._all.remove(connection)
            connection.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction; nested uses join the outer one. An exception undoes everything."""
        with self._lock:
            connection = self.reader()
            if self._depth:
                yield connection
                return
            connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            else:
                connection.execute("COMMIT")
            finally:
                self._depth -= 1

    def setting(self, key: str) -> Any:
        """A JSON value kept with the CRM, or None."""
        row = self.reader().execute("SELECT value FROM settings WHERE key = ?", (key,)).fetchone()
        return json.loads(row[0]) if row else None

    def set_setting(self, key: str, value: object) -> None:
        with self.writing() as connection:
            connection.execute("REPLACE INTO settings (key, value) VALUES (?, ?)", (key, json.dumps(value)))

    def take_numbers(self, counter: str, count: int = 1) -> int:
        """Reserves `count` numbers of a counter and returns the first (counters start at 1)."""
        with self.writing() as connection:
            row = connection.execute(
                "INSERT INTO counters (name, value) VALUES (?, ?) "
                "ON CONFLICT (name) DO UPDATE SET value = value + excluded.value RETURNING value",
                (counter, count),
            ).fetchone()
        return int(row[0]) - count + 1
