"""Answering SOQL: pages of records, child records, aggregates, and the locators by which a client reads on.

A query is executed once. The rows that do not fit on the first page wait in memory under a locator, as they were at
that moment; a locator that is too old, or of another process, is refused as in the real service.
"""

from __future__ import annotations

import json
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.clock import Clock
from connectors.sandbox.org import ids
from connectors.sandbox.org.definitions import Definitions
from connectors.sandbox.org.outcomes import QueryError, QueryResult
from connectors.sandbox.org.records import Store
from connectors.sandbox.org.soql_parser import parse
from connectors.sandbox.org.soql_statement import Children, Compiler, Statement, nested

#: Rows on a page unless the client asks for another number, and the numbers it may ask for.
PAGE, SMALLEST_PAGE = 2000, 200
LONGEST_QUERY = 100_000
_OPEN_CURSORS = 50
_LOCATOR = re.compile(r"(01g\w{15})-(\d+)\Z", re.ASCII)
Row = Sequence[Any]


@dataclass(frozen=True)
class QueryOptions:
    """How a query is answered.

    Attributes:
        include_deleted: as queryAll: records in the recycle bin, too.
        page: rows per page; None gives the whole result at once.
        hidden: fields (Object.Field) and objects (Object.*) that do not exist for the user who asks.
        version: the API version in the records' addresses, e.g. "63.0".
    """

    include_deleted: bool = False
    page: int | None = PAGE
    hidden: frozenset[str] = frozenset()
    version: str = "63.0"


@dataclass(frozen=True)
class _Cursor:
    statement: Statement
    compiler: Compiler
    rows: list[Row]
    options: QueryOptions


def page_size(asked: int) -> int:
    """The page a client gets that asks for so many rows."""
    return min(max(asked, SMALLEST_PAGE), PAGE)


class Queries:
    """Runs queries and keeps what clients have not fetched yet."""

    def __init__(self, store: Store, definitions: Definitions, clock: Clock) -> None:
        self._store = store
        self._definitions = definitions
        self._clock = clock
        self._cursors: OrderedDict[str, _Cursor] = OrderedDict()
        self._lock = threading.Lock()

    def run(self, soql: str, options: QueryOptions) -> QueryResult:
        """The first page. Raises QueryError."""
        if len(soql) > LONGEST_QUERY:
            raise QueryError("MALFORMED_QUERY", f"SOQL statements cannot be longer than {LONGEST_QUERY} characters.")
        query = parse(soql)
        compiler = Compiler(
            soql.strip(), self._definitions, self._clock.today(), options.hidden, options.include_deleted
        )
        statement = compiler.statement(query)
        rows = self._store.reader().execute(statement.sql, statement.parameters).fetchall()
        if statement.counting:
            return QueryResult(rows[0][0], [], entity=statement.definition.name)
        cursor = _Cursor(statement, compiler, rows, options)
        return self._page(cursor, 0, "")

    def more(self, locator: str, page: int | None = None) -> QueryResult:
        """The page a locator stands for. Raises QueryError("INVALID_QUERY_LOCATOR", ...)."""
        match = _LOCATOR.match(locator)
        with self._lock:
            cursor = self._cursors.get(match[1]) if match else None
        if match is None or cursor is None or int(match[2]) > len(cursor.rows):
            raise QueryError("INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(cursor, int(match[2]), match[1], page)

    def _page(self, cursor: _Cursor, start: int, key: str, page: int | None = None) -> QueryResult:
        size = page or cursor.options.page or len(cursor.rows)
        rows = cursor.rows[start : start + size]
        after = start + len(rows)
        locator = ""
        if after < len(cursor.rows):
            locator = f"{key or self._keep(cursor)}-{after}"
        records = self._records(cursor, rows)
        return QueryResult(len(cursor.rows), records, locator, entity=cursor.statement.definition.name)

    def _keep(self, cursor: _Cursor) -> str:
        key = ids.make("01g", self._store.take_numbers("id:01g"))
        with self._lock:
            self._cursors[key] = cursor
            while len(self._cursors) > _OPEN_CURSORS:
                self._cursors.popitem(last=False)
        return key

    def _records(self, cursor: _Cursor, rows: list[Row]) -> list[dict[str, Any]]:
        statement = cursor.statement
        if statement.groups is not None:
            return [_group(row, statement.groups) for row in rows]
        attributes = _addresses(cursor.options.version)
        records = [record for row in rows if (record := nested(row, statement.layout, attributes)) is not None]
        parent_ids = [row[statement.layout.id_at] for row in rows]
        for children in statement.children:
            found = self._children(cursor, children, parent_ids)
            for record, parent_id in zip(records, parent_ids, strict=True):
                record[children.key] = found.get(parent_id)
        return records

    def _children(self, cursor: _Cursor, children: Children, parent_ids: list[str]) -> dict[str, dict[str, Any]]:
        """Results of a subquery by parent; parents without children are absent."""
        statement = cursor.compiler.children_of(children, "SELECT value FROM json_each(?)")
        parameters = [*statement.parameters, json.dumps(parent_ids)]
        attributes = _addresses(cursor.options.version)
        found: dict[str, list[dict[str, Any]]] = {}
        first, last = children.query.offset, children.query.limit
        for row in self._store.reader().execute(statement.sql, parameters):
            record = nested(row, statement.layout, attributes)
            if record is not None:
                found.setdefault(row[2], []).append(record)
        cut = {parent: rows[first:][:last] for parent, rows in found.items()}
        return {parent: {"totalSize": len(rows), "done": True, "records": rows} for parent, rows in cut.items() if rows}


def _addresses(version: str) -> Callable[[str, str], dict[str, str]]:
    return lambda entity, record_id: {
        "type": entity,
        "url": f"/services/data/v{version}/sobjects/{entity}/{record_id}",
    }


def _group(row: Row, groups: Sequence[tuple[str, int, Callable[[Any], Any] | None]]) -> dict[str, Any]:
    record: dict[str, Any] = {"attributes": {"type": "AggregateResult"}}
    for key, at, show in groups:
        value = row[at]
        record[key] = show(value) if show is not None and value is not None else value
    return record
