"""Up to 200 records in one call: one result per record, in the order of the request, with status 200."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from connectors.sandbox.org import ids
from connectors.sandbox.org.org import Org, OrgError, RowError, RowOutcome, WriteOptions
from connectors.sandbox.org.queries import QueryOptions
from connectors.sandbox.org.schema import ObjectDef
from connectors.sandbox.org.writes import ROLLED_BACK
from connectors.sandbox.salesforce_api.calls import ApiError, Call, Entry, Reply
from connectors.sandbox.salesforce_api.sobjects import known_object, values

MOST_RECORDS = 200
MOST_READ = 2000
MOST_CHUNKS = 10
Row = dict[str, Any]
Save = Callable[[str, Sequence[Row], WriteOptions], list[RowOutcome]]


class _Undone(Exception):
    """Rolls the whole call back."""


@dataclass(frozen=True)
class Collections:
    """The resource `composite/sobjects` of one org."""

    org: Org

    def entries(self) -> list[Entry]:
        return [
            (("POST",), r"composite/sobjects", self.create),
            (("PATCH",), r"composite/sobjects", self.update),
            (("DELETE",), r"composite/sobjects", self.delete),
            (("PATCH",), r"composite/sobjects/(\w+)/(\w+)", self.upsert),
            (("GET", "POST"), r"composite/sobjects/(\w+)", self.read),
        ]

    def create(self, call: Call) -> Reply:
        def save(name: str, rows: Sequence[Row], options: WriteOptions) -> list[RowOutcome]:
            return self.org.insert(name, rows, options=options)

        return self._write(call, save)

    def update(self, call: Call) -> Reply:
        def save(name: str, rows: Sequence[Row], options: WriteOptions) -> list[RowOutcome]:
            return self.org.update(name, [_with_id(row) for row in rows], options=options)

        return self._write(call, save)

    def upsert(self, call: Call) -> Reply:
        definition, key = known_object(self.org, call.parts[0], call.user_id), call.parts[1]

        def save(name: str, rows: Sequence[Row], options: WriteOptions) -> list[RowOutcome]:
            return self.org.upsert(definition.name, key, rows, options=options)

        return self._write(call, save, with_created=True)

    def delete(self, call: Call) -> Reply:
        given = [part for part in call.query.get("ids", "").split(",") if part]
        _check_count(len(given), MOST_RECORDS)
        options = call.write_options(all_or_none=call.query.get("allOrNone", "").lower() == "true")
        rows = [{"attributes": {"type": self._type_of(record_id)}, "Id": record_id} for record_id in given]

        def save(name: str, rows: Sequence[Row], options: WriteOptions) -> list[RowOutcome]:
            return self.org.delete(name, [str(row["Id"]) for row in rows], options=options)

        return Reply([_result(outcome) for outcome in self._saved(rows, save, options)])

    def _type_of(self, record_id: str) -> str:
        """The object an id belongs to; "" for none of ours."""
        wanted = ids.normalize(record_id) or ""
        return next((name for name, each in self.org.objects().items() if wanted.startswith(each.key_prefix)), "")

    def read(self, call: Call) -> Reply:
        definition = known_object(self.org, call.parts[0], call.user_id)
        asked = call.mapping() if call.method == "POST" else call.query
        wanted, fields = _names(asked.get("ids")), _names(asked.get("fields"))
        _check_count(len(wanted), MOST_READ)
        if not fields:
            raise ApiError("MISSING_ARGUMENT", "fields is required")
        found = self._found(call, definition, wanted, fields)
        return Reply([found.get(ids.normalize(record_id) or "") for record_id in wanted])

    def _found(self, call: Call, definition: ObjectDef, wanted: list[str], fields: list[str]) -> dict[str, Row]:
        known = [record_id for given in wanted if (record_id := ids.normalize(given))]
        if not known:
            return {}
        options = QueryOptions(page=None, hidden=self.org.access.hidden(call.user_id), version=call.version)
        listed = ", ".join(f"'{record_id}'" for record_id in known)
        selected = ", ".join(dict.fromkeys(["Id", *fields]))
        rows = self.org.queries.run(f"SELECT {selected} FROM {definition.name} WHERE Id IN ({listed})", options)
        with_id = any(field.lower() == "id" for field in fields)
        return {
            row["Id"]: row if with_id else {key: value for key, value in row.items() if key != "Id"}
            for row in rows.records
        }

    # --- writes ----------------------------------------------------------------------------------

    def _write(self, call: Call, save: Save, *, with_created: bool = False) -> Reply:
        content = call.mapping()
        rows = content.get("records")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ApiError("JSON_PARSER_ERROR", "records must be a list of objects")
        _check_count(len(rows), MOST_RECORDS)
        options = call.write_options(all_or_none=content.get("allOrNone") is True)
        return Reply([_result(outcome, with_created) for outcome in self._saved(rows, save, options)])

    def _saved(self, rows: Sequence[Row], save: Save, options: WriteOptions) -> list[RowOutcome]:
        """Neighbours of one type are saved together; with `all_or_none` one failure undoes the call."""
        chunks = [(name, list(chunk)) for name, chunk in groupby(rows, key=_type)]
        if len(chunks) > MOST_CHUNKS:
            raise ApiError(
                "INVALID_INPUT", f"Cannot process more than {MOST_CHUNKS} chunks of object types in one call"
            )
        outcomes: list[RowOutcome] = []
        try:
            # Row by row, other calls may come between two types of records: they may meet at a row lock.
            with self.org.store.writing() if options.all_or_none else nullcontext():
                for name, chunk in chunks:
                    outcomes += self._chunk(name, chunk, save, options)
                if options.all_or_none and not all(outcome.success for outcome in outcomes):
                    raise _Undone
        except _Undone:
            return [outcome if outcome.errors else RowOutcome(None, False, (ROLLED_BACK,)) for outcome in outcomes]
        return outcomes

    def _chunk(self, name: str, rows: Sequence[Row], save: Save, options: WriteOptions) -> list[RowOutcome]:
        try:
            definition = self.org.object(name)
        except OrgError:
            error = RowError("INVALID_TYPE", f"sObject type '{name}' is not supported.")
            return [RowOutcome(None, False, (error,)) for _ in rows]
        return save(definition.name, [values(row) for row in rows], options)


def _type(row: Mapping[str, Any]) -> str:
    attributes = row.get("attributes")
    return str(attributes.get("type", "")) if isinstance(attributes, dict) else ""


def _with_id(row: Row) -> Row:
    """Clients send `id` as well as `Id`."""
    return {("Id" if key.lower() == "id" else key): value for key, value in row.items()}


def _names(given: object) -> list[str]:
    parts = given.split(",") if isinstance(given, str) else given if isinstance(given, list) else []
    return [str(part).strip() for part in parts if str(part).strip()]


def _check_count(count: int, most: int) -> None:
    if count > most:
        raise ApiError(
            "EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {most} records into this call"
        )


def _result(outcome: RowOutcome, with_created: bool = False) -> Row:
    """No id stands with an error: clients match results by position."""
    errors = [
        {"statusCode": error.status_code, "message": error.message, "fields": list(error.fields)}
        for error in outcome.errors
    ]
    if not outcome.success:
        return {"success": False, "errors": errors}
    result: Row = {"id": outcome.id, "success": True, "errors": []}
    return {**result, "created": outcome.created} if with_created else result
