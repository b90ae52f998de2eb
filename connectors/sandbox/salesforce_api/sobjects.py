"""Single records: create, read, update, delete, upsert by external id, and which changed or went in a time span."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

from connectors.sandbox.clock import instant_text, parse_instant
from connectors.sandbox.org import ids
from connectors.sandbox.org.org import Org, RowOutcome, SchemaError
from connectors.sandbox.org.queries import QueryOptions
from connectors.sandbox.org.schema import ObjectDef
from connectors.sandbox.salesforce_api.calls import MISSING, ApiError, Call, Entry, Reply

_LONGEST_SPAN = timedelta(days=30)
_ZONE = re.compile(r"(Z|[+-]\d\d:?\d\d)\Z", re.IGNORECASE)


@dataclass(frozen=True)
class Records:
    """The resource `sobjects/X/...` of one org."""

    org: Org

    def entries(self) -> list[Entry]:
        return [
            (("POST",), r"sobjects/(\w+)", self.create),
            (("GET",), r"sobjects/(\w+)/updated", self.updated),
            (("GET",), r"sobjects/(\w+)/deleted", self.deleted),
            (("GET",), r"sobjects/(\w+)/(\w{15}|\w{18})", self.read),
            (("PATCH",), r"sobjects/(\w+)/(\w{15}|\w{18})", self.update),
            (("DELETE",), r"sobjects/(\w+)/(\w{15}|\w{18})", self.delete),
            (("GET",), r"sobjects/(\w+)/(\w+)/([^/]+)", self.read_by_key),
            (("PATCH",), r"sobjects/(\w+)/(\w+)/([^/]+)", self.upsert),
            (("POST",), r"sobjects/(\w+)/(Id)", self.create),
            (("DELETE",), r"sobjects/(\w+)/(\w+)/([^/]+)", self.delete_by_key),
        ]

    def create(self, call: Call) -> Reply:
        definition = known_object(self.org, call.parts[0], call.user_id)
        outcome = self.org.insert(definition.name, [values(call.mapping())], options=call.write_options())[0]
        _raise_error(outcome)
        location = {"Location": f"{call.root}/sobjects/{definition.name}/{outcome.id}"}
        return Reply({"id": outcome.id, "success": True, "errors": []}, 201, location)

    def read(self, call: Call) -> Reply:
        definition = known_object(self.org, call.parts[0], call.user_id)
        return Reply(self.record(call, definition, call.parts[1], names_in(call)))

    def record(self, call: Call, definition: ObjectDef, record_id: str, asked: list[str]) -> dict[str, Any]:
        """The record with these fields, or all that the user may see. Raises ApiError("NOT_FOUND", ...)."""
        hidden = self.org.access.hidden(call.user_id)
        names = asked or [name for name in definition.fields if f"{definition.name}.{name}" not in hidden]
        wanted = ids.normalize(record_id)
        if wanted is None or not wanted.startswith(definition.key_prefix):
            raise ApiError("NOT_FOUND", "Provided external ID field does not exist or is not accessible: " + record_id)
        soql = f"SELECT {', '.join(dict.fromkeys(names))} FROM {definition.name} WHERE Id = '{wanted}'"
        options = QueryOptions(page=None, hidden=hidden, version=call.version)
        found = self.org.queries.run(soql, options).records
        if found:
            return found[0]
        if self.org.query(f"SELECT Id FROM {definition.name} WHERE Id = '{wanted}'", include_deleted=True).records:
            raise ApiError("ENTITY_IS_DELETED", "entity is deleted")
        raise ApiError("NOT_FOUND", MISSING)

    def update(self, call: Call) -> Reply:
        definition = known_object(self.org, call.parts[0], call.user_id)
        row = {**values(call.mapping()), "Id": call.parts[1]}
        _raise_error(self.org.update(definition.name, [row], options=call.write_options())[0])
        return Reply(None, 204)

    def delete(self, call: Call) -> Reply:
        definition = known_object(self.org, call.parts[0], call.user_id)
        _raise_error(self.org.delete(definition.name, [call.parts[1]], options=call.write_options())[0])
        return Reply(None, 204)

    def read_by_key(self, call: Call) -> Reply:
        definition, found = self._by_key(call)
        if len(found) > 1:
            return several(call, definition, found)
        return Reply(self.record(call, definition, found[0], names_in(call)))

    def delete_by_key(self, call: Call) -> Reply:
        definition, found = self._by_key(call)
        if len(found) > 1:
            return several(call, definition, found)
        _raise_error(self.org.delete(definition.name, found, options=call.write_options())[0])
        return Reply(None, 204)

    def _by_key(self, call: Call) -> tuple[ObjectDef, list[str]]:
        definition = known_object(self.org, call.parts[0], call.user_id)
        found = self._holders(definition, call.parts[1], unquote(call.parts[2]))
        if not found:
            raise ApiError("NOT_FOUND", MISSING)
        return definition, found

    def _holders(self, definition: ObjectDef, key: str, value: str) -> list[str]:
        field = definition.find(key)
        if field is None or not (field.external_id or field.name == "Id"):
            raise ApiError("NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {key}")
        return self.org.find_ids(definition.name, field.name, value)

    def upsert(self, call: Call) -> Reply:
        definition = known_object(self.org, call.parts[0], call.user_id)
        key, value = call.parts[1], unquote(call.parts[2])
        found = self._holders(definition, key, value)
        if len(found) > 1:
            return several(call, definition, found)
        row = {**values(call.mapping()), key: value}
        outcome = self.org.upsert(definition.name, key, [row], options=call.write_options())[0]
        _raise_error(outcome)
        reply: dict[str, Any] = {"id": outcome.id, "success": True, "errors": [], "created": outcome.created}
        return Reply(reply, 201 if outcome.created else 200)

    # --- what changed ---------------------------------------------------------------------------

    def updated(self, call: Call) -> Reply:
        definition = known_object(self.org, call.parts[0], call.user_id)
        start, end = _span(call)
        rows = self.org.query(_between(definition, start, end)).records
        return Reply({"ids": [row["Id"] for row in rows], "latestDateCovered": instant_text(end)})

    def deleted(self, call: Call) -> Reply:
        definition = known_object(self.org, call.parts[0], call.user_id)
        start, end = _span(call)
        soql = _between(definition, start, end, "IsDeleted = true AND ")
        rows = self.org.query(soql, include_deleted=True).records
        gone = [{"id": row["Id"], "deletedDate": row["SystemModstamp"]} for row in rows]
        earliest = instant_text(start - _LONGEST_SPAN)
        covered = instant_text(end)
        return Reply({"deletedRecords": gone, "earliestDateAvailable": earliest, "latestDateCovered": covered})


def names_in(call: Call) -> list[str]:
    """The fields asked for with `?fields=`; none means all."""
    return [name.strip() for name in call.query.get("fields", "").split(",") if name.strip()]


def several(call: Call, definition: ObjectDef, found: list[str]) -> Reply:
    """The addresses of all records with one external id."""
    return Reply([f"{call.root}/sobjects/{definition.name}/{record_id}" for record_id in found], 300)


def known_object(org: Org, name: str, user_id: str) -> ObjectDef:
    """The object in the path, if the user may read it. Raises ApiError("NOT_FOUND", ...)."""
    try:
        definition = org.object(name)
    except SchemaError:
        raise ApiError("NOT_FOUND", MISSING) from None
    if "allowRead" not in org.access.grants(user_id).on(definition):
        raise ApiError("NOT_FOUND", MISSING)
    return definition


def values(content: Mapping[str, Any]) -> dict[str, Any]:
    """A record's fields as sent, without its attributes."""
    return {name: value for name, value in content.items() if name != "attributes"}


def _raise_error(outcome: RowOutcome) -> None:
    if not outcome.success:
        error = outcome.errors[0]
        raise ApiError(error.status_code, error.message, error.fields)


def _between(definition: ObjectDef, start: datetime, end: datetime, more: str = "") -> str:
    first, last = instant_text(start), instant_text(end)
    return (
        f"SELECT Id, SystemModstamp FROM {definition.name} WHERE {more}"
        f"SystemModstamp >= {first} AND SystemModstamp < {last} ORDER BY SystemModstamp, Id"
    )


def _span(call: Call) -> tuple[datetime, datetime]:
    moments = []
    for name in ("start", "end"):
        # A "+" of the zone that was not encoded arrives as a blank.
        given = call.query.get(name, "").replace(" ", "+")
        moment = parse_instant(given)
        if moment is None or not _ZONE.search(given):
            raise ApiError("INVALID_REPLICATION_DATE", f"{name} is not a valid date and time with a time zone")
        moments.append(moment)
    start, end = moments
    if end - start <= timedelta(minutes=1):
        raise ApiError("INVALID_REPLICATION_DATE", "endDate must be at least one minute greater than startDate")
    if end - start > _LONGEST_SPAN:
        raise ApiError("INVALID_REPLICATION_DATE", "startDate cannot be more than 30 days ago")
    return start, end
