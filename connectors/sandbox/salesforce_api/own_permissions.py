"""UserPermissionAccess: one row that says which user permissions the asking user has."""

from __future__ import annotations

from typing import Any

from connectors.sandbox.org.org import Org, QueryError, QueryResult
from connectors.sandbox.org.permission_sets import USER_PERMISSIONS
from connectors.sandbox.org.soql_tree import Path, Query
from connectors.sandbox.salesforce_api.tooling_query import holds


def own_permissions(org: Org, query: Query, user_id: str) -> QueryResult:
    """Raises QueryError for a column that is not there."""
    held = org.access.user_permissions(user_id)
    row: dict[str, Any] = {f"Permissions{name}": name in held for name in USER_PERMISSIONS}
    if query.where is not None and not holds(query.where, row):
        return QueryResult(0, [])
    keys = {key.lower(): key for key in row}
    record: dict[str, Any] = {"attributes": {"type": "UserPermissionAccess"}}
    for item in query.selected:
        name = str(item.expression)
        if not isinstance(item.expression, Path) or name.lower() not in keys:
            raise QueryError("INVALID_FIELD", f"No such column '{name}' on entity 'UserPermissionAccess'")
        record[keys[name.lower()]] = row[keys[name.lower()]]
    return QueryResult(1, [record])
