"""An org on this machine: the one entry point that the protocol faces and the loader use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from connectors.sandbox.org.outcomes import (
    OrgError,
    QueryError,
    QueryResult,
    RowError,
    RowOutcome,
    SchemaError,
)
from connectors.sandbox.org.schema import FieldDef, GlobalValueSet, ObjectDef
from connectors.sandbox.org.sessions import Credentials, Sessions

__all__ = [
    "Org",
    "OrgError",
    "QueryError",
    "QueryResult",
    "RowError",
    "RowOutcome",
    "SchemaError",
    "WriteOptions",
]

Row = Mapping[str, object]


@dataclass(frozen=True)
class WriteOptions:
    """How a write behaves besides its values.

    Attributes:
        user_id: who writes; empty = the administrator.
        all_or_none: undo all rows if one fails.
        auto_assign: run the org's assignment rule, as REST does unless told otherwise.
        allow_duplicates: save although a duplicate rule objects.
    """

    user_id: str = ""
    all_or_none: bool = False
    auto_assign: bool = False
    allow_duplicates: bool = False


class Org:
    """Schema, records, users and sessions of one org, kept in a folder.

    Safe to use from several threads. Use it as a context manager or call `close()`.
    """

    org_id: str
    name: str
    admin_user_id: str
    home: Path
    sessions: Sessions

    @classmethod
    def open(cls, home: Path) -> Org:
        """The org in that folder; created with its standard objects on first use."""
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Org:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def credentials(self) -> Credentials:
        """Client id and secret, user name, password and an access token of the administrator."""
        raise NotImplementedError

    def setting(self, key: str) -> object:
        """A JSON value that a face keeps with the org, or None."""
        raise NotImplementedError

    def set_setting(self, key: str, value: object) -> None:
        raise NotImplementedError

    def objects(self) -> Mapping[str, ObjectDef]:
        raise NotImplementedError

    def object(self, name: str) -> ObjectDef:
        """The object of that API name in any case. Raises SchemaError("INVALID_TYPE" ...)."""
        raise NotImplementedError

    def create_object(self, definition: ObjectDef) -> None:
        """Adds a custom object; system fields, `Name` and `OwnerId` are added unless given.

        An empty `key_prefix` gets the next free one. Raises SchemaError("DUPLICATE_DEVELOPER_NAME" ...).
        """
        raise NotImplementedError

    def save_field(self, object_name: str, field: FieldDef) -> bool:
        """Creates or replaces a field; True if created. Raises SchemaError."""
        raise NotImplementedError

    def delete_field(self, object_name: str, field_name: str) -> None:
        raise NotImplementedError

    def value_sets(self) -> Mapping[str, GlobalValueSet]:
        raise NotImplementedError

    def save_value_set(self, value_set: GlobalValueSet) -> bool:
        """Creates or replaces a global value set; fields that use it follow. True if created."""
        raise NotImplementedError

    def insert(
        self,
        object_name: str,
        rows: Sequence[Row],
        *,
        user_id: str | None = None,
        all_or_none: bool = False,
        options: WriteOptions | None = None,
    ) -> list[RowOutcome]:
        """One outcome per row, in order. `options`, where given, replaces the two other arguments."""
        raise NotImplementedError

    def update(
        self,
        object_name: str,
        rows: Sequence[Row],
        *,
        user_id: str | None = None,
        all_or_none: bool = False,
        options: WriteOptions | None = None,
    ) -> list[RowOutcome]:
        """Each row carries its `Id`; fields it does not name stay as they are."""
        raise NotImplementedError

    def upsert(
        self,
        object_name: str,
        external_field: str,
        rows: Sequence[Row],
        *,
        user_id: str | None = None,
        all_or_none: bool = False,
        options: WriteOptions | None = None,
    ) -> list[RowOutcome]:
        """Updates the row whose `external_field` (or Id) has the given value, else inserts it."""
        raise NotImplementedError

    def delete(
        self,
        object_name: str,
        ids: Sequence[str],
        *,
        user_id: str | None = None,
        all_or_none: bool = False,
        options: WriteOptions | None = None,
    ) -> list[RowOutcome]:
        """Moves records to the recycle bin (`IsDeleted`), their owned children too."""
        raise NotImplementedError

    def query(self, soql: str, *, include_deleted: bool = False) -> QueryResult:
        """The whole result. Raises QueryError."""
        raise NotImplementedError

    def bulk_load(self, object_name: str, rows: Iterable[Row]) -> list[str]:
        """Inserts rows in one transaction and returns their ids; raises OrgError naming the first bad row.

        As the permission "Set Audit Fields" allows, rows may carry CreatedDate, CreatedById, LastModifiedDate
        and LastModifiedById, inactive owners, and read-only fields that the org does not calculate.
        """
        raise NotImplementedError

    def set_clock(self, now: datetime | None) -> None:
        """Fixes "now" for this process; None goes back to real time."""
        raise NotImplementedError
