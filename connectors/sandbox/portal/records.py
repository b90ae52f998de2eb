"""Where a portal lives: one SQLite file with a table per object type and a column per property.

Columns hold instants as milliseconds, ids of records as numbers, and every other value as the text the API shows.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.database import Database
from connectors.sandbox.portal.moments import to_text
from connectors.sandbox.portal.schema import ObjectType, Property

_TABLES = """
CREATE TABLE IF NOT EXISTS definitions (
    kind TEXT NOT NULL, name TEXT NOT NULL, position INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, name)
);
CREATE TABLE IF NOT EXISTS history (
    type INTEGER NOT NULL, record INTEGER NOT NULL, property TEXT NOT NULL, at INTEGER NOT NULL,
    number INTEGER NOT NULL, value, source TEXT NOT NULL, source_id TEXT NOT NULL, user_id INTEGER,
    PRIMARY KEY (type, record, property, at, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS associations (
    from_type INTEGER NOT NULL, to_type INTEGER NOT NULL, from_id INTEGER NOT NULL, to_id INTEGER NOT NULL,
    type_id INTEGER NOT NULL, category TEXT NOT NULL,
    PRIMARY KEY (from_type, to_type, from_id, to_id, type_id, category)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS owners (
    id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, email TEXT NOT NULL, first_name TEXT NOT NULL,
    last_name TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL, archived INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS tokens (
    token TEXT PRIMARY KEY, kind TEXT NOT NULL, expires REAL NOT NULL, body TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY, subscription INTEGER NOT NULL, attempt INTEGER NOT NULL, due REAL NOT NULL,
    body TEXT NOT NULL
);
"""
#: Records get numbers from here on: their ids soon have one digit more, so that ids compared as text are found out.
_FIRST_ID = 999_950
#: Columns of every table besides those of its properties.
SYSTEM = ("id", "created", "updated", "archived", "merged_into", "source", "source_id", "user_id", "changed_by")


def table(kind: ObjectType) -> str:
    return f'"rec_{kind.name}"'


def column(kind: ObjectType, name: str) -> str:
    """The column behind a property. Names are checked when a property is created."""
    found = {
        "hs_object_id": "id", kind.created: "created", kind.modified: "updated", "hs_object_source": "source",
        "hs_object_source_id": "source_id", "hs_created_by_user_id": "user_id", "hs_updated_by_user_id": "changed_by",
    }.get(name)  # fmt: skip
    return found or f'"p_{name}"'


def is_own(kind: ObjectType, name: str) -> bool:
    """Whether a property has a column of its own, besides the system's."""
    return column(kind, name).startswith('"p_')


@dataclass(frozen=True)
class Record:
    """A stored record. `values` are stored values by property name; `archived` is 0 while it is in use."""

    id: int
    created: int
    updated: int
    archived: int
    values: Mapping[str, Any]


def shown(prop: Property | None, stored: Any) -> str | None:
    """A stored value as the API shows it."""
    if stored is None:
        return None
    if prop is not None and prop.type == "datetime":
        return to_text(stored)
    return str(stored)


def _contains_token(text: object, pattern: str) -> bool:
    return isinstance(text, str) and re.search(pattern, text, re.IGNORECASE) is not None


class Records(Database):
    """Tables and records of one portal's file."""

    tables = _TABLES

    def prepare(self, connection: sqlite3.Connection) -> None:
        connection.create_function("contains_token", 2, _contains_token, deterministic=True)

    def new_ids(self, count: int) -> range:
        first = _FIRST_ID + self.take_numbers("record", count)
        return range(first, first + count)

    def create_table(self, kind: ObjectType, properties: Iterable[Property]) -> None:
        own = [column(kind, each.name) for each in properties if is_own(kind, each.name)]
        with self.writing() as connection:
            connection.execute(
                f"CREATE TABLE {table(kind)} (id INTEGER PRIMARY KEY, created INTEGER NOT NULL, "
                "updated INTEGER NOT NULL, archived INTEGER NOT NULL, merged_into INTEGER, source TEXT NOT NULL, "
                f"source_id TEXT NOT NULL, user_id INTEGER, changed_by INTEGER, {', '.join(own)})"
            )
            connection.execute(f'CREATE INDEX "ix_{kind.name}_updated" ON {table(kind)} (archived, updated, id)')
            for each in properties:
                if each.unique:
                    self.index(kind, each.name)

    def add_column(self, kind: ObjectType, prop: Property) -> None:
        with self.writing() as connection:
            connection.execute(f"ALTER TABLE {table(kind)} ADD COLUMN {column(kind, prop.name)}")
            if prop.unique:
                self.index(kind, prop.name)

    def empty_column(self, kind: ObjectType, name: str) -> None:
        """Takes the values of a property from all records, and their history."""
        with self.writing() as connection:
            name_ = column(kind, name)
            connection.execute(f"UPDATE {table(kind)} SET {name_} = NULL WHERE {name_} IS NOT NULL")
            connection.execute("DELETE FROM history WHERE type = ? AND property = ?", (kind.number, name))

    def index(self, kind: ObjectType, name: str) -> None:
        with self.writing() as connection:
            connection.execute(
                f'CREATE INDEX IF NOT EXISTS "ix_{kind.name}_{name}" ON {table(kind)} ({column(kind, name)})'
            )

    def fetch(self, kind: ObjectType, ids: Iterable[int], names: Sequence[str]) -> dict[int, Record]:
        """Records by id with these properties, archived ones too; ids that do not exist are absent."""
        rows = self._select(
            kind, names, "JOIN json_each(?) j ON t.id = j.value AND t.merged_into IS NULL", [json.dumps(list(ids))]
        )
        return {each.id: each for each in rows}

    def page(
        self, kind: ObjectType, names: Sequence[str], *, after: int, limit: int, archived: bool = False
    ) -> list[Record]:
        """Records in the order of their ids, from the one behind `after` on."""
        test = "> 0" if archived else "= 0"
        # The plus keeps SQLite from the index on dates: in the order of the ids the table itself is faster.
        return self._select(
            kind, names,
            f"WHERE +t.archived {test} AND t.merged_into IS NULL AND t.id > ? ORDER BY t.id LIMIT ?", [after, limit],
        )  # fmt: skip

    def select(self, kind: ObjectType, names: Sequence[str], clauses: str, values: Sequence[Any]) -> list[Record]:
        """Records that fit SQL clauses (WHERE, ORDER BY, LIMIT); columns there are those of `t`."""
        return self._select(kind, names, clauses, values)

    def count(self, kind: ObjectType, clauses: str = "WHERE t.archived = 0", values: Sequence[Any] = ()) -> int:
        row = self.reader().execute(f"SELECT COUNT(*) FROM {table(kind)} t {clauses}", list(values))
        return int(row.fetchone()[0])

    def _select(self, kind: ObjectType, names: Sequence[str], clauses: str, values: Sequence[Any]) -> list[Record]:
        columns = "".join(f", t.{column(kind, name)}" for name in names)
        rows = self.reader().execute(
            f"SELECT t.id, t.created, t.updated, t.archived{columns} FROM {table(kind)} t {clauses}",
            list(values),
        )
        return [
            Record(record_id, created, updated, archived, dict(zip(names, values, strict=True)))
            for record_id, created, updated, archived, *values in rows
        ]

    def erase(self, kind: ObjectType, record_id: int) -> None:
        """Everything there is about a record."""
        mine = (kind.number, record_id)
        with self.writing() as connection:
            connection.execute(f"DELETE FROM {table(kind)} WHERE id = ?", (record_id,))
            connection.execute("DELETE FROM history WHERE type = ? AND record = ?", mine)
            connection.execute("DELETE FROM associations WHERE from_type = ? AND from_id = ?", mine)
            connection.execute("DELETE FROM associations WHERE to_type = ? AND to_id = ?", mine)

    def winners(self, kind: ObjectType, ids: Sequence[int]) -> dict[int, int]:
        """For ids of records that were merged away: the id of the record they are part of now."""
        found: dict[int, int] = {}
        rows = self.reader().execute(
            f"SELECT t.id, t.merged_into FROM {table(kind)} t JOIN json_each(?) j ON t.id = j.value "
            "WHERE t.merged_into IS NOT NULL",
            (json.dumps(list(ids)),),
        )
        for record_id, winner in rows:
            found[record_id] = winner
        again = self.winners(kind, list(found.values())) if found else {}
        return {record_id: again.get(winner, winner) for record_id, winner in found.items()}

    def find(self, kind: ObjectType, name: str, values: Iterable[Any]) -> dict[str, int]:
        """Ids of the records in use that hold one of these values, by value in lower case."""
        rows = self.reader().execute(
            f"SELECT t.{column(kind, name)}, t.id FROM {table(kind)} t JOIN json_each(?) j "
            f"ON t.{column(kind, name)} = j.value WHERE t.archived = 0 AND t.merged_into IS NULL",
            (json.dumps(list(values)),),
        )
        return {str(value).lower(): record_id for value, record_id in rows}

    def insert(self, kind: ObjectType, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Rows with the system's columns, then those of the named properties."""
        columns = ", ".join([*SYSTEM, *(column(kind, name) for name in names)])
        marks = ", ".join("?" * (len(SYSTEM) + len(names)))
        with self.writing() as connection:
            connection.executemany(f"INSERT INTO {table(kind)} ({columns}) VALUES ({marks})", rows)

    def update(self, kind: ObjectType, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Rows hold the values of these properties (or system columns), then the id."""
        marks = ", ".join(f"{name if name in SYSTEM else column(kind, name)} = ?" for name in names)
        with self.writing() as connection:
            connection.executemany(f"UPDATE {table(kind)} SET {marks} WHERE id = ?", rows)
