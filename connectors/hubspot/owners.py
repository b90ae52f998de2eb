"""Owners: the users that records can belong to. One who was deactivated is archived."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from connectors.base import Field
from connectors.errors import MissingScope, SchemaMismatch
from connectors.hubspot.client import Client, in_path
from connectors.hubspot.values import Value

#: Owners in one page, and seconds for which those that are active are known.
PAGE, KNOWN = "500", 300.0

#: What an owner has, in the form of properties.
PROPERTIES = {
    name: {"name": name, "type": kind}
    for name, kind in {
        "id": "string", "name": "string", "email": "string", "active": "bool", "updatedAt": "datetime",
    }.items()
}  # fmt: skip


def fields() -> dict[str, Field]:
    """What `Crm.describe` tells of users."""
    return {name: Field(name, name, entry["type"], updateable=False) for name, entry in PROPERTIES.items()}


def everybody(client: Client) -> Iterator[dict[str, Value]]:
    """All owners, active or not."""
    # unverified: the list of archived owners holds everybody who was deactivated.
    seen = set()
    for archived in ("false", "true"):
        for row in client.all(client.paths.owners(), {"archived": archived, "limit": PAGE}):
            if row["id"] not in seen:
                seen.add(row["id"])
                yield _owner(row, active=archived == "false")


class Active:
    """Owners that records can be given to. Everybody is asked for at once, because tasks come in numbers."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: frozenset[str] = frozenset()
        self._until = 0.0

    def __contains__(self, owner_id: object) -> bool:
        if time.monotonic() > self._until:
            rows = self._client.all(self._client.paths.owners(), {"archived": "false", "limit": PAGE})
            self._known = frozenset(str(row["id"]) for row in rows)
            self._until = time.monotonic() + KNOWN
        return owner_id in self._known


def of_user(client: Client, user_id: str) -> dict[str, Value] | None:
    """The owner that a user is; None if it is none, or if owners are not shown to us."""
    try:
        row = client.get(client.paths.owners(in_path(user_id)), {"idProperty": "userId", "archived": "false"})
    except (SchemaMismatch, MissingScope):
        return None
    return _owner(row, active=True)


def _owner(row: dict[str, Any], *, active: bool) -> dict[str, Value]:
    name = " ".join(part for part in (row.get("firstName"), row.get("lastName")) if part)
    return {
        "id": str(row["id"]),
        "name": name or row.get("email") or str(row["id"]),
        "email": row.get("email"),
        "active": active,
        "updatedAt": row["updatedAt"],
    }
