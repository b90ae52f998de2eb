"""Where an org lives: one SQLite file with a table per object, a column per field.

Columns hold: numbers as integers scaled by the field's decimals (exact, also in sums), booleans as 0 or 1,
instants as `2026-01-01T00:00:00.000+0000`, dates as `2026-01-01`, everything else as text.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from connectors.sandbox.database import Database
from connectors.sandbox.org import ids
from connectors.sandbox.org.schema import NUMBER_TYPES, FieldDef, ObjectDef

_TABLES = """
CREATE TABLE IF NOT EXISTS tokens (token TEXT PRIMARY KEY, kind TEXT NOT NULL, user_id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS definitions (
    kind TEXT NOT NULL, name TEXT NOT NULL COLLATE NOCASE, position INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (kind, name)
);
CREATE TABLE IF NOT EXISTS bulk_jobs (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, state TEXT NOT NULL, created TEXT NOT NULL, body TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS consents (
    token TEXT PRIMARY KEY, kind TEXT NOT NULL, client_id TEXT NOT NULL, user_id TEXT NOT NULL, body TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notifications (
    number INTEGER PRIMARY KEY, at TEXT NOT NULL, user_id TEXT NOT NULL, body TEXT NOT NULL
);
"""


def table(object_name: str) -> str:
    """The quoted table of an object. Names are checked when an object is created."""
    return f'"rec_{object_name}"'


def column(field_name: str) -> str:
    return f'"{field_name}"'


def column_type(field: FieldDef) -> str:
    if field.type in NUMBER_TYPES or field.type == "boolean":
        return "INTEGER"
    if field.type in {"id", "reference", "date", "datetime"} or field.case_sensitive:
        return "TEXT"
    return "TEXT COLLATE NOCASE"


def _fold(text: str | float | None) -> str | float | None:
    return text.casefold() if isinstance(text, str) else text


class Store(Database):
    """Tables and records of one org's file."""

    tables = _TABLES

    def __init__(self, path: Path) -> None:
        #: Value of a formula field (Object.Field) for a record id; set by whoever knows the formulas.
        self.calculate: Callable[[str, str | None], Any] = lambda name, record_id: None
        super().__init__(path)

    def prepare(self, connection: sqlite3.Connection) -> None:
        connection.create_function("fold", 1, _fold, deterministic=True)
        connection.create_function("calculate", 2, lambda name, record_id: self.calculate(name, record_id))

    def new_ids(self, definition: ObjectDef, count: int) -> list[str]:
        first = self.take_numbers(f"id:{definition.key_prefix}", count)
        return [ids.make(definition.key_prefix, number) for number in range(first, first + count)]

    def create_table(self, definition: ObjectDef) -> None:
        columns = ", ".join(
            f"{column(f.name)} {column_type(f)}" + (" PRIMARY KEY NOT NULL" if f.name == "Id" else "")
            for f in definition.fields.values()
        )
        with self.writing() as connection:
            connection.execute(f"CREATE TABLE {table(definition.name)} ({columns})")
            self._index(connection, definition, ("SystemModstamp", "Id"))
            for field in definition.fields.values():
                self._index_field(connection, definition, field)

    def drop_table(self, definition: ObjectDef) -> None:
        with self.writing() as connection:
            connection.execute(f"DROP TABLE {table(definition.name)}")

    def add_column(self, definition: ObjectDef, field: FieldDef) -> None:
        with self.writing() as connection:
            connection.execute(
                f"ALTER TABLE {table(definition.name)} ADD COLUMN {column(field.name)} {column_type(field)}"
            )
            self._index_field(connection, definition, field)

    def drop_column(self, definition: ObjectDef, field: FieldDef) -> None:
        with self.writing() as connection:
            connection.execute(f"DROP INDEX IF EXISTS {self._index_name(definition, (field.name,))}")
            connection.execute(f"ALTER TABLE {table(definition.name)} DROP COLUMN {column(field.name)}")

    def rescale(self, definition: ObjectDef, field_name: str, old: int, new: int) -> None:
        """Moves a number column to another count of decimals; halves are rounded away from zero."""
        name = column(field_name)
        factor = 10 ** abs(new - old)
        moved = f"{name} * {factor}"
        if new < old:
            half = f"(CASE WHEN {name} < 0 THEN -1 ELSE 1 END) * {factor // 2}"
            moved = f"({name} + {half}) / {factor}"
        with self.writing() as connection:
            connection.execute(f"UPDATE {table(definition.name)} SET {name} = {moved}")

    def fill(self, definition: ObjectDef, field_name: str, value: object) -> None:
        """Gives every record the value."""
        with self.writing() as connection:
            connection.execute(
                f"UPDATE {table(definition.name)} SET {column(field_name)} = ?",
                (value,),
            )

    def index_field(self, definition: ObjectDef, field: FieldDef) -> None:
        with self.writing() as connection:
            self._index_field(connection, definition, field)

    def _index_field(self, connection: sqlite3.Connection, definition: ObjectDef, field: FieldDef) -> None:
        looked_up = field.type == "reference" and field.name not in {"CreatedById", "LastModifiedById"}
        if looked_up or field.external_id or field.unique:
            self._index(connection, definition, (field.name,))

    def _index(self, connection: sqlite3.Connection, definition: ObjectDef, names: Sequence[str]) -> None:
        connection.execute(
            f"CREATE INDEX IF NOT EXISTS {self._index_name(definition, names)} "
            f"ON {table(definition.name)} ({', '.join(map(column, names))})"
        )

    @staticmethod
    def _index_name(definition: ObjectDef, names: Sequence[str]) -> str:
        return f'"ix_{definition.name}_{"_".join(names)}"'

    def fetch(
        self, definition: ObjectDef, record_ids: Iterable[str], names: Sequence[str] = ()
    ) -> dict[str, dict[str, Any]]:
        """Stored values by id; ids that do not exist are absent, deleted records are not."""
        wanted = list(names) or list(definition.fields)
        select = ", ".join(f"t.{column(name)}" for name in wanted)
        rows = self.reader().execute(
            f"SELECT t.Id, {select} FROM json_each(?) j JOIN {table(definition.name)} t ON t.Id = j.value",
            (json.dumps(list(record_ids)),),
        )
        return {row[0]: dict(zip(wanted, row[1:], strict=True)) for row in rows}

    def all_rows(self, definition: ObjectDef) -> list[dict[str, Any]]:
        """Every stored row that is not deleted; meant for the small objects of the set-up."""
        names = list(definition.fields)
        select = ", ".join(map(column, names))
        rows = self.reader().execute(f"SELECT {select} FROM {table(definition.name)} WHERE IsDeleted = 0")
        return [dict(zip(names, row, strict=True)) for row in rows]

    def insert_rows(self, definition: ObjectDef, rows: Sequence[Mapping[str, Any]]) -> None:
        """Full rows: every column has a value or is absent (= null)."""
        names = list(definition.fields)
        marks = ", ".join("?" * len(names))
        columns = ", ".join(map(column, names))
        statement = f"INSERT INTO {table(definition.name)} ({columns}) VALUES ({marks})"
        with self.writing() as connection:
            connection.executemany(statement, ([row.get(name) for name in names] for row in rows))

    def update_rows(self, definition: ObjectDef, changes: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        """Changed columns by record id. Rows that change the same columns share a statement."""
        shapes: dict[tuple[str, ...], list[list[Any]]] = {}
        for record_id, values in changes:
            names = tuple(sorted(values))
            shapes.setdefault(names, []).append([*(values[name] for name in names), record_id])
        with self.writing() as connection:
            for names, parameters in shapes.items():
                assignments = ", ".join(f"{column(name)} = ?" for name in names)
                connection.executemany(
                    f"UPDATE {table(definition.name)} SET {assignments} WHERE Id = ?",
                    parameters,
                )
