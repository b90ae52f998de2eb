"""UserRecordAccess: what a user may do with given records, asked by SOQL and worked out for each question."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connectors.sandbox.org import ids
from connectors.sandbox.org.org import Org, QueryError, QueryResult
from connectors.sandbox.org.soql_tree import Both, Compare, Condition, Member, Path, Query, Text
from connectors.sandbox.salesforce_api.tooling_query import holds

MOST_RECORDS = 200
_LEVELS = ("None", "Read", "Edit", "Delete", "Transfer", "All")
Row = dict[str, Any]


def record_access(org: Org, query: Query) -> QueryResult:
    """Answers a query that names a user and up to 200 records. Raises QueryError."""
    named = _named(query.where)
    users, records = named.get("userid", []), named.get("recordid", [])
    if len(users) != 1 or not 0 < len(records) <= MOST_RECORDS:
        raise QueryError(
            "MALFORMED_QUERY",
            f"UserRecordAccess is filtered by one UserId and by RecordId, at most {MOST_RECORDS} of them",
        )
    rows = [
        _row(org, users[0], given, record_id) for given in dict.fromkeys(records) if (record_id := ids.normalize(given))
    ]
    found = [row for row in rows if query.where is None or holds(query.where, row)]
    return QueryResult(len(found), [_selected(query, row) for row in found[query.offset :][: query.limit]])


def _named(condition: Condition | None) -> dict[str, list[str]]:
    """The texts each field is compared with, by field name in lower case."""
    match condition:
        case Both(parts):
            return {name: values for part in parts for name, values in _named(part).items()}
        case Compare(Path((name,)), "=", Text() as text):
            return {name.lower(): [text.value]}
        case Member(Path((name,)), "IN", tuple(values)):
            return {name.lower(): _texts(values)}
    return {}


def _texts(values: Iterable[object]) -> list[str]:
    return [value.value for value in values if isinstance(value, Text)]


def _row(org: Org, user: str, given: str, record_id: str) -> Row:
    """With the ids as the asker spelt them: conditions are then checked on the row itself."""
    may = _may(org, ids.normalize(user) or "", record_id)
    owned = "Transfer" in may
    level = [word for word in _LEVELS if word in may or word == "None"][-1]
    return {
        "Id": record_id, "UserId": user, "RecordId": given, "HasReadAccess": "Read" in may,
        "HasEditAccess": "Edit" in may, "HasDeleteAccess": "Delete" in may, "HasTransferAccess": owned,
        "HasAllAccess": "All" in may, "MaxAccessLevel": level,
    }  # fmt: skip


def _may(org: Org, user_id: str, record_id: str) -> frozenset[str]:
    org.objects()
    definition = org.definitions.by_prefix(record_id[:3])
    record = org.store.fetch(definition, [record_id]).get(record_id) if definition else None
    if definition is None or record is None or record["IsDeleted"]:
        return frozenset()
    grants = org.access.grants(user_id)
    allowed = grants.on(definition)
    if "modifyAllRecords" in allowed:
        return frozenset(_LEVELS)
    may = {"Read"} if "allowRead" in allowed else set()
    changeable = org.access.who_changes(definition, user_id, grants)(record)
    is_owner = changeable and record.get("OwnerId", user_id) == user_id
    if changeable:
        may |= {word for word in ("Edit", "Delete") if f"allow{word}" in allowed}
    if is_owner and "allowEdit" in allowed:
        # unverified: the owner of a record has the access level "All" if profile and permission sets let them edit.
        may |= {"Transfer", "All"}
    return frozenset(may)


def _selected(query: Query, row: Row) -> Row:
    keys = {key.lower(): key for key in row}
    record: Row = {"attributes": {"type": "UserRecordAccess"}}
    for item in query.selected:
        name = str(item.expression)
        if not isinstance(item.expression, Path) or name.lower() not in keys:
            raise QueryError("INVALID_FIELD", f"No such column '{name}' on entity 'UserRecordAccess'")
        key = keys[name.lower()]
        record[key] = ids.normalize(row[key]) if key in ("RecordId", "UserId") else row[key]
    return record
