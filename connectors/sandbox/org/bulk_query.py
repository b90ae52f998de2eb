"""Working off a query job: its result goes to a file row by row, with an index by which any page is found at once."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Any, BinaryIO

from connectors.sandbox.org.bulk_csv import Lines
from connectors.sandbox.org.bulk_jobs import BulkJob, BulkJobs
from connectors.sandbox.org.org import Org, QueryError
from connectors.sandbox.org.soql_names import Source
from connectors.sandbox.org.soql_parser import parse
from connectors.sandbox.org.soql_statement import Compiler, Node, Statement
from connectors.sandbox.org.soql_tree import Call, Path, Query

_STEP = 10_000
_OFFSET_BYTES = 8
Present = Callable[[Any], object]


@dataclass(frozen=True)
class _Column:
    name: str
    at: int
    present: Present


@dataclass(frozen=True)
class Prepared:
    """A query that a job can answer."""

    statement: Statement
    columns: tuple[_Column, ...]

    @property
    def object(self) -> str:
        return self.statement.definition.name


def prepare(org: Org, soql: str, user_id: str, *, include_deleted: bool) -> Prepared:
    """Raises QueryError: for what SOQL itself refuses, and for what Bulk jobs do not take."""
    query = parse(soql)
    _check(query)
    org.objects()
    hidden = org.access.hidden(user_id)
    compiler = Compiler(soql.strip(), org.definitions, org.clock.today(), hidden, include_deleted)
    statement = compiler.statement(query)
    source = Source(soql.strip(), org.definitions, statement.definition, query.alias, org.clock.today(), hidden)
    columns = sorted(_columns(statement.layout, (), source, query), key=lambda column: column.at)
    return Prepared(statement, tuple(columns))


def _check(query: Query) -> None:
    """Refuses what a Bulk query cannot do."""
    for item in query.selected:
        if isinstance(item.expression, Query):
            raise _unsupported("Aggregate Relationships")
        if isinstance(item.expression, Call) and item.expression.name in _AGGREGATES:
            raise _unsupported("Aggregate functions")
    if query.group_by:
        raise _unsupported("GROUP BY")
    if query.offset:
        raise _unsupported("OFFSET")


_AGGREGATES = frozenset({"COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX"})


def _unsupported(what: str) -> QueryError:
    # unverified: the error code of a query that Bulk API 2.0 does not support is FEATURENOTENABLED.
    return QueryError("FEATURENOTENABLED", f"{what} not supported in Bulk V2 Query with CSV content type")


def _columns(node: Node, way: tuple[str, ...], source: Source, query: Query) -> Iterator[_Column]:
    for key, (at, show) in node.values.items():
        keys = (*way, key)
        yield _Column(".".join(keys), at, _presenter(source, Path(keys, query.place), show))
    for key, inner in node.related.items():
        yield from _columns(inner, (*way, key), source, query)


def _presenter(source: Source, path: Path, show: Present | None) -> Present:
    try:
        kind = source.column(path).field.type
    except QueryError:  # the alias of a function's value
        kind = ""
    if show is None:
        return _instant if kind == "datetime" else _plain
    if kind == "boolean":
        return lambda stored: "" if stored is None else "true" if stored else "false"
    return lambda stored: "" if stored is None else show(stored)


def _plain(stored: object) -> object:
    return "" if stored is None else stored


def _instant(stored: str | None) -> str:
    """`2026-01-01T00:00:00.000Z`: not the form of REST."""
    return stored.replace("+0000", "Z") if stored else ""


class Stopped(Exception):
    """The job need not go on."""


@dataclass(frozen=True)
class QueryRun:
    """One query job at work."""

    org: Org
    jobs: BulkJobs
    job: BulkJob

    def run(self, go_on: Callable[[], bool]) -> BulkJob:
        """Writes the whole result and returns the job as it then is, not saved. Raises QueryError, Stopped."""
        started = time.monotonic()
        everything = self.job.operation == "queryAll"
        prepared = prepare(self.org, self.job.query, self.job.user_id, include_deleted=everything)
        results = self.jobs.results(self.job)
        with results.open("wb") as file, _index(results).open("wb") as index:
            count = self._write(prepared, file, index, go_on)
        active = round((time.monotonic() - started) * 1000)
        return replace(self.job, processed=count, active_ms=active)

    def _write(self, prepared: Prepared, file: BinaryIO, index: BinaryIO, go_on: Callable[[], bool]) -> int:
        lines = Lines(self.job, file)
        ends = array("Q")
        lines.row([column.name for column in prepared.columns])
        ends.append(lines.size)
        count = 0
        getters = [(column.at, column.present) for column in prepared.columns]
        with self.org.store.reading_apart() as connection:
            for row in connection.execute(prepared.statement.sql, prepared.statement.parameters):
                lines.row([present(row[at]) for at, present in getters])
                ends.append(lines.size)
                count += 1
                if count % _STEP == 0:
                    ends.tofile(index)
                    ends = array("Q")
                    if not go_on():
                        raise Stopped
        ends.tofile(index)
        return count


@dataclass(frozen=True)
class Page:
    """A part of a result: `rows` of them between two bytes of the file, behind the `header`'s bytes."""

    path: FilePath
    header: int
    start: int
    end: int
    rows: int

    def content(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            yield file.read(self.header)
            file.seek(self.start)
            left = self.end - self.start
            while left > 0 and (part := file.read(min(left, 1 << 16))):
                left -= len(part)
                yield part


def page_of(jobs: BulkJobs, job: BulkJob, first: int, most: int) -> Page:
    """The page of a finished job that begins with row `first`, counted from 0."""
    last = min(first + most, job.processed)
    results = jobs.results(job)
    with _index(results).open("rb") as index:
        return Page(results, _end(index, 0), _end(index, first), _end(index, last), last - first)


def _index(results: FilePath) -> FilePath:
    """Where each line of the result ends, 8 bytes each, the header's first."""
    return results.with_suffix(".ends")


def _end(index: BinaryIO, line: int) -> int:
    index.seek(line * _OFFSET_BYTES)
    found = array("Q")
    found.frombytes(index.read(_OFFSET_BYTES))
    return found[0]
