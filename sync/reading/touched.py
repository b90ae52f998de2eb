"""Which accounts the changed records of the mirror belong to, so that a run may look at those alone.

A row that was read again without a change of value touches nothing: the CRM moves a record's time stamp for many
reasons. Entries have a number that only grows. A run takes those up to the number it found and forgets them when it
has ended well; what was touched in between stays for the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

#: Kind -> the column that leads to its account, or to the order it belongs to.
_PATHS = {
    "account": ("account", "id"),
    "user": ("user", "id"),
    "order": ("account", "account_id"),
    "order_line": ("order", "order_id"),
    "opportunity": ("account", "account_id"),
    "ticket": ("account", "account_id"),
    "activity": ("account", "account_id"),
    "contract": ("account", "account_id"),
    "invoice": ("account", "account_id"),
    "return": ("account", "account_id"),
    "customer": ("account", "account_id"),
    "detail": ("account", "account_id"),
}
#: They say who hears of something; no score and no finding depends on them.
_UNSCORED = frozenset({"territory", "territory_user", "territory_account"})
#: Stands for every account.
ALL = "*"


@dataclass(frozen=True)
class Touched:
    """Accounts to look at, as (connection, id); None when it has to be all of them. `upto`: the number reached.

    `users`: the CRM's users who changed. No score depends on them, only what is said about the owner.
    """

    accounts: frozenset[tuple[str, str]] | None
    upto: int
    users: frozenset[tuple[str, str]] = frozenset()


def prepare(database: duckdb.DuckDBPyConnection) -> None:
    database.execute("CREATE SEQUENCE IF NOT EXISTS tierline_touch")
    database.execute(
        "CREATE TABLE IF NOT EXISTS tierline_touched "
        "(connection VARCHAR, kind VARCHAR, key VARCHAR, number BIGINT DEFAULT nextval('tierline_touch'))"
    )


def everything(database: duckdb.DuckDBPyConnection, connection: str, kind: str = "") -> None:
    """All accounts: this kind is read anew, or a file was replaced."""
    if kind in _UNSCORED:
        return
    database.execute(
        "INSERT INTO tierline_touched (connection, kind, key) SELECT ?, 'account', ? WHERE NOT EXISTS "
        "(SELECT 1 FROM tierline_touched WHERE connection = ? AND key = ?)",
        [connection, ALL, connection, ALL],
    )


def compare(database: duckdb.DuckDBPyConnection, connection: str, kind: str, columns: Sequence[str]) -> None:
    """Note what differs between the table `fresh`, about to be merged, and `held`, what the mirror has of it.

    Both what was and what will be count.
    """
    if kind in _UNSCORED:
        return
    if kind not in _PATHS:
        database.execute(
            "INSERT INTO tierline_touched (connection, kind, key) SELECT ?, 'account', ? FROM (SELECT 1 FROM "
            f"fresh f LEFT JOIN held k ON k.id = f.id WHERE {_differs(columns)} LIMIT 1)",
            [connection, ALL],
        )
        return
    leads_to, column = _PATHS[kind]
    database.execute(
        f"INSERT INTO tierline_touched (connection, kind, key) SELECT DISTINCT ?, ?, key FROM ("
        f'SELECT unnest([f."{column}", k."{column}"]) AS key FROM fresh f '
        f"LEFT JOIN held k ON k.id = f.id WHERE {_differs(columns)}) WHERE key IS NOT NULL",
        [connection, leads_to],
    )
    if kind == "account" and "parent_id" in columns:
        _moved(database, connection)


def _moved(database: duckdb.DuckDBPyConnection, connection: str) -> None:
    """Note the parents that accounts of `fresh` had and have, where these differ: groups lose and gain by it."""
    database.execute(
        "INSERT INTO tierline_touched (connection, kind, key) SELECT DISTINCT ?, 'account', key FROM ("
        "SELECT unnest([f.parent_id, k.parent_id]) AS key FROM fresh f LEFT JOIN held k "
        "ON k.id = f.id WHERE f.parent_id IS DISTINCT FROM k.parent_id) WHERE key IS NOT NULL",
        [connection],
    )


def _differs(columns: Sequence[str]) -> str:
    compared = [name for name in columns if name not in ("modified_at", "modified_by_id", "connection")]
    return " OR ".join(["k.id IS NULL", *(f'f."{name}" IS DISTINCT FROM k."{name}"' for name in compared)])


def removed(database: duckdb.DuckDBPyConnection, connection: str, kind: str, ids: Sequence[str]) -> None:
    """Note the accounts of records that are about to be deleted."""
    if not ids or kind in _UNSCORED:
        return
    if kind not in _PATHS:
        held = database.execute(
            f'SELECT 1 FROM "{kind}" WHERE connection = ? AND id IN (SELECT unnest(?)) LIMIT 1',
            [connection, list(ids)],
        ).fetchone()
        if held:
            everything(database, connection)
        return
    leads_to, column = _PATHS[kind]
    database.execute(
        f'INSERT INTO tierline_touched (connection, kind, key) SELECT DISTINCT ?, ?, "{column}" FROM "{kind}" '
        f'WHERE connection = ? AND id IN (SELECT unnest(?)) AND "{column}" IS NOT NULL',
        [connection, leads_to, connection, list(ids)],
    )
    if kind == "account" and "parent_id" in _columns(database, kind):
        database.execute(
            "INSERT INTO tierline_touched (connection, kind, key) SELECT DISTINCT ?, 'account', key FROM ("
            "SELECT unnest([parent_id, id]) AS key FROM account "
            "WHERE connection = ? AND (id IN (SELECT unnest(?)) OR parent_id IN (SELECT unnest(?)))) "
            "WHERE key IS NOT NULL",
            [connection, connection, list(ids), list(ids)],
        )


def _columns(database: duckdb.DuckDBPyConnection, kind: str) -> set[str]:
    return {row[0] for row in database.execute(f'DESCRIBE "{kind}"').fetchall()}


def read(database: duckdb.DuckDBPyConnection) -> Touched:
    """What is touched now."""
    row = database.execute(
        "SELECT coalesce(max(number), 0), count(*) FILTER (key = '*') FROM tierline_touched"
    ).fetchone()
    upto, whole = row if row else (0, 0)
    if whole:
        return Touched(None, upto)
    tables = {name for (name,) in database.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    found = database.execute("SELECT DISTINCT connection, key FROM tierline_touched WHERE kind = 'account'").fetchall()
    if "order" in tables:
        found += database.execute(
            'SELECT DISTINCT t.connection, o.account_id FROM tierline_touched t JOIN "order" o '
            "ON o.connection = t.connection AND o.id = t.key WHERE t.kind = 'order' AND o.account_id IS NOT NULL"
        ).fetchall()
    users = database.execute("SELECT DISTINCT connection, key FROM tierline_touched WHERE kind = 'user'").fetchall()
    found_users = frozenset((str(name), str(key)) for name, key in users)
    return Touched(frozenset((str(name), str(key)) for name, key in found), upto, found_users)


def forget(database: duckdb.DuckDBPyConnection, upto: int) -> None:
    """What a run that ended well has looked at."""
    database.execute("DELETE FROM tierline_touched WHERE number <= ?", [upto])
