"""The header of a Bulk upload: which field each column is, and how a line of cells becomes a row to write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.org.bulk_csv import NULL, BadUpload
from connectors.sandbox.org.bulk_jobs import BulkJob
from connectors.sandbox.org.org import Org
from connectors.sandbox.org.schema import FieldDef, ObjectDef


@dataclass(frozen=True)
class Column:
    """A field, or - `Parent.Key__c`, `Account:What.Key__c` - a reference by a key of the record referred to."""

    field: str
    relationship: str = ""
    key: str = ""
    target: str = ""

    def put(self, cell: str, row: dict[str, Any]) -> None:
        if cell == NULL:
            row[self.field] = None
        elif not cell:
            return
        elif self.relationship:
            attributes = {"attributes": {"type": self.target}} if self.target else {}
            row[self.relationship] = {**attributes, self.key: cell}
        else:
            row[self.field] = cell


@dataclass(frozen=True)
class Header:
    """The columns of one upload, checked against the object and the job's operation."""

    names: tuple[str, ...]
    columns: tuple[Column, ...]

    def row(self, cells: Sequence[str]) -> dict[str, Any]:
        row: dict[str, Any] = {}
        for column, cell in zip(self.columns, cells, strict=True):
            column.put(cell, row)
        return row


def read_header(org: Org, job: BulkJob, names: Sequence[str]) -> Header:
    """Raises BadUpload for a column the user cannot name, or a key column that is missing."""
    definition = org.object(job.object)
    hidden = org.access.hidden(job.user_id)
    columns = tuple(_column(org, definition, name, hidden) for name in names)
    fields = {column.field for column in columns}
    if len(fields) < len(columns):
        # unverified: a Bulk upload that names a column twice fails as a whole.
        raise BadUpload("InvalidBatch : Duplicate column in the header")
    if job.operation in ("delete", "hardDelete") and fields != {"Id"}:
        raise BadUpload(f"InvalidBatch : The '{job.operation}' batch must contain only ids")
    needed = "Id" if job.operation == "update" else job.external_id
    if needed and needed not in fields:
        raise BadUpload(f"InvalidBatch : Field name not found : {needed}")
    return Header(tuple(names), columns)


def _column(org: Org, definition: ObjectDef, name: str, hidden: frozenset[str]) -> Column:
    found = definition.find(name)
    if found is not None and f"{definition.name}.{found.name}" not in hidden:
        return Column(found.name)
    way, dot, key = name.rpartition(".")
    target, _, relationship = way.rpartition(":")
    lookup = _lookup(definition, relationship, hidden) if dot else None
    if lookup is None:
        raise _unknown(name)
    kind = target or lookup.reference_to[0]
    known = next((each for each in org.objects().values() if each.name.lower() == kind.lower()), None)
    if known is None or known.find(key) is None:
        raise _unknown(name)
    return Column(lookup.name, lookup.relationship_name, key, known.name)


def _lookup(definition: ObjectDef, relationship: str, hidden: frozenset[str]) -> FieldDef | None:
    for item in definition.fields.values():
        if item.relationship_name and item.relationship_name.lower() == relationship.lower():
            return None if f"{definition.name}.{item.name}" in hidden else item
    return None


def _unknown(name: str) -> BadUpload:
    return BadUpload(f"InvalidBatch : Field name not found : {name}")
