"""Many rows of one table added or updated at once.

Django's `bulk_update` builds one CASE per row and field, which takes a minute for 100,000 rows, and its `bulk_create`
resolves every value of every row anew; a prepared statement run once per row takes seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from django.db import connection
from django.db.models import DateField, DateTimeField, Field, JSONField, Model

Item = TypeVar("Item")

#: Values named in one statement.
PORTION = 500


class Encoded(str):
    """A value of a JSON field that is JSON text already."""

    __slots__ = ()


def insert(table: type[Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows given as values by column, such as `run_id`.

    What they leave out takes the default of its field; of a moment that Django would fill in, there is none.
    """
    if not rows:
        return
    quote = connection.ops.quote_name
    fields = [field for field in table._meta.concrete_fields if not field.primary_key]
    names = ", ".join(quote(str(field.column)) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    statement = f"INSERT INTO {quote(table._meta.db_table)} ({names}) VALUES ({marks})"
    columns = []
    for field in fields:
        default = field.get_default()
        columns.append(_written(field, [row.get(field.attname, default) for row in rows]))
    with connection.cursor() as cursor:
        cursor.executemany(statement, list(zip(*columns, strict=True)))


def update(rows: Collection[Model], names: Sequence[str]) -> None:
    """Save these fields of rows of one table, all of which exist."""
    if not rows:
        return
    meta = next(iter(rows))._meta
    fields = [field for field in meta.concrete_fields if field.name in names]
    quote = connection.ops.quote_name
    changes = ", ".join(f"{quote(str(field.column))} = %s" for field in fields)
    statement = f"UPDATE {quote(meta.db_table)} SET {changes} WHERE id = %s"
    columns = [_written(field, [getattr(row, field.attname) for row in rows]) for field in fields]
    with connection.cursor() as cursor:
        cursor.executemany(statement, list(zip(*columns, [row.pk for row in rows], strict=True)))


def _written(field: Field[Any, Any], values: list[Any]) -> Iterable[Any]:
    """Values of one column as the database takes them."""
    write = _writer(field)
    return map(write, values) if write else values


def _writer(field: Field[Any, Any]) -> Callable[[Any], Any] | None:
    if isinstance(field, JSONField):
        adapt = connection.ops.adapt_json_value
        return lambda value: str(value) if isinstance(value, Encoded) else adapt(value, field.encoder)
    if isinstance(field, DateTimeField):
        return connection.ops.adapt_datetimefield_value
    return connection.ops.adapt_datefield_value if isinstance(field, DateField) else None


def portions(items: Sequence[Item], size: int = PORTION) -> Iterator[Sequence[Item]]:
    """Few enough for one statement."""
    return (items[start : start + size] for start in range(0, len(items), size))
