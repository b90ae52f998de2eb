"""Who set a property last, from its history."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from connectors.columns import instant
from connectors.edits import Edit
from connectors.hubspot import owners
from connectors.hubspot.authors import PORTION, PROGRAMS
from connectors.hubspot.client import Client, portions


def last(client: Client, name: str, app: str, asked: Mapping[str, Collection[str]]) -> dict[tuple[str, str], Edit]:
    """See `TellsEdits.last_edits`. `name`: of the object; `app`: our own app's id."""
    found: dict[tuple[str, str], Edit] = {}
    people: dict[str, str] = {}
    for some in portions(list(asked), PORTION):
        fields = sorted({field for record in some for field in asked[record]})
        body = {"properties": [], "propertiesWithHistory": fields, "inputs": [{"id": record} for record in some]}
        for row in client.results(client.post(client.paths.objects(name, "/batch/read"), body)):
            history = row.get("propertiesWithHistory") or {}
            record = str(row["id"])
            for field in asked.get(record, ()):
                entries = history.get(field) or []
                if entries:
                    found[record, field] = _edit(client, max(entries, key=_at), app, people)
    return found


def _edit(client: Client, entry: Mapping[str, Any], app: str, people: dict[str, str]) -> Edit:
    """The newest entry; the names of people are kept in `people`."""
    source, program = str(entry.get("sourceId") or ""), entry.get("sourceType") in PROGRAMS
    user = "" if program else str(entry.get("updatedByUserId") or "")
    # unverified: what an app has set has the app's id as sourceId.
    ours = program and source == app
    if user and user not in people:
        owner = owners.of_user(client, user)
        people[user] = str(owner["name"]) if owner else f"user {user}"
    who = people[user] if user else f"app {source}" if program else ""
    return Edit(who, _at(entry), ours=ours, of_field=True)


def _at(entry: Mapping[str, Any]) -> datetime:
    return instant(str(entry["timestamp"]))
