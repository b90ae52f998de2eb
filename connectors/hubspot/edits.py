"""Who set a property last, from its history."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from connectors.edits import Edit
from connectors.hubspot import owners
from connectors.hubspot.client import Client

#: Records whose histories come in one call.
BATCH = 50


def last(client: Client, name: str, app: str, asked: Mapping[str, Collection[str]]) -> dict[tuple[str, str], Edit]:
    """See `TellsEdits.last_edits`. `name`: of the object; `app`: our own app's id."""
    found: dict[tuple[str, str], Edit] = {}
    people: dict[str, str] = {}
    ids = list(asked)
    for start in range(0, len(ids), BATCH):
        some = ids[start : start + BATCH]
        fields = sorted({field for record in some for field in asked[record]})
        body = {"properties": [], "propertiesWithHistory": fields, "inputs": [{"id": record} for record in some]}
        for row in client.results(client.post(client.paths.objects(name, "/batch/read"), body)):
            history = row.get("propertiesWithHistory") or {}
            record = str(row["id"])
            for field in asked.get(record, ()):
                entries = history.get(field) or []
                if entries:
                    found[record, field] = _edit(client, entries[0], app, people)
    return found


def _edit(client: Client, entry: Mapping[str, Any], app: str, people: dict[str, str]) -> Edit:
    """The newest entry; the names of people are kept in `people`."""
    user, source = str(entry.get("updatedByUserId") or ""), str(entry.get("sourceId") or "")
    # unverified: what an app has set is of sourceType INTEGRATION, with the app's id as sourceId.
    ours = entry.get("sourceType") == "INTEGRATION" and source == app
    if user and user not in people:
        owner = owners.of_user(client, user)
        people[user] = str(owner["name"]) if owner else f"user {user}"
    who = people[user] if user else f"app {source}" if entry.get("sourceType") == "INTEGRATION" else ""
    at = str(entry.get("timestamp") or "")
    return Edit(who, datetime.fromisoformat(at) if at else None, ours=ours, of_field=True)
