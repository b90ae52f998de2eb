"""What goes wrong with the mirror's files, and what follows from it. They are a cache: a damaged one is read again."""

from __future__ import annotations

import logging
from pathlib import Path

import duckdb

from connectors.errors import ConnectorError, Fatal, Unavailable

log = logging.getLogger(__name__)

#: What DuckDB says of a file that is not, or no longer, a database of its own.
_DAMAGED = ("not a valid DuckDB database", "Corrupt database file", "Could not read enough bytes", "replaying WAL")
_NO_ROOM = ("No space left on device", "Disk quota exceeded")
_REFUSED = ("Read-only file system", "Permission denied")
_LOCKED = "Could not set lock on file"


def of_writing(error: duckdb.Error, file: Path) -> ConnectorError | None:
    """The error for a mirror that cannot be written; a damaged one is set aside. None for what is no fault of the file.

    Whoever tries again begins with an empty mirror, and reads everything anew.
    """
    said = str(error)
    if _LOCKED in said:  # also by a process that is about to die
        return Unavailable("The mirror is in use by another process.", next_step="Wait, or stop the other worker.")
    if any(words in said for words in _NO_ROOM):
        return Unavailable(
            f"There is no space left for the mirror, {file}.",
            next_step="Make room on this disk, or move TIERLINE_HOME to a larger one; then run again.",
        )
    if any(words in said for words in _REFUSED):
        return Unavailable(
            f"The mirror, {file}, cannot be written.",
            next_step="Let the user that runs Tierline write below TIERLINE_HOME; then run again.",
        )
    if not any(words in said for words in _DAMAGED):
        return None
    aside = file.with_suffix(".damaged.duckdb")
    file.replace(aside)
    file.with_name(f"{file.name}.wal").unlink(missing_ok=True)
    log.warning("%s was damaged (%s); it lies at %s now", file, said, aside)
    return Unavailable(
        f"The mirror was damaged and is set aside as {aside.name}: everything is read anew.",
        next_step="Nothing to do. If it happens again, check this machine's disk.",
    )


def of_reading(error: duckdb.Error, file: Path) -> ConnectorError | None:
    """The error for a snapshot that cannot be read; None for what is no fault of the file."""
    said = str(error)
    if "database does not exist" in said or any(words in said for words in _DAMAGED):
        return Fatal(
            f"The snapshot of the mirror, {file}, is missing or damaged.",
            next_step="Run again: tierline run. Every run makes it anew.",
        )
    return None
