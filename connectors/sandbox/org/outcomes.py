"""What an org answers: outcomes of rows, results of queries, and the two exceptions for a refused request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RowError:
    """Why a row was refused: the CRM's code, its sentence, and the API names of the fields concerned."""

    status_code: str
    message: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class RowOutcome:
    """What became of one row. `created` tells an insert from an update in an upsert."""

    id: str | None
    success: bool
    errors: tuple[RowError, ...] = ()
    created: bool = False


@dataclass(frozen=True)
class QueryResult:
    """One page of a query.

    Attributes:
        total: rows of the whole result; for `SELECT COUNT()` the count, with no records.
        records: nested like REST, each with its `attributes`.
        locator: where the next page starts, or "" at the end.
    """

    total: int
    records: list[dict[str, Any]]
    locator: str = ""
    entity: str = ""

    @property
    def done(self) -> bool:
        return not self.locator


class OrgError(Exception):
    """A whole request the org refuses."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class RowRefused(OrgError):
    """A row of a load that the org does not take. `row` counts from 0."""

    def __init__(self, object_name: str, row: int, error: RowError) -> None:
        super().__init__(error.status_code, f"{object_name} row {row + 1}: {error.message}")
        self.row = row
        self.error = error


class SchemaError(OrgError):
    """Unknown object or field, or a definition that cannot be saved."""


class QueryError(OrgError):
    """A query that cannot be run: MALFORMED_QUERY, INVALID_FIELD, INVALID_TYPE ..."""
