"""A file of the mirror is open while it is used and not a moment longer, though the engine stays."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import psutil
import pytest

from sync import engine

LIMITS = {"threads": 2}
#: Opens a database as another process does.
OTHER = "import duckdb, sys; duckdb.connect(sys.argv[1]).close()"


def other_process_opens(path: Path) -> bool:
    found = subprocess.run([sys.executable, "-c", OTHER, str(path)], capture_output=True, text=True)
    assert found.returncode == 0 or "Could not set lock" in found.stderr, found.stderr
    return found.returncode == 0


def fill(path: Path, *numbers: int) -> None:
    with engine.opened(path, config=LIMITS) as database:
        database.execute("CREATE TABLE IF NOT EXISTS t (number INTEGER)")
        database.executemany("INSERT INTO t VALUES (?)", [[number] for number in numbers])


def numbers(path: Path) -> list[int]:
    with engine.opened(path, read_only=True, config=LIMITS) as database:
        return [number for (number,) in database.execute("SELECT number FROM t ORDER BY 1").fetchall()]


def test_other_processes_wait_for_whoever_writes_and_no_longer(tmp_path: Path) -> None:
    path = tmp_path / "it's a mirror.duckdb"
    with engine.opened(path, config=LIMITS) as database:
        database.execute("CREATE TABLE t AS SELECT 1 AS number")
        rows = database.sql("SELECT * FROM t")
        assert not other_process_opens(path)
    assert other_process_opens(path)
    assert not path.with_name(f"{path.name}.wal").exists(), "what was written is in the file itself"
    del rows
    assert numbers(path) == [1]


def test_a_file_is_closed_also_after_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "m.duckdb"
    fill(path, 1)

    def fail() -> None:
        with engine.opened(path, config=LIMITS) as database:
            database.begin()
            database.execute("INSERT INTO t VALUES (2)")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert other_process_opens(path)
    assert numbers(path) == [1]


def test_after_a_failure_of_the_engine_itself_the_next_use_finds_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "m.duckdb"
    fill(path, 1)

    def fail() -> None:
        with engine.opened(path, config=LIMITS) as database:
            database.execute("INSERT INTO t VALUES (2)")
            database.execute("DETACH held")

    with pytest.raises(duckdb.Error):
        fail()
    assert other_process_opens(path)
    fill(path, 3)
    assert numbers(path) == [1, 2, 3]


def test_one_that_could_not_be_opened_can_be_opened_later(tmp_path: Path) -> None:
    path = tmp_path / "m.duckdb"
    fill(path, 1)
    code = f"import duckdb, sys; c = duckdb.connect({str(path)!r}); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline()
        with pytest.raises(duckdb.IOException, match="Could not set lock"):
            fill(path, 2)
        holder.stdin.close()
    fill(path, 3)
    assert numbers(path) == [1, 3]


def test_a_file_that_was_swapped_by_rename_is_read_anew(tmp_path: Path) -> None:
    old, new = tmp_path / "old.duckdb", tmp_path / "new.duckdb"
    fill(old, 1)
    fill(new, 2)
    assert numbers(old) == [1]
    new.replace(old)
    assert numbers(old) == [2]


def test_several_threads_read_one_file_at_once_each_with_tables_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "m.duckdb"
    fill(path, *range(9))
    both, found = threading.Barrier(4), []

    def read(mine: int) -> None:
        for _ in range(5):
            both.wait(20)
            with engine.opened(path, read_only=True, config=LIMITS) as database:
                database.execute(f"CREATE TEMP TABLE mine AS SELECT count(*) + {mine} FROM t")
                both.wait(20)
                found.extend(database.execute("FROM mine").fetchall())

    threads = [threading.Thread(target=read, args=(mine,)) for mine in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(found) == sorted((9 + mine,) for mine in range(4) for _ in range(5))
    assert other_process_opens(path)


def test_few_engines_are_kept(tmp_path: Path) -> None:
    for name in range(2 * engine.KEPT):
        fill(tmp_path / f"{name}.duckdb", name)
    assert len(engine._engines) <= engine.KEPT
    assert numbers(tmp_path / "0.duckdb") == [0]


def test_the_engine_of_a_large_file_is_ended_after_each_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.duckdb"
    fill(path, 1)
    monkeypatch.setattr(engine, "LARGE", 1)
    threads = psutil.Process().num_threads()
    fill(path, 2)
    assert psutil.Process().num_threads() < threads, "it had one of its own"
    fill(path, 3)
    assert numbers(path) == [1, 2, 3]
    assert other_process_opens(path)
