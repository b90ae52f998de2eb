"""The resource `composite/tree`: records with their children inside, created all or none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.org.org import Org, RowError, WriteOptions
from connectors.sandbox.org.schema import ObjectDef
from connectors.sandbox.salesforce_api.calls import ApiError, Call, Entry, Reply
from connectors.sandbox.salesforce_api.relationships import child_name
from connectors.sandbox.salesforce_api.sobjects import known_object

MOST_RECORDS, MOST_TYPES, MOST_LEVELS = 200, 5, 5
Row = dict[str, Any]


@dataclass
class Branch:
    """A record of the tree. `link` is the field that names its parent; "" for a root."""

    definition: ObjectDef
    reference: str
    values: Row
    parent: Branch | None = None
    link: str = ""
    id: str = ""


class _Failed(Exception):
    """Undoes all records. `errors`: per branch that could not be created."""

    def __init__(self, errors: list[tuple[Branch, tuple[RowError, ...]]]) -> None:
        super().__init__()
        self.errors = errors


@dataclass(frozen=True)
class Trees:
    """The trees of one org."""

    org: Org

    def entries(self) -> list[Entry]:
        return [(("POST",), r"composite/tree/(\w+)", self.create)]

    def create(self, call: Call) -> Reply:
        root = known_object(self.org, call.parts[0], call.user_id)
        levels: list[list[Branch]] = []
        # unverified: the codes that refuse a tree of a wrong form or size as a whole.
        for branch, level in self._branches(_records(call.mapping()), root, None, "", 0):
            if level >= MOST_LEVELS:
                raise ApiError("INVALID_INPUT", f"A tree can have at most {MOST_LEVELS} levels")
            levels += [[] for _ in range(level + 1 - len(levels))]
            levels[level].append(branch)
        everything = [branch for level in levels for branch in level]
        if len(everything) > MOST_RECORDS:
            raise ApiError("INVALID_INPUT", f"A request can have at most {MOST_RECORDS} records")
        if len({branch.definition.name for branch in everything}) > MOST_TYPES:
            raise ApiError("INVALID_INPUT", f"A request can have records of at most {MOST_TYPES} types")
        options = call.write_options()
        try:
            with self.org.store.writing():
                for alike in levels:
                    self._create(alike, options)
        except _Failed as failure:
            results = [{"referenceId": branch.reference, "errors": _told(errors)} for branch, errors in failure.errors]
            return Reply({"hasErrors": True, "results": results}, 400)
        created = [{"referenceId": branch.reference, "id": branch.id} for branch in everything]
        return Reply({"hasErrors": False, "results": created}, 201)

    def _branches(
        self, records: list[Row], definition: ObjectDef, parent: Branch | None, link: str, level: int
    ) -> Iterator[tuple[Branch, int]]:
        """Each record with its level, parents before children."""
        for record in records:
            attributes = record.get("attributes")
            told = attributes if isinstance(attributes, dict) else {}
            if not told.get("referenceId"):
                raise ApiError("INVALID_INPUT", "Include a reference ID for each record in the request.")
            if str(told.get("type", "")).lower() != definition.name.lower():
                raise ApiError("INVALID_INPUT", f"Expected a record of type {definition.name}: {told.get('type')}")
            nested = {name: value for name, value in record.items() if isinstance(value, dict) and "records" in value}
            values = {name: value for name, value in record.items() if name not in nested and name != "attributes"}
            branch = Branch(definition, str(told["referenceId"]), values, parent, link)
            yield branch, level
            for name, inner in nested.items():
                child, field = self._child(definition, name)
                yield from self._branches(_records(inner), child, branch, field, level + 1)

    def _child(self, definition: ObjectDef, relationship: str) -> tuple[ObjectDef, str]:
        for child in self.org.objects().values():
            for field in child.fields.values():
                name = child_name(field) or ""
                if definition.name in field.reference_to and name.lower() == relationship.lower():
                    return child, field.name
        raise ApiError("INVALID_FIELD", f"No such relation '{relationship}' on entity '{definition.name}'")

    def _create(self, branches: list[Branch], options: WriteOptions) -> None:
        """Raises _Failed."""
        failed = []
        for name in dict.fromkeys(branch.definition.name for branch in branches):
            alike = [branch for branch in branches if branch.definition.name == name]
            rows = [{**each.values, each.link: each.parent.id} if each.parent else each.values for each in alike]
            for branch, outcome in zip(alike, self.org.insert(name, rows, options=options), strict=True):
                branch.id = outcome.id or ""
                if not outcome.success:
                    failed.append((branch, outcome.errors))
        if failed:
            raise _Failed(failed)


def _records(content: Row) -> list[Row]:
    records = content.get("records")
    if not isinstance(records, list) or not all(isinstance(each, dict) for each in records):
        raise ApiError("JSON_PARSER_ERROR", "records must be a list of objects")
    return records


def _told(errors: tuple[RowError, ...]) -> list[Row]:
    return [
        {"statusCode": error.status_code, "message": error.message, "fields": list(error.fields)} for error in errors
    ]
