"""DuckDB engines, each started once and kept; its file is open only while somebody uses it.

Starting an engine takes ten times as long as opening a file, and a run opens the mirror and its snapshot forty times.
A file that is open for writing is closed to every other process, so it may not stay open between two uses.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb

#: Engines that nobody uses and that are kept all the same; each takes a few megabytes.
KEPT = 4
#: Bytes of a file from which its engine is ended after each use: it would keep hundreds of megabytes, and starting it
#: anew is nothing beside what such a file takes.
LARGE = 64_000_000


class _Engine:
    """An engine for one file, whose path DuckDB allows only once in a process: those who use it at once share it."""

    def __init__(self, path: Path, *, read_only: bool, config: dict[str, Any]) -> None:
        quoted = str(path).replace("'", "''")
        self._attach = f"ATTACH '{quoted}' AS held{' (READ_ONLY)' if read_only else ''}"
        # What does not fit into the memory goes beside the file, as with a file that is opened alone.
        self._config = {**config, "temp_directory": f"{path}.tmp"}
        self._path = path
        self._root: duckdb.DuckDBPyConnection | None = None
        self._lock = threading.Lock()
        self._doubtful = False
        self.users = 0

    @contextmanager
    def opened(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._lock:
            root = self._root = self._root or duckdb.connect(config=self._config)
            if not self.users:
                root.execute(self._attach)
            self.users += 1
        try:
            with root.cursor() as database:
                database.execute("USE held")
                yield database
        except duckdb.Error:
            self._doubtful = True
            raise
        finally:
            with self._lock:
                self.users -= 1
                if not self.users:
                    self._release()

    def _release(self) -> None:
        """Close the file; the engine of a large one is ended, and after a failure, when it may refuse everything.

        What could not be put into the file for want of room is in its log, which the next opening reads.
        """
        if self._root is not None and not self._doubtful and not self._is_large():
            with suppress(duckdb.Error):
                self._root.execute("DETACH held")
                return
        self.close()

    def _is_large(self) -> bool:
        return self._path.exists() and self._path.stat().st_size >= LARGE

    def close(self) -> None:
        if self._root is not None:
            self._root.close()
        self._root, self._doubtful = None, False


_engines: dict[Any, _Engine] = {}
_lock = threading.Lock()


@contextmanager
def opened(path: Path, *, read_only: bool = False, config: dict[str, Any]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the database at `path`. Raises `duckdb.IOException` while another process writes to it."""
    with _engine(path, read_only, config).opened() as database:
        yield database


def _engine(path: Path, read_only: bool, config: dict[str, Any]) -> _Engine:
    """The engine of a file, as the last one used; those that have not been used for longest are ended."""
    key = (path, read_only, *sorted(config.items()))
    with _lock:
        engine = _engines.pop(key, None) or _Engine(path, read_only=read_only, config=config)
        idle = [other for other, held in _engines.items() if not held.users]
        for other in idle[: max(0, len(idle) + 1 - KEPT)]:
            _engines.pop(other).close()
        _engines[key] = engine
    return engine
