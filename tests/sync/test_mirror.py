"""The mirror keeps one row per record without an index: what comes twice, what comes again, and mirrors of before."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pytest

from connectors.base import COLUMNS
from sync.mirror import Cursor, Mirror
from sync.reading import touched

END = Cursor(None, "", True)


@pytest.fixture
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def opened(database: duckdb.DuckDBPyConnection) -> Mirror:
    mirror = Mirror(database)
    for connection in ("a", "b"):
        mirror.cursor(connection, "order", dict.fromkeys(COLUMNS["order"], ""))
    touched.forget(database, touched.read(database).upto)
    return mirror


def orders(*rows: tuple[str, str, str]) -> pa.Table:
    ids, accounts, states = zip(*rows, strict=True)
    return pa.table({"id": list(ids), "account_id": list(accounts), "status": list(states)})


def held(mirror: Mirror) -> list[tuple[object, ...]]:
    return sorted(mirror.select("order", "connection", "id", "account_id", "status"))


@pytest.mark.parametrize("compare", [True, False])
def test_a_record_that_comes_again_takes_the_place_of_its_row_in_its_own_connection(
    database: duckdb.DuckDBPyConnection, compare: bool
) -> None:
    mirror = opened(database)
    mirror.absorb("a", "order", orders(("1", "X", "new"), ("2", "X", "new"), ("1", "X", "later")), cursor=END)
    mirror.absorb("b", "order", orders(("1", "Y", "new")), cursor=END)
    mirror.absorb("a", "order", orders(("1", "Z", "moved"), ("3", "Z", "new")), cursor=END, compare=compare)
    assert held(mirror) == [
        ("a", "1", "Z", "moved"),
        ("a", "2", "X", "new"),
        ("a", "3", "Z", "new"),
        ("b", "1", "Y", "new"),
    ]
    mirror.remove("a", "order", ["1"])
    assert [row[:2] for row in held(mirror)] == [("a", "2"), ("a", "3"), ("b", "1")]


def test_an_order_that_changes_hands_touches_both_accounts_and_the_same_again_none(
    database: duckdb.DuckDBPyConnection,
) -> None:
    mirror = opened(database)
    mirror.absorb("a", "order", orders(("1", "X", "new"), ("2", "W", "new")), cursor=END)
    touched.forget(database, touched.read(database).upto)
    mirror.absorb("a", "order", orders(("1", "Z", "new"), ("2", "W", "new")), cursor=END)
    assert touched.read(database).accounts == frozenset({("a", "X"), ("a", "Z")})
    touched.forget(database, touched.read(database).upto)
    mirror.absorb("a", "order", orders(("1", "Z", "new")), cursor=END)
    assert touched.read(database).accounts == frozenset()


def test_columns_that_were_not_read_keep_what_they_held(database: duckdb.DuckDBPyConnection) -> None:
    mirror = opened(database)
    mirror.absorb("a", "order", orders(("1", "X", "new")), cursor=END)
    mirror.overwrite("a", "order", pa.table({"id": ["1"], "is_expedited": [True]}))
    mirror.absorb("a", "order", orders(("1", "X", "sent"), ("2", "X", "new")), cursor=END)
    assert mirror.select("order", "id", "status", "is_expedited") == [("1", "sent", True), ("2", "new", None)]


def test_a_kill_between_taking_out_and_putting_in_loses_nothing(database: duckdb.DuckDBPyConnection) -> None:
    mirror = opened(database)
    mirror.absorb("a", "order", orders(("1", "X", "new")), cursor=END)
    nameless = pa.table({"id": ["1", None], "account_id": ["X", "X"], "status": ["sent", "sent"]})
    with pytest.raises(duckdb.ConstraintException):
        mirror.absorb("a", "order", nameless, cursor=END)
    assert held(mirror) == [("a", "1", "X", "new")]


def test_a_mirror_of_an_earlier_version_loses_its_index_and_nothing_else(database: duckdb.DuckDBPyConnection) -> None:
    columns = "connection VARCHAR, id VARCHAR, account_id VARCHAR, status VARCHAR, PRIMARY KEY (connection, id)"
    database.execute(f'CREATE TABLE "order" ({columns})')
    database.execute("INSERT INTO \"order\" VALUES ('a', '1', 'X', 'new'), ('a', '2', 'X', 'new')")
    mirror = Mirror(database)
    assert mirror.kinds() == ["order"]
    assert held(mirror) == [("a", "1", "X", "new"), ("a", "2", "X", "new")]
    keyed = "SELECT table_name FROM duckdb_constraints() WHERE constraint_type = 'PRIMARY KEY'"
    assert database.execute(keyed).fetchall() == [("tierline_cursor",)]
    mirror.absorb("a", "order", orders(("1", "X", "sent")), cursor=END)
    assert held(mirror) == [("a", "1", "X", "sent"), ("a", "2", "X", "new")]
